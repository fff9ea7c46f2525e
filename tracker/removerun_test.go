package tracker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

func TestRemoveRun(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	keep := newRun(t, s, "keep", 50)
	shared := newRun(t, s, "shared samples", 50)
	own := newRun(t, s, "own samples", 60)
	for epoch := range 3 {
		for _, r := range []*Run{keep, shared, own} {
			n := len(r.samples.Load().rows)
			err := r.Log(ctx, Epoch{Number: epoch, Layers: []Layer{{Name: "fc1", Dim: 2000, Vectors: someVectors(epoch, n, 2000)}},
				Outputs: &Outputs{Losses: make([]float64, n)}, Metrics: Metrics{"loss": 1}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	makeMaps(t, s, map[string][]string{"both": {keep.ID(), own.ID()}, "alone": {own.ID()}, "other": {keep.ID()}})
	if err := s.RemoveRun(ctx, "own samples"); !errors.Is(err, ErrRunActive) || !strings.Contains(err.Error(), "being written") {
		t.Errorf("RemoveRun of a run that is being written = %v, want ErrRunActive", err)
	}
	if _, err := s.Compact(ctx); !errors.Is(err, ErrRunActive) {
		t.Errorf("Compact while runs are being written = %v, want ErrRunActive", err)
	}
	if err := s.RemoveRun(ctx, "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("RemoveRun of nothing = %v, want ErrNotFound", err)
	}
	cursor, err := s.Changes(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Run{shared, own} {
		if err := r.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveRun(ctx, r.ID()); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := s.Changes(ctx, cursor.Cursor); err != nil || !c.Shared {
		t.Errorf("Changes = %+v, %v, want a word of the maps", c, err)
	}
	runs, err := s.Runs(ctx)
	if err != nil || len(runs) != 1 || runs[0].ID != keep.ID() || runs[0].Samples != 50 || runs[0].Epochs != 3 {
		t.Errorf("Runs = %+v, %v", runs, err)
	}
	want := map[string]int{"run": 1, "epoch": 3, "frame": 3, "output": 150, "metric": 3, "sample_set": 1, "sample": 50, "run_sample_set": 1,
		"roster": 1, "roster_row": 50, "projection": 2, "projection_run": 2, "point": 2}
	for tableName, n := range want {
		var got int
		if err := reader(s).QueryRow("SELECT count(*) FROM " + tableName).Scan(&got); err != nil || got != n {
			t.Errorf("table %s has %d rows, %v, want %d", tableName, got, err, n)
		}
	}
	if got := table(t, reader(s), "SELECT uid, revision, points FROM projection ORDER BY uid"); got != "[[both 2 1] [other 1 1]]" {
		t.Errorf("the maps are %s: one that a run left is of another revision", got)
	}
	if err := keep.Log(ctx, Epoch{Number: 9, Layers: []Layer{{Name: "fc1", Dim: 2000, Vectors: someVectors(9, 50, 2000)}}}); err != nil {
		t.Errorf("Log of another run: %v", err)
	}
	keep.Stop(ctx)
	freed, err := s.Compact(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if pgtest.Current == nil && freed < 2_000_000 {
		t.Errorf("Compact gives %d bytes back, want 2 MB", freed)
	}
	if pgtest.Current == nil && len(names(t, s.Path()+"-locks")) != 1 {
		t.Errorf("locks are left: %q", names(t, s.Path()+"-locks"))
	}
	if f, err := s.Frame(ctx, "keep", "", 9); err != nil || len(f.IDs) != 50 {
		t.Errorf("Frame after Compact: %v", err)
	}
	again := newRun(t, s, "own samples", 60) // the name is free
	logged(t, again, 1, 60, 0.5)
}

// makeMaps stores maps, as package projector does, with one point of each run.
func makeMaps(t *testing.T, s *Store, maps map[string][]string) {
	t.Helper()
	ctx := context.Background()
	err := s.Write(ctx, func(tx *Tx) error {
		for uid, runs := range maps {
			var id int64
			err := tx.QueryRowContext(ctx, `INSERT INTO projection (uid, layer, method, mode, dims, revision, created, points, seconds, peak_rss, options, stages)
				VALUES (?, 'fc1', 'umap', 'joint', 2, 1, 0, ?, 0, 0, '{}', '{}') RETURNING id`, uid, len(runs)).Scan(&id)
			for i, run := range runs {
				if err != nil {
					return err
				}
				const link = "INSERT INTO projection_run (projection, run, position) SELECT CAST(? AS BIGINT), id, CAST(? AS BIGINT) FROM run WHERE uid = ?"
				if _, err = tx.ExecContext(ctx, link, id, i, run); err != nil {
					return err
				}
				const point = `INSERT INTO point (projection, run, epoch, sample, x, y) SELECT CAST(? AS BIGINT), r.id, 0, min(s.id), 0, 0
					FROM run r JOIN run_sample_set rs ON rs.run = r.id JOIN sample s ON s.sample_set = rs.sample_set WHERE r.uid = ? GROUP BY r.id`
				_, err = tx.ExecContext(ctx, point, id, run)
			}
			if err != nil {
				return fmt.Errorf("map %s: %w", uid, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
