package measure

import (
	"context"
	"math"
	"slices"
)

// Time says whether a map keeps time: does it show when samples move, how far, and which. Let d(t,i) be the distance that
// sample i moves in the original space in transition t, over the samples that both its epochs have, and δ(t,i) that on the
// map. A transition's share of the movement is s(t) = median_i d(t,i) / Σ_t median_i d(t,i), for each run by itself. A
// space's radius is the root of the mean squared distance of its rows from their epoch's mean. Distances are straight lines
// between the forms that the metric compares, and the metric's own where there are none.
//
// Where a layer stands still, nothing has a share, and what compares shares is nil; Travel tells whether the map moves.
// What these measures are for maps that know nothing of time, docs/quality.md says.
type Time struct {
	// PMax and PMin are the largest and the smallest pace of a transition (see [StepReport]), 1 where the map keeps time.
	PMax *float64 `json:"pmax"`
	PMin *float64 `json:"pmin"`
	// Pearson is the correlation over transitions of the shares in the two spaces, mean over runs; nil for fewer than three
	// transitions, and where the shares in the original space differ from their mean by less than 1 %.
	Pearson *float64 `json:"pearson"`
	// Motion is the Spearman correlation of d and δ over all samples and transitions. Where movement differs more between
	// transitions than between samples, the right pace alone makes it high: see MotionIn.
	Motion *float64 `json:"motion"`
	// MotionIn is the mean over transitions of the Spearman correlation over samples of d and δ: which samples move, apart
	// from when. By chance 0.
	MotionIn *float64 `json:"motion_in"`
	// Travel and TravelX are Σ_t median_i δ(t,i) over the map's radius, and the same of the original space; means over runs.
	Travel  *float64 `json:"travel"`
	TravelX *float64 `json:"travelx"`
	// Common and CommonX are the mean over transitions of |mean_i step| / mean_i |step|, on the map and in the original
	// space: 1 where all samples move as one, 0 where their steps cancel out.
	Common  *float64 `json:"common"`
	CommonX *float64 `json:"commonx"`
	// Straight and StraightX are the mean over epochs of the median over samples of the way from the epoch before to the one
	// after over the sum of the two steps, on the map and in the original space: 1 for a straight line, low for a zigzag.
	Straight  *float64 `json:"straight"`
	StraightX *float64 `json:"straightx"`
	// Fly is the share of (t,i) that move more than 3 times as far on the map as in the original space, each as a part of the
	// sum of medians that shares are taken of: events that there were not. Still is the share that move less than a third.
	Fly   *float64 `json:"fly"`
	Still *float64 `json:"still"`
	// KeepsPace tells whether every pace is within 2/3 and 3/2, KeepsMotion whether MotionIn is at least 0.5: of a map that
	// does not, nobody should read when something happened, or to which samples. They are nil where the measures are.
	KeepsPace   *bool `json:"keeps_pace"`
	KeepsMotion *bool `json:"keeps_motion"`
	// Dust is the mean over frames of the share of points that hang between the others.
	Dust *float64 `json:"dust"`
}

// measureTime fills in how far samples moved between consecutive epochs.
func (r *Report) measureTime(ctx context.Context, runs [][]Frame, metric string, sampled bool, workers int) error {
	var xs, ys []*path
	bare := false
	for _, frames := range runs {
		at := followed(frames, few(frames, sampled))
		y, err := follow(ctx, frames, at, Frame.laid, onMap, workers)
		if err != nil {
			return err
		}
		ys = append(ys, y)
		if bare = len(frames) > 0 && frames[0].bare(); bare {
			continue
		}
		x, err := follow(ctx, frames, at, Frame.original, metric, workers)
		if err != nil {
			return err
		}
		xs = append(xs, x)
	}
	r.Travel, r.Common, r.Straight = r.describe(ys, func(s *StepReport) *Step { return &s.Map })
	r.measureDisplacement(ys, rmsRadius(runs))
	if !bare {
		r.TravelX, r.CommonX, r.StraightX = r.describe(xs, func(s *StepReport) *Step { return &s.Original })
		r.compare(xs, ys)
	}
	return nil
}

// describe fills in the steps of one space, and returns its travel, common drift and straightness.
func (r *Report) describe(paths []*path, of func(*StepReport) *Step) (travel, common, straight *float64) {
	var sums, drift, net []float64
	radius := radiusOf(paths)
	for run, p := range paths {
		shares := p.shares()
		for t, m := range p.medians {
			s := of(&r.Steps[run][t])
			s.Moved = defined(m / radius)
			if shares != nil {
				s.Share = defined(shares[t])
			}
		}
		if len(p.medians) > 0 {
			sums = append(sums, p.sum()/radius)
		}
		drift, net = append(drift, p.common...), append(net, p.straight...)
	}
	return meanOf(finiteOf(sums)), meanOf(finiteOf(drift)), meanOf(finiteOf(net))
}

// measureDisplacement fills in how far points move, over the radius of the whole map.
func (r *Report) measureDisplacement(paths []*path, radius float64) {
	var all, medians []float64
	for _, p := range paths {
		for _, lengths := range p.lengths {
			all = append(all, finiteOf(lengths)...)
		}
		medians = append(medians, finiteOf(p.medians)...)
	}
	if radius > 0 && len(medians) > 0 {
		r.Displacement, r.Jump = defined(median(all)/radius), defined(slices.Max(medians)/radius)
	}
}

// compare fills in what the two spaces say of the same movement. xs and ys are by run.
func (r *Report) compare(xs, ys []*path) {
	var dx, dy, within, paces, pearsons []float64
	var fly, still, moved float64
	for run, x := range xs {
		y := ys[run]
		sx, sy, wayX, wayY := x.shares(), y.shares(), x.sum(), y.sum()
		if sx != nil && sy != nil {
			for t := range sx {
				if p := defined(pace(sx[t], sy[t], len(sx))); p != nil {
					r.Steps[run][t].Pace = p
					paces = append(paces, *p)
				}
			}
			pearsons = appendDefined(pearsons, correlated(sx, sy))
		}
		for t := range x.lengths {
			a, b := finiteOf(x.lengths[t]), finiteOf(y.lengths[t]) // the same samples: of those that both epochs have
			if v, ok := Spearman(a, b); ok {
				r.Steps[run][t].Motion = &v
				within = append(within, v)
			}
			dx, dy = append(dx, a...), append(dy, b...)
			if sx == nil {
				continue
			}
			for i := range a {
				in, on := a[i]/wayX, 0.0
				if sy != nil {
					on = b[i] / wayY
				}
				moved++
				fly += indicator(on > 3*in)
				still += indicator(on < in/3)
			}
		}
	}
	if v, ok := Spearman(dx, dy); ok {
		r.Motion = &v
	}
	r.MotionIn, r.Pearson = meanOf(within), meanOf(pearsons)
	if len(paces) > 0 {
		r.PMax, r.PMin = defined(slices.Max(paces)), defined(slices.Min(paces))
	}
	r.judge()
	if moved > 0 {
		r.Fly, r.Still = defined(fly/moved), defined(still/moved)
	}
}

// The pace and the motion within transitions up to which a map keeps time.
const (
	maxPace   = 1.5
	minMotion = 0.5
)

func (t *Time) judge() {
	if t.PMax != nil {
		keeps := *t.PMax <= maxPace && *t.PMin >= 1/maxPace
		t.KeepsPace = &keeps
	}
	if t.MotionIn != nil {
		keeps := *t.MotionIn >= minMotion
		t.KeepsMotion = &keeps
	}
}

// pace is the ratio of a transition's shares in the original space and on the map, of so many transitions.
func pace(original, laid float64, transitions int) float64 {
	least := 0.01 / float64(transitions) // a layer that stands still in one of them has no pace there
	return max(laid, least) / max(original, least)
}

// correlated is Pearson's correlation of the shares of two spaces, nil where it would be that of chance.
func correlated(original, laid []float64) *float64 {
	a, b := shared(original, laid)
	if len(a) < 3 || slices.Max(a)-slices.Min(a) < 0.02*mean(a) {
		return nil
	}
	v, ok := pearson(a, b)
	if !ok {
		return nil
	}
	return &v
}

// shared returns the pairs of which both are numbers.
func shared(a, b []float64) (p, q []float64) {
	for i := range a {
		if !math.IsNaN(a[i]) && !math.IsNaN(b[i]) {
			p, q = append(p, a[i]), append(q, b[i])
		}
	}
	return p, q
}

// finiteOf returns the values that are numbers.
func finiteOf(v []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(v), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}

func indicator(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
