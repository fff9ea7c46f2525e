package tracker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// The environment of a process that is to be killed: the address of its store, and "SEED CALLS SYNCHRONOUS PATIENT
// ASYNC": how many calls it makes before it ends by itself, 0 for no end; SQLite's synchronous; whether it goes on after an
// error; and whether it logs with Async.
const crashEnv, crashPlan = "ZOETROPE_CRASH_STORE", "ZOETROPE_CRASH_PLAN"

// TestCrashWriter is the process that TestKilled kills.
func TestCrashWriter(t *testing.T) {
	address := os.Getenv(crashEnv)
	if address == "" {
		return // not a child of TestKilled
	}
	var w crashWriter
	var seed uint64
	var synchronous string
	if _, err := fmt.Sscan(os.Getenv(crashPlan), &seed, &w.calls, &synchronous, &w.patient, &w.async); err != nil {
		t.Fatal(err)
	}
	database.Durability = "synchronous(" + synchronous + ")"
	w.random = rand.New(rand.NewPCG(seed, 2))
	if err := w.untilKilled(context.Background(), address); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// A crashWriter logs epochs of known content, and says on standard output what it is about to do and what is done.
type crashWriter struct {
	calls   int  // still to be made
	patient bool // goes on after an error, as if it had not made the call
	async   bool
	random  *rand.Rand
	run     *Run
	state   crashState
	attempt int
}

const crashSamples = 100

func (w *crashWriter) untilKilled(ctx context.Context, address string) error {
	s, err := w.begin(ctx, address)
	for tries := 0; err != nil && w.patient && tries < 20; tries++ {
		fmt.Println("failed", err)
		s, err = w.begin(ctx, address)
	}
	if err != nil {
		return err
	}
	fmt.Println("has", w.state)
	for _, attempt := range w.state {
		w.attempt = max(w.attempt, attempt)
	}
	w.attempt += 100 // above those that were cut off again
	for {
		before := w.state
		if err := w.call(ctx); err != nil && w.patient {
			w.state = before
			fmt.Println("failed", err)
		} else if err != nil {
			return err
		} else if w.async && w.random.IntN(3) > 0 {
			// waits in the queue, with what comes
		} else if err := w.run.Flush(ctx); err != nil {
			return fmt.Errorf("flush: %w", err)
		} else {
			fmt.Println("done")
		}
		if w.calls--; w.calls == 0 {
			s.Close() // may complain, if that is patient; what it leaves is looked at
			return nil
		}
	}
}

// begin opens the store and reads what is in it.
func (w *crashWriter) begin(ctx context.Context, address string) (s *Store, err error) {
	if s, err = Open(ctx, address, OpenOptions{Create: true}); err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer func() {
		if err != nil {
			s.Close() // ends the run, to be started again
		}
	}()
	fmt.Println("opened")
	if w.run, err = s.Start(ctx, RunConfig{Experiment: "test", Name: "crash", Resume: Allow, Async: w.async}); err != nil {
		return s, fmt.Errorf("start: %w", err)
	}
	if err := w.run.AddSamples(ctx, someSamples(crashSamples)); err != nil {
		return s, fmt.Errorf("add samples: %w", err)
	}
	if w.state, err = readCrashState(ctx, s, w.run.ID()); err != nil {
		return s, err
	}
	return s, nil
}

func (w *crashWriter) call(ctx context.Context) error {
	last := 0
	for epoch := range w.state {
		last = max(last, epoch)
	}
	w.attempt++
	op := crashOp{"new", last + 1 + w.random.IntN(2), w.attempt} // with gaps
	switch n := w.random.IntN(10); {
	case last > 20:
		op = crashOp{"cut", w.random.IntN(last), 0}
	case last > 0 && n < 3:
		epochs := slices.Sorted(maps.Keys(w.state))
		op = crashOp{"replace", epochs[w.random.IntN(len(epochs))], w.attempt}
	case last > 0 && n < 4:
		op = crashOp{"cut", w.random.IntN(last + 1), 0}
	}
	if w.random.IntN(3) == 0 {
		if err := w.run.LogMetrics(ctx, w.attempt, Metrics{"between": 1}); err != nil {
			return fmt.Errorf("log metrics: %w", err)
		}
	}
	fmt.Println("try", op)
	w.state = op.apply(w.state)
	return w.do(ctx, op)
}

func (w *crashWriter) do(ctx context.Context, op crashOp) error {
	if op.kind == "cut" {
		if err := w.run.TruncateAfter(ctx, op.epoch); err != nil {
			return fmt.Errorf("truncate: %w", err)
		}
		return nil
	}
	if err := w.run.Log(ctx, crashEpoch(op.epoch, op.attempt)); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}

// crashEpoch returns an epoch all of whose content follows from its number and the attempt at it. Every fourth has a second
// layer, of two chunks.
func crashEpoch(number, attempt int) Epoch {
	e := Epoch{
		Number: number, Step: attempt,
		Layers:  []Layer{{Name: "fc1", Dim: 24, Vectors: crashVectors(number, attempt, crashSamples*24)}},
		Outputs: &Outputs{Predictions: make([]string, crashSamples), Losses: make([]float64, crashSamples)},
		Metrics: Metrics{"attempt": float64(attempt), "nan": math.NaN()},
	}
	if attempt%4 == 0 {
		e.Layers = append(e.Layers, Layer{Name: "wide", Dim: 3000, Vectors: crashVectors(number, -attempt, crashSamples*3000)})
	}
	for i := range crashSamples {
		e.Outputs.Predictions[i] = fmt.Sprint(attempt)
		e.Outputs.Losses[i] = float64(attempt + i)
	}
	return e
}

// crashVectors returns n floats in [0, 1) that are others for each epoch and attempt.
func crashVectors(number, attempt, n int) []float32 {
	random := rand.New(rand.NewPCG(uint64(number), uint64(attempt)))
	v := make([]float32, n)
	for i := range v {
		v[i] = random.Float32()
	}
	return v
}

// readCrashState reads all of a run, and complains about an epoch that is not in every part what crashEpoch says.
func readCrashState(ctx context.Context, s *Store, run string) (crashState, error) {
	epochs, err := s.Epochs(ctx, run)
	if err != nil {
		return nil, err
	}
	ms, err := s.Metrics(ctx, run, "attempt")
	if err != nil {
		return nil, err
	}
	state := crashState{}
	var torn []error
	for _, info := range epochs {
		want := crashEpoch(info.Number, info.Step)
		state[info.Number] = info.Step
		for _, l := range want.Layers {
			f, err := s.Frame(ctx, run, l.Name, info.Number)
			if err != nil || len(f.IDs) != crashSamples || !slices.Equal(f.Vectors, l.Vectors) {
				torn = append(torn, fmt.Errorf("layer %s of epoch %d is not that of attempt %d: %v", l.Name, info.Number, info.Step, err))
			}
		}
		o, err := s.Outputs(ctx, run, info.Number)
		if err != nil || !slices.Equal(o.Predictions, want.Outputs.Predictions) || !slices.Equal(o.Losses, want.Outputs.Losses) {
			torn = append(torn, fmt.Errorf("outputs of epoch %d are not those of attempt %d: %v", info.Number, info.Step, err))
		}
		at := slices.IndexFunc(ms, func(m Metric) bool { return m.Epoch == info.Number })
		if at < 0 || ms[at].Value != float64(info.Step) {
			torn = append(torn, fmt.Errorf("metrics of epoch %d are not those of attempt %d", info.Number, info.Step))
		}
	}
	if len(ms) != len(epochs) {
		torn = append(torn, fmt.Errorf("%d metrics of %d epochs", len(ms), len(epochs)))
	}
	frames, err := s.Frames(ctx, run)
	if err != nil {
		return nil, err
	}
	for _, f := range frames {
		if f.Layer == "wide" && state[f.Epoch]%4 != 0 {
			torn = append(torn, fmt.Errorf("epoch %d, attempt %d, has a layer of another attempt", f.Epoch, state[f.Epoch]))
		}
	}
	return state, errors.Join(torn...)
}
