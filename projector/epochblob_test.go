package projector

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// checkBlocks holds what the map's blocks say against its points.
func checkBlocks(t *testing.T, p *Projection) {
	t.Helper()
	ctx, dims := t.Context(), p.info.Dims
	o, err := p.Outline(ctx)
	if err != nil {
		t.Fatal(err)
	}
	low, high := make([]float64, dims), make([]float64, dims)
	for d := range dims {
		low[d], high[d] = math.Inf(1), math.Inf(-1)
	}
	for _, run := range p.info.Runs {
		samples, err := p.store.Samples(ctx, run)
		if err != nil {
			t.Fatal(err)
		}
		row := map[string]int{}
		for i, s := range samples {
			row[s.ID] = i
		}
		placed, err := p.Coordinates(ctx, Query{Run: run, AllEpochs: true})
		if err != nil && !(errors.Is(err, tracker.ErrNotFound) && len(o.Epochs[run]) == 0) { // all its epochs have left the map
			t.Fatal(err)
		}
		var epochs []int
		for _, at := range placed {
			epochs = append(epochs, at.Epoch)
		}
		if !slices.Equal(o.Epochs[run], epochs) {
			t.Errorf("the outline has epochs %v, the map %v", o.Epochs[run], epochs)
		}
		blocks, err := p.Blocks(ctx, run, len(samples), epochs)
		if err != nil {
			t.Fatal(err)
		}
		for k, at := range placed {
			want := make([]float32, len(samples)*dims)
			for i := range want {
				want[i] = float32(math.NaN())
			}
			for i, id := range at.Samples {
				copy(want[row[id]*dims:], at.Coordinates[i*dims:(i+1)*dims])
			}
			for i, v := range at.Coordinates {
				low[i%dims], high[i%dims] = min(low[i%dims], float64(v)), max(high[i%dims], float64(v))
			}
			if !slices.EqualFunc(blocks[k], want, func(a, b float32) bool { return a == b || a != a && b != b }) {
				t.Errorf("epoch %d: the block is %v, the points are %v", at.Epoch, blocks[k], want)
			}
		}
	}
	if !slices.Equal(o.Low, low) || !slices.Equal(o.High, high) {
		t.Errorf("the outline goes from %v to %v, the points from %v to %v", o.Low, o.High, low, high)
	}
}

func TestBlocks(t *testing.T) {
	ctx := t.Context()
	for _, dims := range []int{2, 3} {
		store := givenRun(t, false)
		placed := []Coordinates{
			{Epoch: 0, Coordinates: []float32{0, 0, 1, 0, 5, 5, 2, -3, 8}[:3*dims]},
			{Epoch: 1, Samples: []string{"c", "a"}, Coordinates: []float32{-5, 5, 0, 1, 1, 0}[:2*dims]},
		}
		p, err := Given(ctx, store, "r", "", dims, placed, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkBlocks(t, p)
		run, err := store.Start(ctx, tracker.RunConfig{Name: "r", Resume: tracker.Must})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(run.AddSamples(ctx, []tracker.Sample{{ID: "d"}, {ID: "e"}}), run.Finish(ctx)); err != nil {
			t.Fatal(err)
		}
		checkBlocks(t, p) // those have no place
		if y, err := p.Blocks(ctx, p.info.Runs[0], 1, []int{1}); err != nil || len(y[0]) != dims {
			t.Errorf("Blocks of one row = %v, %v", y, err)
		}
		for _, change := range []string{
			"UPDATE projection_block SET checksum = checksum + 1 WHERE epoch = 1", // a damaged block
			"DELETE FROM projection_block WHERE epoch = 1",                        // as in a map that an earlier version extended
			"DELETE FROM projection_block",
		} {
			write(t, store, change)
			checkBlocks(t, p)
		}
		write(t, store, "UPDATE projection SET revision = revision + 1")
		if _, err := p.Outline(ctx); !errors.Is(err, ErrChanged) {
			t.Errorf("Outline of another revision = %v, want ErrChanged", err)
		}
		if _, err := p.Blocks(ctx, p.info.Runs[0], 3, []int{0}); !errors.Is(err, ErrChanged) {
			t.Errorf("Blocks of another revision = %v, want ErrChanged", err)
		}
		if err := Delete(ctx, store, p.info.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Outline(ctx); !errors.Is(err, tracker.ErrNotFound) {
			t.Errorf("Outline of a deleted map = %v, want ErrNotFound", err)
		}
	}
}

func write(t *testing.T, store *tracker.Store, query string) {
	t.Helper()
	err := store.Write(t.Context(), func(tx *tracker.Tx) error {
		_, err := tx.ExecContext(context.Background(), query)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
