package train

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// Evaluation holds the network's outputs for a set: one row, or entry, per image.
type Evaluation struct {
	Embeddings  []float32 // n×[EmbeddingDim], row-major
	Predictions []int     // the digit with the largest logit, the first of equals
	Losses      []float64 // cross-entropy
	Confidences []float64 // the prediction's softmax probability
	Loss        float64   // mean of Losses
	Accuracy    float64   // share of Predictions that are the label
}

// maxProbe is the largest batch of the forward pass.
const maxProbe = 128

// Evaluate runs the network over set without learning from it. Cancelling takes effect within a batch.
func (m *Model) Evaluate(ctx context.Context, set *Set) (*Evaluation, error) {
	if err := set.check(); err != nil {
		return nil, fmt.Errorf("train: evaluate: %w", err)
	}
	n := set.Len()
	size := min(n, maxProbe)
	if err := m.probe(size); err != nil {
		return nil, fmt.Errorf("train: evaluate: %w", err)
	}
	e := &Evaluation{
		Embeddings:  make([]float32, n*EmbeddingDim),
		Predictions: make([]int, n),
		Losses:      make([]float64, n),
		Confidences: make([]float64, n),
	}
	b := newBatch(size, m.operations.oneHot)
	rows := make([]int32, 0, size)
	for at := 0; at < n; at += size {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("train: evaluate: %w", err)
		}
		rows = rows[:0]
		for i := at; i < min(n, at+size); i++ {
			rows = append(rows, int32(i))
		}
		b.fill(set, rows)
		if err := m.prober.run(b); err != nil {
			return nil, fmt.Errorf("train: evaluate images %d to %d: %w", at, at+len(rows)-1, err)
		}
		copy(e.Embeddings[at*EmbeddingDim:], m.prober.embedding.(*tensor.Dense).Float32s()[:len(rows)*EmbeddingDim])
		logits := m.prober.logits.(*tensor.Dense).Float32s()
		for k := range rows {
			e.judge(at+k, logits[k*Classes:(k+1)*Classes], int(set.Labels[at+k]))
		}
	}
	e.Loss /= float64(n)
	e.Accuracy /= float64(n)
	return e, nil
}

// probe makes m.prober a graph for batches of size images.
func (m *Model) probe(size int) error {
	if m.prober != nil && m.prober.rows == size {
		return nil
	}
	t, err := newGraph(m.operations, m.parameters, size, false)
	if err != nil {
		return err
	}
	if m.prober != nil {
		err = m.prober.vm.Close()
	}
	m.prober = t
	return err
}

// judge enters the outcome of image i, in float64.
func (e *Evaluation) judge(i int, logits []float32, label int) {
	best := 0
	for c, v := range logits {
		if v > logits[best] {
			best = c
		}
	}
	var sum float64 // of exponentials, the largest being 1
	for _, v := range logits {
		sum += math.Exp(float64(v) - float64(logits[best]))
	}
	e.Predictions[i] = best
	e.Confidences[i] = 1 / sum
	e.Losses[i] = math.Log(sum) + float64(logits[best]) - float64(logits[label])
	e.Loss += e.Losses[i]
	if best == label {
		e.Accuracy++
	}
}
