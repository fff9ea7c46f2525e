package projector

import (
	"errors"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestMemory: the estimate grows with what is laid out, and with neighbours, and follows what the options choose.
func TestMemory(t *testing.T) {
	store, err := tracker.Open(t.Context(), t.TempDir()+"/zoetrope.db", tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]tracker.Sample, 100)
	for i := range samples {
		samples[i].ID = string(rune('a'+i/26)) + string(rune('a'+i%26))
	}
	if err := run.AddSamples(t.Context(), samples); err != nil {
		t.Fatal(err)
	}
	for n := range 4 {
		if err := run.Log(t.Context(), tracker.Epoch{Number: n, Layers: []tracker.Layer{{Name: "fc1", Dim: 3, Vectors: make([]float32, 300)}}}); err != nil {
			t.Fatal(err)
		}
	}
	const points, dim, k = 400, 3, 15
	for _, c := range []struct {
		name   string
		change func(*Options)
		want   int64
	}{
		{"all", func(*Options) {}, 4*points*dim + points*(perPoint+perNeighbor*k)},
		{"scaled", func(o *Options) { o.Scale = "unit" }, 8*points*dim + points*(perPoint+perNeighbor*k)},
		{"more neighbours than points", func(o *Options) { o.NNeighbors = 1000 }, 4*points*dim + points*(perPoint+perNeighbor*points)},
		{"one epoch", func(o *Options) { o.Epochs = "last" }, 4*100*dim + 100*(perPoint+perNeighbor*k)},
		{"ten samples", func(o *Options) { o.Samples = 10 }, 4*40*dim + 40*(perPoint+perNeighbor*k)},
		{"eighty points", func(o *Options) { o.MaxPoints = 80 }, 4*80*dim + 80*(perPoint+perNeighbor*k)},
	} {
		o := Defaults()
		c.change(&o)
		got, err := Memory(t.Context(), store, []string{"r"}, o)
		if err != nil || got != c.want {
			t.Errorf("%s: Memory = %d, %v, want %d", c.name, got, err, c.want)
		}
	}
	if _, err := Memory(t.Context(), store, []string{"none"}, Defaults()); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("of no run: %v", err)
	}
}
