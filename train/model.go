package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/zoetrope-ml/zoetrope/train/ops"
)

// Model is the network with its optimiser, somewhere on its way through the epochs.
type Model struct {
	settings   Settings
	operations operations
	parameters []*parameter
	adam       *ops.Adam
	epoch      int         // epochs completed
	data       fingerprint // of the set it has trained on
	broken     error       // why the weights are between two epochs

	learners map[int]*graph // by rows: the full batch, and the rest
	prober   *graph         // forward only
	loader   *loader
	order    []int32 // this epoch's shuffle
}

// Batch reports one step of an epoch.
type Batch struct {
	Epoch   int     // being trained, from 1
	Index   int     // of this batch within the epoch, from 0
	Batches int     // in the epoch
	Step    int     // optimiser steps so far, from 1, over all epochs
	Loss    float64 // mean cross-entropy of the batch
}

// New returns a model with fresh weights, at epoch 0.
func New(s Settings) (*Model, error) { return fresh(s, fused) }

// NewStock returns the same model made of Gorgonia's own operations. It learns the same, but for
// rounding, many times slower: something to compare with.
func NewStock(s Settings) (*Model, error) { return fresh(s, stock) }

func fresh(s Settings, o operations) (*Model, error) {
	m, err := newModel(s, o)
	if err != nil {
		return nil, err
	}
	for i, p := range m.parameters {
		p.initialise(s.Seed, i)
	}
	return m, nil
}

func newModel(s Settings, o operations) (*Model, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	m := &Model{settings: s, operations: o, adam: ops.NewAdam(s.LearningRate), learners: map[int]*graph{}, loader: newLoader(o.oneHot)}
	for i := range specs {
		m.parameters = append(m.parameters, newParameter(i, o))
	}
	m.resume(0, 0)
	return m, nil
}

// resume sets the epochs and steps that brought the parameters, with their means, to where they are.
func (m *Model) resume(epoch, step int) {
	m.epoch = epoch
	var means, variances [][]float32
	for _, p := range m.parameters {
		means, variances = append(means, p.mean), append(variances, p.variance)
	}
	m.adam.Restore(step, means, variances)
}

// Settings returns the settings the model was made with.
func (m *Model) Settings() Settings { return m.settings }

// SetLearningRate changes Adam's step size from the next step on. It becomes one of the model's settings, with which a
// checkpoint is loaded.
func (m *Model) SetLearningRate(rate float64) error {
	s := m.settings
	s.LearningRate = rate
	if err := s.Validate(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	m.settings, m.adam.Rate = s, rate
	return nil
}

// Epoch returns the number of epochs completed.
func (m *Model) Epoch() int { return m.epoch }

// Step returns the number of optimiser steps taken.
func (m *Model) Step() int {
	steps, _, _ := m.adam.State()
	return steps
}

// Train runs the next epoch over set, each image once in a fresh order, and returns the mean of its
// batches' losses. It calls each, unless nil, after every batch. Cancelling, which takes effect
// within a batch, or an error of each ends the epoch; the model is then between two epochs, good for
// nothing but [Model.Evaluate]: go on from the last checkpoint.
func (m *Model) Train(ctx context.Context, set *Set, each func(Batch) error) (loss float64, err error) {
	if m.broken != nil {
		return 0, fmt.Errorf("train: epoch %d was not completed (%w): load the last checkpoint", m.epoch+1, m.broken)
	}
	if err := set.check(); err != nil {
		return 0, fmt.Errorf("train: %w", err)
	}
	if f := set.fingerprint(); m.data == (fingerprint{}) {
		m.data = f
	} else if f != m.data {
		return 0, fmt.Errorf("train: these are not the images trained on before: %v, before %v", f, m.data)
	}
	if loss, err = m.train(ctx, set, each); err != nil {
		m.broken = err
		return 0, fmt.Errorf("train: epoch %d: %w", m.epoch+1, err)
	}
	m.epoch++
	return loss, nil
}

func (m *Model) train(ctx context.Context, set *Set, each func(Batch) error) (float64, error) {
	n, size := set.Len(), m.settings.Batch
	if len(m.order) != n {
		m.order = make([]int32, n)
	}
	shuffle(m.order, m.settings.Seed, m.epoch+1)
	m.loader.start(set, m.order, size)
	defer m.loader.stop()
	b := Batch{Epoch: m.epoch + 1, Batches: (n + size - 1) / size}
	var sum float64
	for ; b.Index < b.Batches; b.Index++ {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		var err error
		if b.Loss, err = m.learn(m.loader.next()); err != nil {
			return 0, fmt.Errorf("batch %d of %d: %w", b.Index+1, b.Batches, err)
		}
		b.Step = m.Step()
		sum += b.Loss
		if each == nil {
			continue
		}
		if err := each(b); err != nil {
			return 0, err
		}
	}
	return sum / float64(b.Batches), nil
}

// learn takes one step on a batch and returns its mean loss before that.
func (m *Model) learn(b *batch) (float64, error) {
	rows := b.images.Shape()[0]
	t := m.learners[rows]
	if t == nil {
		var err error
		if t, err = newGraph(m.operations, m.parameters, rows, true); err != nil {
			return 0, err
		}
		m.learners[rows] = t
	}
	if err := t.run(b); err != nil {
		return 0, err
	}
	loss := t.meanLoss()
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return 0, fmt.Errorf("the loss is %g after %d steps: try a learning rate below %g", loss, m.Step(), m.settings.LearningRate)
	}
	return loss, m.adam.Step(t.learn)
}

// Close frees the memory of the compiled graphs.
func (m *Model) Close() error {
	var errs []error
	for _, t := range m.learners {
		errs = append(errs, t.vm.Close())
	}
	if m.prober != nil {
		errs = append(errs, m.prober.vm.Close())
	}
	m.learners, m.prober = map[int]*graph{}, nil
	return errors.Join(errs...)
}
