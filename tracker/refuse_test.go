package tracker

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestLogRefuses(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 10)
	good := Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: 128, Vectors: someVectors(1, 10, 128)}}, Metrics: Metrics{"loss": 1}}
	if err := r.Log(ctx, good); err != nil {
		t.Fatal(err)
	}
	layer := func(l Layer) Epoch { return Epoch{Number: 2, Layers: []Layer{l}, Metrics: Metrics{"loss": 1}} }
	with := func(at int, v float32) []float32 {
		vectors := someVectors(2, 10, 128)
		vectors[at] = v
		return vectors
	}
	for _, test := range []struct {
		name  string
		epoch Epoch
		want  string
	}{
		{"NaN", layer(Layer{Name: "fc1", Dim: 128, Vectors: with(3*128+5, float32(math.NaN()))}), `run test/cnn, epoch 2: layer "fc1": sample "3" has NaN at column 5`},
		{"Inf", layer(Layer{Name: "fc1", Dim: 128, Vectors: with(9*128+127, float32(math.Inf(-1)))}), `sample "9" has -Inf at column 127`},
		{"NaN in named row", layer(Layer{Name: "b", Dim: 2, Vectors: []float32{1, 2, 3, float32(math.NaN())}, IDs: []string{"5", "7"}}), `sample "7" has NaN at column 1`},
		{"127 columns", layer(Layer{Name: "fc1", Dim: 128, Vectors: someVectors(2, 10, 127)}), "has 1270 floats (127 columns), expected 10 samples × 128 columns = 1280"},
		{"9 rows", layer(Layer{Name: "fc1", Dim: 128, Vectors: someVectors(2, 9, 128)}), "has 1152 floats (9 rows), expected 10 samples"},
		{"odd floats", layer(Layer{Name: "fc1", Dim: 128, Vectors: make([]float32, 77)}), "has 77 floats, expected"},
		{"no floats", layer(Layer{Name: "fc1", Dim: 128}), "has 0 floats, expected"},
		{"another Dim", layer(Layer{Name: "fc1", Dim: 127, Vectors: someVectors(2, 10, 127)}), `layer "fc1": has 127 columns, expected 128 as at epoch 1`},
		{"no Dim", layer(Layer{Name: "fc1", Vectors: make([]float32, 10)}), "has 0 columns, must have 1 to 262144"},
		{"no name", layer(Layer{Dim: 1, Vectors: make([]float32, 10)}), "name must be text"},
		{"unknown sample", layer(Layer{Name: "fc1", Dim: 128, Vectors: make([]float32, 128), IDs: []string{"x"}}), `sample "x" is not known`},
		{"sample twice", layer(Layer{Name: "fc1", Dim: 1, Vectors: make([]float32, 2), IDs: []string{"1", "1"}}), `sample "1" is given twice`},
		{"empty IDs", layer(Layer{Name: "fc1", Dim: 1, IDs: []string{}}), "IDs is empty"},
		{"layer twice", Epoch{Number: 2, Layers: []Layer{good.Layers[0], good.Layers[0]}}, `layer "fc1" is given twice`},
		{"outputs short", Epoch{Number: 2, Outputs: &Outputs{Losses: make([]float64, 9)}}, "outputs: Losses has 9 elements, expected 10"},
		{"outputs unknown", Epoch{Number: 2, Outputs: &Outputs{IDs: []string{"x"}, Losses: make([]float64, 1)}}, `outputs: sample "x" is not known`},
		{"prediction", Epoch{Number: 2, Outputs: &Outputs{IDs: []string{"1"}, Predictions: []string{"\xff"}}}, "must be valid UTF-8"},
		{"metric name", Epoch{Number: 2, Metrics: Metrics{"": 1}}, `metric name ""`},
		{"negative number", Epoch{Number: -1}, "number -1"},
		{"second layer", Epoch{Number: 2, Layers: []Layer{{Name: "a", Dim: 1, Vectors: make([]float32, 10)}, {Name: "fc1", Dim: 1, Vectors: make([]float32, 10)}}}, "expected 128 as at epoch 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := r.Log(ctx, test.epoch)
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Log = %v, want an ErrInvalid with %q", err, test.want)
			}
			t.Log(err)
		})
	}
	// Nothing of all that was stored.
	epochs, err := s.Epochs(ctx, "cnn")
	frames, ferr := s.Frames(ctx, "cnn")
	metrics, merr := s.Metrics(ctx, "cnn")
	if len(epochs) != 1 || len(frames) != 1 || len(metrics) != 1 || errors.Join(err, ferr, merr) != nil {
		t.Errorf("after refusals: epochs %v, frames %v, metrics %v, %v", epochs, frames, metrics, errors.Join(err, ferr, merr))
	}
}

func TestLogWithoutSamples(t *testing.T) {
	ctx := context.Background()
	r := newRun(t, newStore(t), "cnn", 0)
	err := r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: []float32{1}}}})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "AddSamples first") {
		t.Errorf("Log = %v", err)
	}
	if err := r.Log(ctx, Epoch{Number: 1, Metrics: Metrics{"loss": 1}}); err != nil {
		t.Errorf("metrics alone need no samples: %v", err)
	}
}

func TestStartRefuses(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r, err := s.Start(ctx, RunConfig{Experiment: "mnist", Name: "cnn", Params: map[string]any{"lr": 3e-6, "seed": uint64(1<<63 + 1)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		config RunConfig
		is     error
		want   string
	}{
		{"exists", RunConfig{Experiment: "mnist", Name: "cnn"}, ErrRunExists, "run mnist/cnn exists: set Resume to Allow or Must"},
		{"missing", RunConfig{Experiment: "mnist", Name: "rnn", Resume: Must}, ErrNotFound, "no run mnist/rnn to resume"},
		{"nameless", RunConfig{Experiment: "mnist", Resume: Must}, ErrInvalid, "no Name"},
		{"other params", RunConfig{Experiment: "mnist", Name: "cnn", Resume: Allow, Params: map[string]any{"lr": 0.1, "batch": 5}}, ErrInvalid, "batch is 5, was not set, lr is 0.1, was 0.000003, seed is not set, was 9223372036854775809"},
		{"slash", RunConfig{Experiment: "a/b", Name: "c"}, ErrInvalid, "slash"},
		{"space", RunConfig{Name: " c"}, ErrInvalid, "space"},
		{"newline", RunConfig{Name: "a\nb"}, ErrInvalid, "printable"},
		{"long", RunConfig{Name: strings.Repeat("x", 201)}, ErrInvalid, "201 bytes"},
		{"params", RunConfig{Name: "c", Params: map[string]any{"lr": math.NaN()}}, ErrInvalid, `"lr" cannot be kept as JSON`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := s.Start(ctx, test.config)
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Start = %v, want %v with %q", err, test.is, test.want)
			}
		})
	}
	if runs, err := s.Runs(ctx); len(runs) != 1 || runs[0].State != Stopped || err != nil {
		t.Errorf("after refusals: %+v, %v", runs, err)
	}
}
