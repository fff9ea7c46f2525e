package train

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// graph is the network compiled for one number of rows: the forward pass and, for training, the
// loss and its gradients. Graphs of one model share its parameters.
type graph struct {
	images *tensor.Dense // rows×1×28×28, normalised
	target *tensor.Dense // rows×10, one-hot; nil without gradients
	x, y   *G.Node

	embedding, logits, loss G.Value // of the last run
	learn                   []G.ValueGrad
	vm                      G.VM
}

// newGraph compiles the network for batches of rows images; with gradients if it is to learn.
func newGraph(o operations, parameters []*parameter, rows int, learn bool) (*graph, error) {
	t := &graph{images: tensor.New(tensor.WithShape(rows, 1, Side, Side), tensor.Of(tensor.Float32))}
	g := G.NewGraph()
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
	G.Read(embedding, &t.embedding)
	G.Read(logits, &t.logits)
	if learn {
		t.target = tensor.New(tensor.WithShape(rows, Classes), tensor.Of(tensor.Float32))
		t.y = G.NewMatrix(g, tensor.Float32, G.WithShape(rows, Classes), G.WithName("target"))
		loss, err := o.loss(logits, t.y)
		if err != nil {
			return nil, fmt.Errorf("build the loss for %d images: %w", rows, err)
		}
		G.Read(loss, &t.loss)
		if _, err := G.Grad(loss, p...); err != nil {
			return nil, fmt.Errorf("differentiate the loss for %d images: %w", rows, err)
		}
		t.learn = G.NodesToValueGrads(p)
	}
	// Without BindDualValues: that one adds each run's gradients to the last run's.
	t.vm = G.NewTapeMachine(g)
	return t, nil
}

func (t *graph) rows() int { return t.images.Shape()[0] }

// fill loads the images, and the labels if the graph learns; rows that are left over keep old images.
func (t *graph) fill(set *Set, rows []int32) {
	x := t.images.Float32s()
	for i, r := range rows {
		dst := x[i*Pixels : (i+1)*Pixels]
		for k, b := range set.Image(int(r)) {
			dst[k] = normalised[b]
		}
	}
	if t.target == nil {
		return
	}
	y := t.target.Float32s()
	clear(y)
	for i, r := range rows {
		y[i*Classes+int(set.Labels[r])] = 1
	}
}

// run computes the network, and the gradients if it learns, for what fill has loaded.
func (t *graph) run() error {
	t.vm.Reset() // or RunAll finds its program at the end and does nothing
	if err := G.Let(t.x, t.images); err != nil {
		return err
	}
	if t.y != nil {
		if err := G.Let(t.y, t.target); err != nil {
			return err
		}
	}
	return t.vm.RunAll()
}

// normalised holds (b/255 - 0.1307) / 0.3081 for each byte: MNIST's mean and standard deviation.
var normalised = func() (t [256]float32) {
	for b := range t {
		t[b] = (float32(b)/255 - 0.1307) / 0.3081
	}
	return t
}()
