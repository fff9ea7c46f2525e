package ops

import (
	"fmt"
	"math"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CrossEntropy is the mean over a batch of -Σ target·log softmax(logits): a scalar.
// logits is n×classes. target is n×classes too, of float32, each row a
// distribution (one-hot, usually), or n labels of type int from 0 to classes-1.
// A run fails on a row that does not add up to 1 and on a label out of range.
// No gradient flows to the target.
func CrossEntropy(logits, target *G.Node) (*G.Node, error) {
	if err := checkCrossEntropy(logits, target); err != nil {
		return nil, fmt.Errorf("ops: CrossEntropy: %w", err)
	}
	n, k := logits.Shape()[0], logits.Shape()[1]
	targetType := typeOf(2)
	if target.Dims() == 1 {
		targetType = hm.Type(G.TensorType{Dims: 1, Of: tensor.Int})
	}
	c := &crossEntropy{newOperation("crossEntropy", []hm.Type{typeOf(2), targetType}, nil), n, k, make([]float32, n*k)}
	return G.ApplyOp(c, logits, target)
}

func checkCrossEntropy(logits, target *G.Node) error {
	if err := checkNode("logits", logits, 2); err != nil {
		return err
	}
	ls, ts := logits.Shape(), target.Shape()
	if target.Dims() == 1 {
		if target.Dtype() != tensor.Int {
			return fmt.Errorf("target has shape %v of %v, want labels of type int or a row for each of logits' %v", ts, target.Dtype(), ls)
		}
		if ts[0] != ls[0] {
			return fmt.Errorf("logits have shape %v and target %v: %d rows and %d labels", ls, ts, ls[0], ts[0])
		}
		return nil
	}
	if err := checkNode("target", target, 2); err != nil {
		return err
	}
	if !ls.Eq(ts) {
		return fmt.Errorf("logits have shape %v and target %v, want the same", ls, ts)
	}
	return nil
}

type crossEntropy struct {
	operation
	n, k int
	diff []float32 // softmax - target: the gradient, but for the factor
}

var _ G.SDOp = (*crossEntropy)(nil)

func (c *crossEntropy) Do(v ...G.Value) (G.Value, error) {
	x, err := floats(v[0], c.n*c.k)
	if err != nil {
		return nil, fmt.Errorf("ops: CrossEntropy: logits: %w", err)
	}
	var loss float64
	if v[1].Dtype() == tensor.Int {
		loss, err = c.labelled(x, v[1])
	} else {
		loss, err = c.distributed(x, v[1])
	}
	if err != nil {
		return nil, fmt.Errorf("ops: CrossEntropy: %w", err)
	}
	*c.value.(*G.F32) = G.F32(loss / float64(c.n))
	return c.value, nil
}

// labelled is the sum of the losses for integer labels.
func (c *crossEntropy) labelled(x []float32, target G.Value) (loss float64, err error) {
	t, ok := target.(*tensor.Dense)
	if !ok || t.RequiresIterator() || t.DataSize() != c.n {
		return 0, fmt.Errorf("target: %T of shape %v, want %d labels", target, target.Shape(), c.n)
	}
	for i, label := range t.Ints() {
		if label < 0 || label >= c.k {
			return 0, fmt.Errorf("target: label %d of row %d is not one of %d classes", label, i, c.k)
		}
		d := c.diff[i*c.k : (i+1)*c.k]
		logSum := softmax(d, x[i*c.k:(i+1)*c.k])
		loss += logSum - float64(x[i*c.k+label])
		d[label]--
	}
	return loss, nil
}

// distributed is the sum of the losses for rows of probabilities.
func (c *crossEntropy) distributed(x []float32, target G.Value) (loss float64, err error) {
	t, err := floats(target, c.n*c.k)
	if err != nil {
		return 0, fmt.Errorf("target: %w", err)
	}
	for i := range c.n {
		x, t, d := x[i*c.k:(i+1)*c.k], t[i*c.k:(i+1)*c.k], c.diff[i*c.k:(i+1)*c.k]
		var sum float64
		for _, p := range t {
			sum += float64(p)
		}
		if !(math.Abs(sum-1) < 1e-3) {
			return 0, fmt.Errorf("target: row %d adds up to %g, want 1", i, sum)
		}
		logSum := softmax(d, x)
		for j, p := range t {
			if p != 0 {
				loss += float64(p) * (logSum - float64(x[j]))
			}
			d[j] -= p
		}
	}
	return loss, nil
}

// softmax sets p to the softmax of x and returns the logarithm of its divisor,
// Σ exp x.
func softmax(p, x []float32) float64 {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float64
	for j, v := range x {
		e := math.Exp(float64(v - top))
		sum += e
		p[j] = float32(e)
	}
	scale := float32(1 / sum)
	for j := range p {
		p[j] *= scale
	}
	return float64(top) + math.Log(sum)
}

func (c *crossEntropy) DiffWRT(int) []bool { return []bool{true, false} }

func (c *crossEntropy) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	d := make([]float32, c.n*c.k)
	types := []hm.Type{typeOf(2), typeOf(0), typeOf(0)}
	back := &crossEntropyBack{newOperation("crossEntropyBack", types, d, c.n, c.k), c, d}
	n, err := G.ApplyOp(back, in[0], out, grad)
	return G.Nodes{n, nil}, err
}

type crossEntropyBack struct {
	operation
	of *crossEntropy
	d  []float32
}

func (b *crossEntropyBack) Do(v ...G.Value) (G.Value, error) {
	scale := float32(1) / float32(b.of.n)
	switch g := v[2].(type) {
	case *G.F32:
		scale *= float32(*g)
	case *tensor.Dense:
		scale *= g.ScalarValue().(float32)
	default:
		return nil, fmt.Errorf("ops: CrossEntropy: gradient is a %T, want a scalar of float32", g)
	}
	for i, p := range b.of.diff {
		b.d[i] = p * scale
	}
	return b.value, nil
}
