package train

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// graph is the network compiled for one number of rows: the forward pass and, for training, the
// loss and its gradients. Graphs of one model share its parameters.
type graph struct {
	rows int
	x, y *G.Node // images and, for training, the target

	embedding, logits G.Value // of the last run, without gradients
	loss              G.Value // of the last run, for training
	learn             []G.ValueGrad
	vm                G.VM
}

// newGraph compiles the network for batches of rows images; with gradients if it is to learn.
func newGraph(o operations, parameters []*parameter, rows int, learn bool) (*graph, error) {
	t, g := &graph{rows: rows}, G.NewGraph()
	t.x = G.NewTensor(g, tensor.Float32, 4, G.WithShape(rows, 1, Side, Side), G.WithName("images"))
	p := make(G.Nodes, len(parameters))
	for i, q := range parameters {
		s := q.value.Shape()
		p[i] = G.NewTensor(g, tensor.Float32, s.Dims(), G.WithShape(s...), G.WithName(q.name), G.WithValue(q.value))
	}
	embedding, logits, err := o.forward(t.x, p)
	if err != nil {
		return nil, fmt.Errorf("build the network for %d images: %w", rows, err)
	}
	if !learn {
		G.Read(embedding, &t.embedding)
		G.Read(logits, &t.logits)
	} else if err := t.differentiate(g, o, logits, p); err != nil {
		return nil, err
	}
	// Without BindDualValues: that one adds each run's gradients to the last run's.
	t.vm = G.NewTapeMachine(g)
	return t, nil
}

// differentiate adds the loss and the gradients of the parameters p.
func (t *graph) differentiate(g *G.ExprGraph, o operations, logits *G.Node, p G.Nodes) error {
	if o.oneHot {
		t.y = G.NewMatrix(g, tensor.Float32, G.WithShape(t.rows, Classes), G.WithName("target"))
	} else {
		t.y = G.NewVector(g, tensor.Int, G.WithShape(t.rows), G.WithName("target"))
	}
	loss, err := o.loss(logits, t.y)
	if err != nil {
		return fmt.Errorf("build the loss for %d images: %w", t.rows, err)
	}
	G.Read(loss, &t.loss)
	if _, err := G.Grad(loss, p...); err != nil {
		return fmt.Errorf("differentiate the loss for %d images: %w", t.rows, err)
	}
	t.learn = G.NodesToValueGrads(p)
	return nil
}

// run computes the network, and the gradients if it learns, for a batch of t.rows.
func (t *graph) run(b *batch) error {
	t.vm.Reset() // or RunAll finds its program at the end and does nothing
	if err := G.Let(t.x, b.images); err != nil {
		return err
	}
	if t.y != nil {
		if err := G.Let(t.y, b.target); err != nil {
			return err
		}
	}
	return t.vm.RunAll()
}

// meanLoss returns the loss of the last run.
func (t *graph) meanLoss() float64 {
	if f, ok := t.loss.(*G.F32); ok { // unlike Data(), not boxed
		return float64(*f)
	}
	return float64(t.loss.Data().(float32))
}
