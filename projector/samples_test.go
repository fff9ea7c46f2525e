package projector

import (
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

func TestSampleSetFind(t *testing.T) {
	r := newSampleSet([]tracker.Sample{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}})
	for _, c := range []struct {
		name string
		some []string
		want []int
	}{
		{"all", []string{"a", "b", "c", "d"}, []int{0, 1, 2, 3}},
		{"gap", []string{"b", "d"}, []int{1, 3}},
		{"backwards", []string{"d", "c", "a"}, []int{3, 2, 0}},
		{"unknown", []string{"a", "x", "a", "b", "y"}, []int{0, -1, 0, 1, -1}},
		{"twice", []string{"d", "d"}, []int{3, 3}},
	} {
		if got := r.find(c.some); !slices.Equal(got, c.want) {
			t.Errorf("%s: find(%q) = %v, want %v", c.name, c.some, got, c.want)
		}
	}
}

// TestEnrol checks the ids of samples that need no reading against those that are read row by row.
func TestEnrol(t *testing.T) {
	store, ctx := newStore(t), t.Context()
	first, second := []tracker.Sample{{ID: "a"}, {ID: "b"}}, []tracker.Sample{{ID: "c"}, {ID: "d"}, {ID: "e"}}
	for name, sets := range map[string][][]tracker.Sample{"other": {second}, "r": {first, second}} {
		run, err := store.Start(ctx, tracker.RunConfig{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range sets {
			if err := run.AddSamples(ctx, set); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(what string, list *sampleSet, unread bool, want ...string) {
		t.Helper()
		err := store.Write(ctx, func(tx *tracker.Tx) error {
			var run int64
			if err := tx.QueryRowContext(ctx, "SELECT id FROM run WHERE name = 'r'").Scan(&run); err != nil {
				return err
			}
			now, ids, err := list.currentIDs(ctx, tx, run)
			if err != nil {
				return err
			}
			rows, err := readSamples(ctx, tx, run)
			if err != nil {
				return err
			}
			var wantIDs []int64
			for _, s := range rows {
				wantIDs = append(wantIDs, s.id)
			}
			if !slices.Equal(now.uids, want) || !slices.Equal(ids, wantIDs) || (now == list) != unread {
				t.Errorf("%s: samples %q with ids %v, unread %v; want %q, %v, %v", what, now.uids, ids, now == list, want, wantIDs, unread)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	all := newSampleSet(slices.Concat(first, second))
	check("whole", all, true, "a", "b", "c", "d", "e")
	check("two added since", newSampleSet(append(slices.Clone(first), second[0])), false, "a", "b", "c", "d", "e")
	err := store.Write(ctx, func(tx *tracker.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM sample WHERE uid = ?", "d")
		if err == nil { // of a store without sums: with them, nothing is read that is not as it was logged
			_, err = tx.ExecContext(ctx, "UPDATE run SET ids_sum = -1, labels_sum = -1, metadata_sum = -1")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	check("one lost since", all, false, "a", "b", "c", "e")
	check("one lost before", newSampleSet([]tracker.Sample{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "e"}}), false, "a", "b", "c", "e")
}
