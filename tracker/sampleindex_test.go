package tracker

import (
	"context"
	"slices"
	"testing"
)

// TestSampleIndexIsWhatIsStored holds the index that AddSamples makes without reading against the one that is read: also
// where another set came in between, or the store has lost a sample.
func TestSampleIndexIsWhatIsStored(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	lost := -1
	check := func(r *Run, n int) {
		t.Helper()
		var read *sampleIndex
		err := s.Read(ctx, func(tx *Tx) (err error) {
			read, err = readSampleIndex(ctx, tx, r.id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		made := r.samples.Load()
		if len(read.uids) != n || !slices.Equal(made.uids, read.uids) || !slices.Equal(made.rows, read.rows) {
			t.Errorf("run %s: the index has %q with rows %v, the store %q with %v, want %d", r.name, made.uids, made.rows, read.uids, read.rows, n)
		}
		for i, uid := range read.uids {
			if at, ok := made.find(uid); !ok || at != i {
				t.Errorf("run %s: find(%q) = %d, %v, want %d", r.name, uid, at, ok, i)
			}
			want := i
			if lost >= 0 && i >= lost {
				want++ // the lost one keeps its position
			}
			for _, x := range []*sampleIndex{made, read} {
				if at := x.position(read.rows[i]); at != want {
					t.Errorf("run %s: the position of %q is %d, want %d", r.name, uid, at, want)
				}
			}
		}
	}
	a := newRun(t, s, "a", 5)
	check(a, 5)
	check(newRun(t, s, "b", 3), 3)
	if err := a.AddSamples(ctx, []Sample{{ID: "x"}, {ID: "y"}}); err != nil { // beside those that were looked up
		t.Fatal(err)
	}
	check(a, 7)
	if _, ok := a.samples.Load().find("z"); ok {
		t.Error("find has found a sample that is not there")
	}
	err := s.Write(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM sample WHERE uid = ? AND sample_set = (SELECT min(sample_set) FROM sample)", "2")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	lost = 2
	c := newRun(t, s, "c", 5)
	check(c, 4)
	if err := c.AddSamples(ctx, []Sample{{ID: "x"}, {ID: "y"}}); err != nil { // after the last, though there are but four
		t.Fatal(err)
	}
	check(c, 6)
	if at := c.samples.Load().position(1 << 40); at != -1 {
		t.Errorf("the position of a row that the run does not have is %d", at)
	}
}
