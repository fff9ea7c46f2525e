package tracker_test

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestTrial tries what a store refuses, and what it takes: the trial and the store give the same answer, word for word.
func TestTrial(t *testing.T) {
	samples := []tracker.Sample{{ID: "a", Label: "x", Metadata: map[string]any{"n": 1}}, {ID: "b"}}
	layer := func(name string, v ...float32) tracker.Epoch {
		return tracker.Epoch{Number: 1, Layers: []tracker.Layer{{Name: name, Dim: len(v) / 2, Vectors: v}}}
	}
	nan, long := float32(math.NaN()), strings.Repeat("x", tracker.MaxText+1)
	for _, test := range []struct {
		name    string
		config  tracker.RunConfig
		samples []tracker.Sample
		epochs  []tracker.Epoch
		want    string // "": both take it
	}{
		{"all right", tracker.RunConfig{}, samples, []tracker.Epoch{layer("l", 1, 2, 3, 4), {Number: 2, Layers: layer("l", 1, 2, 3, 4).Layers}}, ""},
		{"name", tracker.RunConfig{Experiment: "a/b"}, nil, nil, "an experiment has none"},
		{"params", tracker.RunConfig{Params: map[string]any{"lr": math.NaN()}}, nil, nil, "params of run default/r"},
		{"tags", tracker.RunConfig{Tags: []string{""}}, nil, nil, "tag"},
		{"no id", tracker.RunConfig{}, []tracker.Sample{{}}, nil, "sample 0 of the batch has no ID"},
		{"NUL", tracker.RunConfig{}, []tracker.Sample{{ID: "a", Label: "x\x00"}}, nil, "without NUL"},
		{"infinity", tracker.RunConfig{}, []tracker.Sample{{ID: "a", Metadata: map[string]any{"n": math.Inf(1)}}}, nil, `metadata "n" cannot be kept as JSON`},
		{"no PNG", tracker.RunConfig{}, []tracker.Sample{{ID: "a", Thumbnail: []byte("GIF89a")}}, nil, "not a PNG image"},
		{"no samples", tracker.RunConfig{}, nil, []tracker.Epoch{layer("l", 1, 2)}, "the run has no samples"},
		{"negative epoch", tracker.RunConfig{}, samples, []tracker.Epoch{{Number: -1}}, "neither may be negative"},
		{"NaN", tracker.RunConfig{}, samples, []tracker.Epoch{layer("l", 1, 2, nan, 4)}, `sample "b" has NaN at column 0`},
		{"beyond float16", tracker.RunConfig{Float16: true}, samples, []tracker.Epoch{layer("l", 1, 1e9)}, "float16 ends at 65504"},
		{"no layer", tracker.RunConfig{}, samples, []tracker.Epoch{layer("", 1, 2)}, "a layer's name must be text"},
		{"long id", tracker.RunConfig{}, []tracker.Sample{{ID: long}}, nil, "has 1025 bytes, at most 1024 are allowed"},
		{"long layer", tracker.RunConfig{}, samples, []tracker.Epoch{layer(long, 1, 2)}, "has 1025 bytes, at most 1024 are allowed"},
		{"long metric", tracker.RunConfig{}, samples, []tracker.Epoch{{Number: 1, Metrics: tracker.Metrics{long: 1}}}, "has 1025 bytes, at most 1024 are allowed"},
		{"too wide", tracker.RunConfig{}, samples, []tracker.Epoch{layer("l", make([]float32, 600_000)...)}, "has 300000 columns, must have 1 to"},
		{"other width", tracker.RunConfig{}, samples, []tracker.Epoch{layer("l", 1, 2, 3, 4), {Number: 2, Layers: layer("l", 1, 2).Layers}}, "has 1 columns, expected 2 as at epoch 1"},
		{"prediction", tracker.RunConfig{}, samples, []tracker.Epoch{{Number: 1, Outputs: &tracker.Outputs{Predictions: []string{"a", "\xff"}}}}, "prediction 1"},
		{"losses", tracker.RunConfig{}, samples, []tracker.Epoch{{Number: 1, Outputs: &tracker.Outputs{Losses: []float64{1}}}}, "Losses has 1 elements, expected 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.config.Name == "" {
				test.config.Name = "r"
			}
			tried, logged := try(test.config, test.samples, test.epochs), store(t, test.config, test.samples, test.epochs)
			if test.want == "" {
				if tried != nil || logged != nil {
					t.Fatalf("the trial says %v, the store %v: want both to take it", tried, logged)
				}
				return
			}
			if tried == nil || logged == nil || !strings.Contains(tried.Error(), test.want) || !errors.Is(tried, tracker.ErrInvalid) ||
				!strings.HasSuffix(logged.Error(), strings.TrimPrefix(tried.Error(), "run default/r, ")) {
				t.Errorf("the trial says %v, the store %v: want both to refuse it with %q", tried, logged, test.want)
			}
		})
	}
}

func try(c tracker.RunConfig, samples []tracker.Sample, epochs []tracker.Epoch) error {
	trial, err := tracker.Try(c)
	if err == nil && samples != nil {
		err = trial.AddSamples(samples)
	}
	for _, e := range epochs {
		if err == nil {
			err = trial.Log(e)
		}
	}
	return err
}

func store(t *testing.T, c tracker.RunConfig, samples []tracker.Sample, epochs []tracker.Epoch) error {
	s, err := tracker.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Start(t.Context(), c)
	if err != nil {
		return err
	}
	defer r.Stop(t.Context())
	if samples != nil {
		if err := r.AddSamples(t.Context(), samples); err != nil {
			return err
		}
	}
	for _, e := range epochs {
		if err := r.Log(t.Context(), e); err != nil {
			return err
		}
	}
	return nil
}
