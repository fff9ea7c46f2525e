package measure

import (
	"math"
	"slices"
	"testing"
)

// TestTimeOfRuns: each run has its own shares; runs may differ in their samples and in their numbers of epochs.
func TestTimeOfRuns(t *testing.T) {
	a, b := newJourney(8, 60, 1), newJourney(5, 90, 2)
	late := b.each(func(e, _ int, x, y float64) (float64, float64) { return x + float64(3*b2i(e == 4)), y })
	fa, fb := frames(a, a), frames(b, late)
	both, one, other := compute(t, [][]Frame{fa, fb, {fa[0]}}, Options{}), compute(t, [][]Frame{fa}, Options{}), compute(t, [][]Frame{fb}, Options{})
	near(t, "pmax", both.PMax, *other.PMax)
	near(t, "pearson", both.Pearson, (*one.Pearson+*other.Pearson)/2)
	near(t, "share", both.Steps[0][2].Original.Share, *one.Steps[0][2].Original.Share)
	near(t, "motion_in", both.MotionIn, (7**one.MotionIn+4**other.MotionIn)/11)
	if got := compute(t, [][]Frame{{fa[0]}}, Options{}); got.Time != (Time{Dust: got.Dust}) {
		t.Errorf("of one epoch, something of time is measured: %+v", got.Time)
	}
	got := compute(t, [][]Frame{fa[:2]}, Options{})
	near(t, "pmax of two epochs", got.PMax, 1)
	if got.Pearson != nil || got.Straight != nil {
		t.Error("of two epochs, shares are correlated, or something is straight")
	}
}

// TestTimeOfMissingSamples: a transition is measured over the samples that both its epochs have, in whatever order.
func TestTimeOfMissingSamples(t *testing.T) {
	layer := newJourney(6, 100, 1)
	whole := frames(layer, layer)
	var keep []int
	for i := 99; i >= 0; i-- {
		if i%3 != 0 {
			keep = append(keep, i)
		}
	}
	gaps, few := slices.Clone(whole), []Frame{}
	for e := range whole {
		few = append(few, whole[e].pick(keep))
	}
	gaps[2], gaps[5] = few[2], few[5]
	got, all, kept := compute(t, [][]Frame{gaps}, Options{}), compute(t, [][]Frame{whole}, Options{}), compute(t, [][]Frame{few}, Options{})
	near(t, "pace", got.PMax, 1)
	near(t, "motion within", got.MotionIn, 1)
	ratio := func(r *Report, a, b int) float64 {
		return *r.Steps[0][a].Original.Share / *r.Steps[0][b].Original.Share
	}
	if g, w := ratio(got, 1, 4), ratio(kept, 1, 4); math.Abs(g-w) > 1e-9 {
		t.Errorf("two transitions with samples missing are as %v, want %v, as among the samples that are there", g, w)
	}
	if g, w := ratio(got, 0, 3), ratio(all, 0, 3); math.Abs(g-w) > 1e-9 {
		t.Errorf("two transitions without are as %v, want %v", g, w)
	}
	none := []Frame{whole[0].pick(keep[:30]), whole[1].pick(keep[30:]), whole[2].pick(keep[30:])}
	got = compute(t, [][]Frame{none}, Options{})
	if s := got.Steps[0][0]; s.Pace != nil || s.Motion != nil || s.Map.Share != nil || s.Map.Moved != nil {
		t.Errorf("epochs without a common sample have a pace: %+v", s)
	}
	near(t, "share of the only transition", got.Steps[0][1].Map.Share, 1)
}

// TestFollowed: the same samples are followed through all epochs, and estimate the shares within the error that is stated.
func TestFollowed(t *testing.T) {
	const n, some = 20000, 1024
	layer := newJourney(6, n, 7)
	list := frames(layer, layer)
	list[3] = list[3].pick(drawn(n, n/2))
	at := followed(list, some)
	for e, rows := range at {
		if len(rows) != len(at[0]) {
			t.Fatalf("epoch %d follows %d samples, the first %d", e, len(rows), len(at[0]))
		}
		for k, i := range rows {
			if i >= 0 && list[e].Samples[i] != list[0].Samples[at[0][k]] {
				t.Fatalf("epoch %d follows another sample in slot %d", e, k)
			}
		}
	}
	if d := math.Abs(float64(len(at[0])) - some); d > 5*math.Sqrt(some) {
		t.Errorf("%d samples are followed, want about %d", len(at[0]), some)
	}
	shares := func(at [][]int) []float64 {
		p, err := follow(t.Context(), list, at, Frame.original, "euclidean", 2)
		if err != nil {
			t.Fatal(err)
		}
		return p.shares()
	}
	want := shares(followed(list, 0))
	for transition, got := range shares(at) {
		if e := math.Abs(got/want[transition] - 1); e > 0.06 { // σ is 0.3 of the mean: 3 standard errors of a ratio
			t.Errorf("transition %d: the share is off by %v", transition, e)
		}
	}
	if few(list, false) != 0 || few(list, true) != followedSteps/5 || few(make([]Frame, 5000), true) != followedLeast {
		t.Error("as many are followed as there may be")
	}
}
