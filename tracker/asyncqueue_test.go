package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func asyncRun(t *testing.T, s *Store, c RunConfig, n int) *Run {
	t.Helper()
	c.Experiment, c.Async = "test", true
	r, err := s.Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddSamples(context.Background(), someSamples(n)); err != nil {
		t.Fatal(err)
	}
	return r
}

// block takes the store's writer away until the function that it returns is called.
func block(t *testing.T, s *Store) (unblock func()) {
	t.Helper()
	begun, over, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		s.db.Write(context.Background(), func(*Tx) error {
			close(begun)
			<-over
			return errors.New("nothing of it is kept")
		})
	}()
	<-begun
	return sync.OnceFunc(func() {
		close(over)
		<-ended
	})
}

// TestAsync logs from one buffer that changes after each call, while nothing can be written, and finds what was logged.
func TestAsync(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	const n, dim, epochs = 50, 8, 20
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, n)
	unblock := block(t, s)
	defer unblock()
	buffer, losses, metrics := make([]float32, n*dim), make([]float64, n), Metrics{}
	predictions := make([]string, n)
	for e := 1; e <= epochs; e++ {
		copy(buffer, someVectors(e, n, dim))
		losses[3], predictions[3], metrics["loss"] = float64(e), fmt.Sprint(e), float64(e)
		err := r.LogMetrics(ctx, 10*e-5, metrics)
		if err == nil {
			err = r.Log(ctx, Epoch{Number: e, Step: 10 * e, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: buffer}},
				Outputs: &Outputs{Losses: losses, Predictions: predictions}, Metrics: metrics})
		}
		if err != nil {
			t.Fatal(err)
		}
		clear(buffer)
		clear(losses)
		clear(metrics)
		clear(predictions)
	}
	if got := numbers(t, s, "cnn"); got != nil {
		t.Errorf("epochs %v while the store is busy", got)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if err := r.Flush(short); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "40 writes are still queued") {
		t.Errorf("Flush = %v", err)
	}
	unblock()
	if err := r.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for e := 1; e <= epochs; e++ {
		f, err := s.Frame(ctx, "cnn", "fc1", e)
		out, oerr := s.Outputs(ctx, "cnn", e)
		if err != nil || oerr != nil || !slices.Equal(f.Vectors, someVectors(e, n, dim)) || out.Losses[3] != float64(e) || out.Predictions[3] != fmt.Sprint(e) {
			t.Fatalf("epoch %d is not what was logged: %v, %v", e, err, oerr)
		}
	}
	ms, err := s.Metrics(ctx, "cnn", "loss")
	if err != nil || len(ms) != 2*epochs {
		t.Fatalf("%d metrics, %v", len(ms), err)
	}
	for i, m := range ms { // by step: in the epoch, at its end, …
		if e := i/2 + 1; m.Epoch != e || m.Value != float64(e) {
			t.Errorf("metric %d is %+v, want epoch %d", i, m, e)
		}
	}
	// What the caller can know to be wrong is refused at once, and harms nothing.
	if err := r.Log(ctx, Epoch{Number: 21, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: buffer[1:]}}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("Log of too few floats = %v", err)
	}
	if err := r.TruncateAfter(ctx, 18); err != nil {
		t.Fatal(err)
	}
	committed(t, r, 19, "other", 1)
	if err := r.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	if got := numbers(t, s, "cnn"); len(got) != 19 {
		t.Errorf("epochs %v after Finish, want 19", got)
	}
	if err := r.Log(ctx, Epoch{Number: 22}); !errors.Is(err, ErrRunEnded) {
		t.Errorf("Log after Finish = %v", err)
	}
}

// TestAsyncBounded fills the queue: the next call waits, and goes on when there is room.
func TestAsyncBounded(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := asyncRun(t, s, RunConfig{Name: "cnn", AsyncBytes: 3 << 20}, 1000)
	unblock := block(t, s)
	defer unblock()
	epoch := func(e int) Epoch {
		return Epoch{Number: e, Layers: []Layer{{Name: "fc1", Dim: 250, Vectors: someVectors(e, 1000, 250)}}} // 1 MB
	}
	accepted := 0
	for ; accepted < 10; accepted++ {
		short, cancel := context.WithTimeout(ctx, time.Second)
		err := r.Log(short, epoch(accepted+1))
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if accepted != 3 { // one of them may be in the transaction that waits
		t.Errorf("%d epochs of 1 MB went into a queue of 3 MiB", accepted)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- r.Log(ctx, epoch(accepted+1)) }()
	select {
	case err := <-waiting:
		t.Errorf("Log of a full queue = %v, want it to wait", err)
	case <-time.After(50 * time.Millisecond):
	}
	unblock()
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	if err := r.Log(ctx, Epoch{Number: 9, Layers: []Layer{{Name: "wide", Dim: 1000, Vectors: make([]float32, 1e6)}}}); err != nil {
		t.Errorf("a write that is larger than the queue: %v", err)
	}
	if err := s.Close(); err != nil { // which writes what is queued
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 10}); !errors.Is(err, ErrClosed) {
		t.Errorf("Log after Close = %v", err)
	}
	s, err := Open(ctx, s.Path(), OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := numbers(t, s, "cnn"); !slices.Equal(got, []int{1, 2, 3, 4, 9}) {
		t.Errorf("epochs %v, want 1 2 3 4 9", got)
	}
}

// wrong is an epoch that only the database can refuse: another layer "fc1" of one column is there.
func wrong(number int) Epoch {
	return Epoch{Number: number, Layers: []Layer{{Name: "fc1", Dim: 2, Vectors: []float32{1, 2, 3, 4}}}}
}

// TestAsyncError loses a write of the queue. The error stays until the end, and nothing behind it is written.
func TestAsyncError(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, 2)
	logged(t, r, 1, 2, 0)
	unblock := block(t, s)
	logged(t, r, 2, 2, 0)
	err := errors.Join(r.Log(ctx, wrong(3)), r.Log(ctx, wrong(4)))
	if err != nil {
		t.Fatal(err)
	}
	logged(t, r, 5, 2, 0)
	unblock()
	const want = `run test/cnn, epoch 3: layer "fc1": has 2 columns, expected 1 as at epoch 1`
	for range 2 {
		if err := r.Flush(ctx); !errors.Is(err, ErrInvalid) || err.Error() != want {
			t.Errorf("Flush = %v, want %s", err, want)
		}
	}
	if err := r.Log(ctx, Epoch{Number: 6}); err == nil || err.Error() != want {
		t.Errorf("Log = %v, want the first error", err)
	}
	if _, err := r.Write(ctx, Batch{}); err == nil || err.Error() != want {
		t.Errorf("Write = %v, want the first error", err)
	}
	if err := r.Finish(ctx); err == nil || err.Error() != want {
		t.Errorf("Finish = %v, want the first error", err)
	}
	if info, err := s.Run(ctx, "cnn"); info.State != Finished || info.Epochs != 2 || err != nil {
		t.Errorf("run %+v, %v, want it finished, with what came before the error", info, err)
	}
}

// TestOnError goes on after errors, of calls and of the queue.
func TestOnError(t *testing.T) {
	ctx := context.Background()
	for _, async := range []bool{false, true} {
		t.Run(fmt.Sprint("async ", async), func(t *testing.T) {
			s := newStore(t)
			var told []string
			r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Async: async, OnError: func(err error) error {
				told = append(told, err.Error())
				if errors.Is(err, ErrRunEnded) {
					return err
				}
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.AddSamples(ctx, someSamples(2)); err != nil {
				t.Fatal(err)
			}
			logged(t, r, 1, 2, 0)
			if err := r.Flush(ctx); err != nil {
				t.Fatal(err)
			}
			f, err := r.NewFrame(ctx, 3, "fc1", 9)
			if err != nil || f == nil {
				t.Fatalf("NewFrame = %v, %v", f, err)
			}
			err = errors.Join(
				f.Append([]string{"0"}, []float32{1}), f.Commit(ctx),
				r.Log(ctx, wrong(2)), r.Log(ctx, Epoch{Number: -1}), r.LogMetrics(ctx, -1, nil), r.AddSamples(ctx, make([]Sample, 1)),
				r.Log(ctx, Epoch{Number: 3, Frames: []*FrameWriter{f}, Metrics: Metrics{"a": 1}}),
			)
			if err != nil {
				t.Errorf("an error came through: %v", err)
			}
			if err := r.Flush(ctx); err != nil {
				t.Errorf("Flush = %v", err)
			}
			if len(told) != 5 {
				t.Errorf("OnError was told %q", told)
			}
			if err := r.Finish(ctx); err != nil {
				t.Fatal(err)
			}
			if got := numbers(t, s, "cnn"); !slices.Equal(got, []int{1, 3}) {
				t.Errorf("epochs %v, want 1 3", got)
			}
			if err := r.Log(ctx, Epoch{Number: 4}); !errors.Is(err, ErrRunEnded) {
				t.Errorf("Log after the end = %v: what OnError returns must come through", err)
			}
		})
	}
}

// A trap panics when it is written as JSON.
type trap struct{}

func (trap) MarshalJSON() ([]byte, error) { panic("trap") }

func (trap) Error() string { panic("trap") }

func TestNoPanic(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 2)
	err := r.AddSamples(ctx, []Sample{{ID: "x", Metadata: map[string]any{"a": trap{}}}})
	if !errors.Is(err, ErrPanic) || !strings.Contains(err.Error(), "run test/cnn: logging panicked: trap") {
		t.Errorf("AddSamples = %v", err)
	}
	if err := r.Fail(ctx, trap{}); !errors.Is(err, ErrPanic) {
		t.Errorf("Fail = %v", err)
	}
	if _, err := s.Start(ctx, RunConfig{Name: "x", Params: map[string]any{"a": trap{}}}); !errors.Is(err, ErrPanic) {
		t.Errorf("Start = %v", err)
	}
	logged(t, r, 1, 2, 0) // nothing is held that should not be
	if err := r.AddSamples(ctx, []Sample{{ID: "x"}}); err != nil {
		t.Error(err)
	}
	// What is left when the error of Start or NewFrame was not looked at.
	var none *Run
	var frame *FrameWriter
	for name, err := range map[string]error{
		"Log": none.Log(ctx, Epoch{}), "LogMetrics": none.LogMetrics(ctx, 1, nil), "AddSamples": none.AddSamples(ctx, nil), "Flush": none.Flush(ctx),
		"Finish": none.Finish(ctx), "TruncateAfter": none.TruncateAfter(ctx, 1),
	} {
		if !errors.Is(err, ErrNoRun) {
			t.Errorf("%s of a nil Run = %v, want ErrNoRun", name, err)
		}
	}
	if _, err := none.NewFrame(ctx, 1, "a", 1); !errors.Is(err, ErrNoRun) {
		t.Errorf("NewFrame of a nil Run = %v", err)
	}
	if _, err := none.Write(ctx, Batch{}); !errors.Is(err, ErrNoRun) {
		t.Errorf("Write of a nil Run = %v", err)
	}
	for _, err := range []error{frame.Append(nil, nil), frame.Commit(ctx), r.Log(ctx, Epoch{Frames: []*FrameWriter{nil}})} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("a nil FrameWriter: %v, want ErrInvalid", err)
		}
	}
}
