package measure

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
)

// A fading context is cancelled once it was asked often enough.
type fading struct {
	context.Context
	left atomic.Int64
}

func (f *fading) Err() error {
	if f.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestCancelledAnywhere: whenever a measuring is cancelled, as by somebody who loads the page anew, it ends with that error.
func TestCancelledAnywhere(t *testing.T) {
	const n, dim = 200, 6
	r := rand.New(rand.NewPCG(1, 2))
	frame := func() Frame {
		f := Frame{X: make([]float32, n*dim), Dim: dim, Y: make([]float32, n*2), Dims: 2, Samples: make([]int, n), Classes: make([]int, n)}
		for i := range f.X {
			f.X[i] = float32(r.NormFloat64())
		}
		for i := range f.Y {
			f.Y[i] = float32(r.NormFloat64())
		}
		for i := range n {
			f.Samples[i], f.Classes[i] = i, i%3
		}
		return f
	}
	runs := [][]Frame{{frame(), frame()}}
	for asked := int64(0); ; asked++ {
		ctx := &fading{Context: t.Context()}
		ctx.left.Store(asked)
		_, err := Compute(ctx, runs, Options{Workers: 2})
		if err == nil {
			if asked < 10 {
				t.Errorf("it is looked for only %d times", asked)
			}
			return
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled after %d looks, it ends with %v", asked, err)
		}
	}
}
