package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A journey is a layer of two columns, by epoch n×2, whose samples step on, each its own way and some farther than others, in
// steps that shrink from epoch to epoch: what is measured against maps of it that are known.
type journey [][]float32

func newJourney(epochs, n int, seed uint64) journey {
	r := rand.New(rand.NewPCG(seed, 2))
	first, way := make([]float32, 2*n), make([]float64, 2*n)
	for i := range n {
		speed := 0.5 + r.Float64()
		way[2*i], way[2*i+1] = speed*(1+0.3*r.NormFloat64()), 0.3*speed*r.NormFloat64()
		first[2*i], first[2*i+1] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	j := journey{first}
	for e := 1; e < epochs; e++ {
		length := math.Pow(0.7, float64(e)) * (1 + 0.3*r.Float64())
		next := slices.Clone(j[e-1])
		for k := range next {
			next[k] += float32(length * way[k] * (1 + 0.1*r.NormFloat64()))
		}
		j = append(j, next)
	}
	return j
}

// steps returns each transition's steps.
func (j journey) steps() (steps [][]float32) {
	for t := range j[1:] {
		s := slices.Clone(j[t+1])
		for k := range s {
			s[k] -= j[t][k]
		}
		steps = append(steps, s)
	}
	return steps
}

// walk takes steps from where the journey begins.
func (j journey) walk(steps [][]float32) journey {
	out := journey{j[0]}
	for t, s := range steps {
		next := slices.Clone(out[t])
		for k := range next {
			next[k] += s[k]
		}
		out = append(out, next)
	}
	return out
}

// each returns the journey with f applied to every place (x, y) of sample i at epoch e.
func (j journey) each(f func(e, i int, x, y float64) (float64, float64)) journey {
	out := journey{}
	for e, rows := range j {
		next := make([]float32, len(rows))
		for i := range len(rows) / 2 {
			x, y := f(e, i, float64(rows[2*i]), float64(rows[2*i+1]))
			next[2*i], next[2*i+1] = float32(x), float32(y)
		}
		out = append(out, next)
	}
	return out
}

// frames lays the layer out as the map has it.
func frames(layer, laid journey) (list []Frame) {
	for e := range layer {
		f := Frame{X: layer[e], Dim: 2, Y: laid[e], Dims: 2, Samples: drawn(len(layer[e])/2, 0)}
		list = append(list, f)
	}
	return list
}

// within checks a measure against a range.
func within(t *testing.T, name string, got *float64, low, high float64) {
	t.Helper()
	if got == nil || *got < low || *got > high {
		t.Errorf("%s = %v, want %v … %v", name, value(got), low, high)
	}
}

func value(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// TestTimeOfKnownMaps: what the measures say of maps whose faults are known, and of maps that know nothing of time.
func TestTimeOfKnownMaps(t *testing.T) {
	const epochs, n = 13, 200
	layer := newJourney(epochs, n, 1)
	r := rand.New(rand.NewPCG(5, 6))
	dealt, shuffled := layer.steps(), layer.steps()
	for t, s := range dealt {
		to := slices.Clone(s)
		for i, k := range r.Perm(n) {
			copy(to[2*i:2*i+2], s[2*k:2*k+2])
		}
		dealt[t] = to
	}
	order := []int{6, 11, 1, 4, 9, 2, 7, 0, 10, 3, 8, 5}
	for t, at := range order {
		shuffled[t] = layer.steps()[at]
	}
	bound := func(low, high float64) [2]float64 { return [2]float64{low, high} }
	one, all := bound(0.999, 1.001), bound(-1, 99)
	for name, c := range map[string]struct {
		laid                                                        journey
		pmax, pmin, pearson, motion, motionIn, fly, still, straight [2]float64
	}{
		"the layer, turned and half as large": {layer.each(func(_, _ int, x, y float64) (float64, float64) { return y / 2, -x / 2 }),
			one, one, one, one, one, bound(0, 0), bound(0, 0), bound(0.98, 1)},
		// The right pace alone makes motion high: which samples move is chance.
		"its steps dealt to other samples": {layer.walk(dealt),
			one, one, one, bound(0.8, 0.95), bound(-0.1, 0.1), bound(0, 0.1), bound(0, 0.1), bound(0.9, 1)},
		"its transitions in another order": {layer.walk(shuffled),
			bound(3, 99), bound(0, 0.3), bound(-0.6, 0.6), bound(-0.6, 0.6), bound(0.5, 1), bound(0.1, 1), bound(0.1, 1), all},
		"each epoch turned at random": {layer.each(func(e, _ int, x, y float64) (float64, float64) {
			sin, cos := math.Sincos(float64(e * e * 7))
			return cos*x - sin*y, sin*x + cos*y
		}), bound(2, 99), bound(0, 0.5), bound(-0.7, 0.7), all, all, all, all, bound(0, 0.8)},
		"one picture in noise": {layer.each(func(e, i int, _, _ float64) (float64, float64) {
			at := layer[epochs-1]
			return float64(at[2*i]) + 0.01*r.NormFloat64(), float64(at[2*i+1]) + 0.01*r.NormFloat64()
		}), bound(2, 99), bound(0, 0.5), bound(-0.7, 0.7), bound(-0.1, 0.1), bound(-0.05, 0.05), bound(0.1, 1), bound(0.1, 1), bound(0.3, 0.7)},
		"a jump that never was": {layer.each(func(e, _ int, x, y float64) (float64, float64) { return x + 9*float64(b2i(e > 5)), y }),
			bound(5, 99), bound(0, 0.5), bound(-0.7, 0.7), bound(0.5, 1), bound(0.8, 1), bound(0.05, 0.2), bound(0.3, 1), all},
	} {
		t.Run(name, func(t *testing.T) {
			r := compute(t, [][]Frame{frames(layer, c.laid)}, Options{})
			for _, m := range []struct {
				name string
				got  *float64
				want [2]float64
			}{
				{"pmax", r.PMax, c.pmax}, {"pmin", r.PMin, c.pmin}, {"pearson", r.Pearson, c.pearson}, {"motion", r.Motion, c.motion},
				{"motion_in", r.MotionIn, c.motionIn}, {"fly", r.Fly, c.fly}, {"still", r.Still, c.still}, {"straight", r.Straight, c.straight},
			} {
				within(t, m.name, m.got, m.want[0], m.want[1])
			}
			if keeps := c.pmax == one; r.KeepsPace == nil || *r.KeepsPace != keeps {
				t.Errorf("keeps_pace %v, want %v", r.KeepsPace, keeps)
			}
			if keeps := c.motionIn[0] >= 0.5; c.motionIn != all && (r.KeepsMotion == nil || *r.KeepsMotion != keeps) {
				t.Errorf("keeps_motion %v, want %v", r.KeepsMotion, keeps)
			}
		})
	}
}

// TestTimeAgreesWithDefinitions takes the measures from their formulas, one after the other.
func TestTimeAgreesWithDefinitions(t *testing.T) {
	layer := newJourney(6, 50, 3)
	r := rand.New(rand.NewPCG(1, 9))
	laid := layer.each(func(_, _ int, x, y float64) (float64, float64) {
		return x + 0.1*r.NormFloat64(), y + 0.1*r.NormFloat64()
	})
	got := compute(t, [][]Frame{frames(layer, laid)}, Options{})
	slow := func(j journey) (lengths [][]float64, shares []float64, radius, common, straight float64) {
		var squares, total float64
		for e, rows := range j {
			centre := [2]float64{}
			for k, v := range rows {
				centre[k%2] += float64(v) / 50
			}
			for k, v := range rows {
				squares += (float64(v) - centre[k%2]) * (float64(v) - centre[k%2]) / 50 / 6
			}
			if e == 0 {
				continue
			}
			var step [2]float64
			var d, net []float64
			for i := range 50 {
				before := j[e-1]
				u, v := float64(rows[2*i])-float64(before[2*i]), float64(rows[2*i+1])-float64(before[2*i+1])
				step[0], step[1] = step[0]+u/50, step[1]+v/50
				d = append(d, math.Hypot(u, v))
				if e > 1 {
					first := j[e-2]
					way := math.Hypot(float64(rows[2*i])-float64(first[2*i]), float64(rows[2*i+1])-float64(first[2*i+1]))
					net = append(net, way/(d[i]+lengths[e-2][i]))
				}
			}
			lengths = append(lengths, d)
			common += math.Hypot(step[0], step[1]) / mean(d) / 5
			if e > 1 {
				straight += median(net) / 4
			}
			m := median(slices.Clone(d))
			shares, total = append(shares, m), total+m
		}
		for t := range shares {
			shares[t] /= total
		}
		return lengths, shares, math.Sqrt(squares), common, straight
	}
	dx, sx, rx, cx, zx := slow(layer)
	dy, sy, ry, cy, zy := slow(laid)
	var tx, ty, pmax, in, fly, still float64
	pmin := 99.0
	for t := range dx {
		tx, ty = tx+median(slices.Clone(dx[t])), ty+median(slices.Clone(dy[t]))
		pmax, pmin = max(pmax, sy[t]/sx[t]), min(pmin, sy[t]/sx[t])
		v, _ := Spearman(dx[t], dy[t])
		in += v / 5
	}
	for e := range dx {
		for i := range dx[e] {
			fly += indicator(dy[e][i]/ty > 3*dx[e][i]/tx) / 250
			still += indicator(dy[e][i]/ty < dx[e][i]/tx/3) / 250
		}
		step := got.Steps[0][e]
		near(t, "share of the layer", step.Original.Share, sx[e])
		near(t, "share of the map", step.Map.Share, sy[e])
		near(t, "moved", step.Map.Moved, median(slices.Clone(dy[e]))/ry)
		near(t, "pace", step.Pace, sy[e]/sx[e])
	}
	corr, _ := pearson(sx, sy)
	motion, _ := Spearman(slices.Concat(dx...), slices.Concat(dy...))
	for _, m := range []struct {
		name string
		got  *float64
		want float64
	}{
		{"pmax", got.PMax, pmax}, {"pmin", got.PMin, pmin}, {"pearson", got.Pearson, corr}, {"motion", got.Motion, motion}, {"motion_in", got.MotionIn, in},
		{"travel", got.Travel, ty / ry}, {"travelx", got.TravelX, tx / rx}, {"common", got.Common, cy}, {"commonx", got.CommonX, cx},
		{"straight", got.Straight, zy}, {"straightx", got.StraightX, zx}, {"fly", got.Fly, fly}, {"still", got.Still, still},
	} {
		near(t, m.name, m.got, m.want)
	}
}

// TestTimeOfControls: layers of which it is known how they move.
func TestTimeOfControls(t *testing.T) {
	const epochs, n = 11, 200
	r := rand.New(rand.NewPCG(2, 2))
	still := journey{}
	for range epochs {
		still = append(still, newJourney(1, n, 4)[0])
	}
	centred := still.each(func(_, i int, x, y float64) (float64, float64) { // pairs of samples opposite each other: the mean is 0
		sign := float64(1 - 2*(i%2))
		at := still[0]
		return sign * float64(at[i/2*4]), sign * float64(at[i/2*4+1])
	})
	t.Run("frozen", func(t *testing.T) {
		got := compute(t, [][]Frame{frames(still, newJourney(epochs, n, 1))}, Options{})
		for name, m := range map[string]*float64{"pmax": got.PMax, "pmin": got.PMin, "pearson": got.Pearson, "motion": got.Motion,
			"motion_in": got.MotionIn, "fly": got.Fly, "still": got.Still, "commonx": got.CommonX, "straightx": got.StraightX} {
			if m != nil {
				t.Errorf("%s = %v of a layer that stands still, want nil", name, *m)
			}
		}
		near(t, "travelx", got.TravelX, 0)
		within(t, "travel", got.Travel, 0.5, 99)
	})
	t.Run("frozen on the map", func(t *testing.T) {
		got := compute(t, [][]Frame{frames(newJourney(epochs, n, 1), still)}, Options{})
		near(t, "travel", got.Travel, 0)
		near(t, "still", got.Still, 1)
		near(t, "fly", got.Fly, 0)
	})
	t.Run("growing", func(t *testing.T) { // from 1 to 2 about its mean: each step is a tenth of the first distance from it
		layer := centred.each(func(e, _ int, x, y float64) (float64, float64) {
			s := 1 + float64(e)/(epochs-1)
			return s * x, s * y
		})
		got := compute(t, [][]Frame{frames(layer, layer)}, Options{})
		near(t, "common", got.Common, 0)
		near(t, "straight", got.Straight, 1)
		near(t, "share", got.Steps[0][3].Map.Share, 0.1)
		if got.Pearson != nil {
			t.Errorf("pearson = %v where all shares are equal, want nil", *got.Pearson)
		}
	})
	t.Run("rotating", func(t *testing.T) { // by 0.1 rad a step: the chord is 2·sin(0.05) of the distance from the mean
		layer := centred.each(func(e, _ int, x, y float64) (float64, float64) {
			sin, cos := math.Sincos(0.1 * float64(e))
			return cos*x - sin*y, sin*x + cos*y
		})
		got := compute(t, [][]Frame{frames(layer, layer)}, Options{})
		near(t, "common", got.Common, 0)
		near(t, "straight", got.Straight, math.Cos(0.05)) // 2·sin(0.1) / 4·sin(0.05)
		near(t, "pmax", got.PMax, 1)
	})
	t.Run("drifting", func(t *testing.T) {
		layer := centred.each(func(e, _ int, x, y float64) (float64, float64) { return x + float64(e*e), y })
		got := compute(t, [][]Frame{frames(layer, layer)}, Options{})
		near(t, "common", got.Common, 1)
		near(t, "share of the last", got.Steps[0][9].Original.Share, 19./100)
	})
	t.Run("to and fro", func(t *testing.T) {
		layer := centred.each(func(e, _ int, x, y float64) (float64, float64) { return x + float64(e%2), y })
		got := compute(t, [][]Frame{frames(layer, layer)}, Options{})
		near(t, "straight", got.Straight, 0)
	})
	t.Run("noisy", func(t *testing.T) {
		layer := still.each(func(_, _ int, x, y float64) (float64, float64) {
			return x + 0.01*r.NormFloat64(), y + 0.01*r.NormFloat64()
		})
		got := compute(t, [][]Frame{frames(layer, layer)}, Options{})
		within(t, "straight", got.Straight, 0.4, 0.65)
		within(t, "common", got.Common, 0, 0.15)
	})
	t.Run("one transition in which nothing moves", func(t *testing.T) {
		layer := newJourney(4, n, 1)
		layer[2] = layer[1]
		laid := layer.each(func(e, _ int, x, y float64) (float64, float64) { return x + 0.5*float64(b2i(e > 1)), y })
		got := compute(t, [][]Frame{frames(layer, laid)}, Options{})
		within(t, "pace", got.Steps[0][1].Pace, 50, 300) // against a hundredth of an even share
	})
}

// TestTimeByDirection: by cosine, lengths are chords, so that a turn by twice the angle counts twice.
func TestTimeByDirection(t *testing.T) {
	const n = 40
	layer := journey{}
	for _, angle := range []float64{0, 0.01, 0.03, 0.04} {
		rows := make([]float32, 2*n)
		for i := range n {
			sin, cos := math.Sincos(angle + 6*float64(i)/n)
			rows[2*i], rows[2*i+1] = float32(cos*float64(i+1)), float32(sin*float64(i+1))
		}
		layer = append(layer, rows)
	}
	for _, metric := range []string{"cosine", "euclidean", "manhattan"} {
		got := compute(t, [][]Frame{frames(layer, layer)}, Options{Metric: metric})
		if metric != "manhattan" {
			within(t, metric+" share", got.Steps[0][1].Original.Share, 0.499, 0.501)
		}
		within(t, metric+" straight", got.StraightX, 0.98, 1.000001)
	}
}

// TestDust: of a lattice and some points far from it, these are dust.
func TestDust(t *testing.T) {
	f := Frame{Dims: 2}
	for i := range 100 {
		f.Samples = append(f.Samples, i)
		if i < 90 {
			f.Y = append(f.Y, 0.01*float32(i%10), 0.01*float32(i/10))
		} else {
			f.Y = append(f.Y, 0, 40*float32(i)) // each alone
		}
	}
	near(t, "dust", compute(t, [][]Frame{{f, f}}, Options{}).Dust, 0.1)
	if got := compute(t, [][]Frame{{f.pick(drawn(5, 0))}}, Options{}); got.Dust != nil {
		t.Errorf("five points have dust %v", *got.Dust)
	}
}

// TestOwn15: what is kept within epochs is not what is kept among all.
func TestOwn15(t *testing.T) {
	list := training(3, 60, 5, 3, 5)
	var want float64
	for _, f := range list {
		want += slowRecall(f.X, 5, f.Y, 2, 15, 15) / 3
	}
	got := compute(t, [][]Frame{list}, Options{})
	near(t, "own15", got.Own15, want)
	if *got.Own15 == *got.KNN15 {
		t.Error("own15 is knn15")
	}
}
