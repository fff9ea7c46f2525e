package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// logRun logs two epochs of twelve samples, as a training loop would: sample sd is missing at the second, sample sa has
// no label, labels hold what CSV must quote, and a loss is NaN.
func logRun(t *testing.T) {
	t.Helper()
	db := filepath.Join(t.TempDir(), "a.DB")
	t.Setenv("ZOETROPE_DB", db)
	ctx := t.Context()
	store, err := tracker.Open(ctx, db, tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	run, err := store.Start(ctx, tracker.RunConfig{Name: "loop", Params: map[string]any{"lr": 3e-6, "layers": []int{32, 64}}})
	if err != nil {
		t.Fatal(err)
	}
	var samples []tracker.Sample
	var vectors []float32
	var predictions []string
	for i := range 12 {
		samples = append(samples, tracker.Sample{ID: "s" + string(rune('a'+i)), Label: []string{"one, two", `a "b"`}[i%2]})
		vectors = append(vectors, float32(i%2), float32(i)/12, float32(i*i%7)/7)
		predictions = append(predictions, "p")
	}
	samples[0].Label = ""
	var partly []string
	for i, s := range samples {
		if i != 3 {
			partly = append(partly, s.ID)
		}
	}
	for _, err := range []error{
		run.AddSamples(ctx, samples),
		run.Log(ctx, tracker.Epoch{Number: 0, Step: 7, Layers: []tracker.Layer{{Name: "fc", Dim: 3, Vectors: vectors}},
			Outputs: &tracker.Outputs{Predictions: predictions}, Metrics: tracker.Metrics{"loss": math.NaN(), "accuracy": 0.25}}),
		run.LogMetrics(ctx, 8, tracker.Metrics{"rate": 1}),
		run.LogMetrics(ctx, 9, tracker.Metrics{"rate": 2}),
		run.Log(ctx, tracker.Epoch{Number: 1, Step: 10, Layers: []tracker.Layer{{Name: "fc", Dim: 3, Vectors: vectors[3:], IDs: partly}},
			Metrics: tracker.Metrics{"loss": math.Inf(1)}}),
		run.Finish(ctx),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	output(t, "project", "--n-neighbors", "4")
}

// output runs the command, which must succeed, and returns its standard output.
func output(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if status := run(t.Context(), args, &out, &errs); status != 0 {
		t.Fatalf("zoetrope %s: status %d\n%s", strings.Join(args, " "), status, errs.String())
	}
	return out.String()
}

func TestShowOfALoggedRun(t *testing.T) {
	logRun(t)
	var got struct {
		Params     map[string]any
		Labels     map[string]int
		Unlabelled int
		History    []struct {
			Epoch, Step int
			Metrics     map[string]any
		}
		Projections []struct{ Projection string }
	}
	if err := json.Unmarshal([]byte(output(t, "show", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.History) != 2 || got.History[0].Metrics["loss"] != "NaN" || got.History[0].Metrics["accuracy"] != 0.25 ||
		got.History[1].Metrics["loss"] != "+Inf" || got.History[1].Metrics["rate"] != 2.0 || got.History[1].Step != 10 {
		t.Errorf("history = %+v", got.History)
	}
	if got.Labels["one, two"] != 5 || got.Labels[`a "b"`] != 6 || got.Unlabelled != 1 || len(got.Projections) != 1 {
		t.Errorf("labels %v, %d unlabelled, %d projections", got.Labels, got.Unlabelled, len(got.Projections))
	}
	text := strings.Join(strings.Fields(output(t, "show")), " ")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"params layers=[32,64] lr=0.000003 ",
		" host " + host + " samples 12 (2 labels, 1 unlabelled) layer fc: ",
		"layer fc: 11×3, 2 epochs from 0 to 1",
		"EPOCH STEP ACCURACY LOSS RATE 0 7 0.25 NaN - 1 10 - +Inf 2",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("show printed\n%s\nwant %q", text, want)
		}
	}
}

func TestPointsOfALoggedRun(t *testing.T) {
	logRun(t)
	rows, err := csv.NewReader(strings.NewReader(output(t, "points"))).ReadAll()
	if err != nil || len(rows) != 1+12+11 {
		t.Fatalf("%d rows, %v, want a head and 23 points", len(rows), err)
	}
	if r := rows[1]; r[1] != "0" || r[2] != "sa" || r[3] != "" || r[4] != "p" {
		t.Errorf("the first point is %q", r)
	}
	if r := rows[3]; r[2] != "sc" || r[3] != "one, two" {
		t.Errorf("the third point is %q", r)
	}
	if r := rows[13]; r[1] != "1" || r[2] != "sa" || r[4] != "" {
		t.Errorf("the first point of epoch 1 is %q", r)
	}

	path := filepath.Join(t.TempDir(), "map.npy")
	for _, test := range []struct {
		args           []string
		epochs, absent int // absent: the row of the sample that is missing
	}{
		{nil, 2, 12 + 3},
		{[]string{"--epoch", "1"}, 1, 3},
	} {
		output(t, append([]string{"points", "--format", "npy", "-o", path}, test.args...)...)
		m, err := interchange.OpenMatrix(path)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if m.Epochs != test.epochs || m.Rows != 12 || m.Dim != 2 {
			t.Fatalf("points %v: the array is %d×%d×%d, want %d×12×2", test.args, m.Epochs, m.Rows, m.Dim, test.epochs)
		}
		row := 0
		for range m.Epochs {
			v, err := m.Next()
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(v); i += 2 {
				missing := row == test.absent
				if math.IsNaN(float64(v[i])) != missing || math.IsNaN(float64(v[i+1])) != missing {
					t.Errorf("points %v: row %d is (%v, %v), want NaN in row %d only", test.args, row, v[i], v[i+1], test.absent)
				}
				row++
			}
		}
	}
}
