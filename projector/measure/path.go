package measure

import (
	"context"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// A path is what the followed samples of one run do in one space.
type path struct {
	lengths  [][]float64 // by transition and followed sample: the distance moved; NaN where an epoch lacks the sample
	medians  []float64   // by transition; NaN where no sample is in both epochs
	common   []float64   // by transition: |mean step| / mean |step|; NaN where nothing moves
	straight []float64   // by pair of transitions: the median way over two steps over their sum; NaN where nothing moves
	squares  []float64   // by epoch: the sum over rows of the squared distance from their mean
	rows     []int       // by epoch
}

// Without being asked for all samples, about so many are followed: of transitions and samples together, and in each epoch
// at least. The standard error of a median length is about 1.25·σ/√n, σ being the standard deviation of the lengths: with
// 1,024 samples and σ a third of the mean, 1.3 %. Both spaces follow the same samples, so a pace is off by less.
const (
	followedSteps = 1 << 20
	followedLeast = 1024
)

// few is how many samples of a run to follow, 0 for all.
func few(frames []Frame, sampled bool) int {
	if !sampled {
		return 0
	}
	return max(followedLeast, followedSteps/max(1, len(frames)-1))
}

// followed returns, for each frame of a run, the row of each sample that is followed, −1 where the frame lacks it. About so
// many of the largest frame are, all for 0.
func followed(frames []Frame, few int) [][]int {
	largest := 0
	for _, f := range frames {
		largest = max(largest, f.rows())
	}
	limit := uint64(math.MaxUint64)
	if few > 0 && few < largest {
		limit = uint64(float64(few) / float64(largest) * (1 << 32) * (1 << 32))
	}
	slot := map[int]int{}
	for e, f := range frames {
		if e > 0 && slices.Equal(f.Samples, frames[e-1].Samples) {
			continue
		}
		for _, s := range f.Samples {
			if _, ok := slot[s]; !ok && scatter(uint64(s)) <= limit {
				slot[s] = len(slot)
			}
		}
	}
	at := make([][]int, len(frames))
	for e, f := range frames {
		if e > 0 && slices.Equal(f.Samples, frames[e-1].Samples) {
			at[e] = at[e-1]
			continue
		}
		at[e] = make([]int, len(slot))
		for k := range at[e] {
			at[e][k] = -1
		}
		for i, s := range f.Samples {
			if k, ok := slot[s]; ok {
				at[e][k] = i
			}
		}
	}
	return at
}

// scatter is a number without a pattern that the order of the samples might share.
func scatter(z uint64) uint64 { return random.Mix(z + random.Golden) }

// follow measures a run's path in one space, which of takes from a frame.
func follow(ctx context.Context, frames []Frame, at [][]int, of func(Frame) ([]float32, int), metric string, workers int) (*path, error) {
	n := len(frames)
	p := &path{
		lengths: make([][]float64, max(0, n-1)), medians: make([]float64, max(0, n-1)), common: make([]float64, max(0, n-1)),
		straight: make([]float64, max(0, n-2)), squares: make([]float64, n), rows: make([]int, n),
	}
	gap, err := space.Gap(metric)
	if err != nil {
		return nil, err
	}
	rows := make([]*space.Rows, n)
	for e, f := range frames {
		x, dim := of(f)
		if rows[e], err = space.NewRows(x, dim, metric); err != nil {
			return nil, err
		}
	}
	form := func(e int) ([]float32, int) {
		x, dim := of(frames[e])
		return space.Form(x, dim, metric)
	}
	err = vec.Each(ctx, n, workers, func(_, e int) { // what ends at epoch e
		x, dim := form(e)
		p.squares[e], p.rows[e] = spread(x, dim, at[e], gap)
		if e == 0 {
			return
		}
		t := e - 1
		before, _ := form(t)
		p.lengths[t] = lengths(rows[t], at[t], rows[e], at[e])
		p.medians[t] = medianOf(p.lengths[t])
		p.common[t] = drift(before, x, dim, at[t], at[e], gap) / meanLength(p.lengths[t])
	})
	if err != nil {
		return nil, err
	}
	return p, vec.Each(ctx, len(p.straight), workers, func(_, t int) {
		net := lengths(rows[t], at[t], rows[t+2], at[t+2])
		for k := range net {
			net[k] /= p.lengths[t][k] + p.lengths[t+1][k] // NaN where nothing moves, or a sample is missing
		}
		p.straight[t] = medianOf(net)
	})
}

// lengths returns how far each followed sample is apart in two frames, NaN where one lacks it.
func lengths(x *space.Rows, a []int, y *space.Rows, b []int) []float64 {
	d := make([]float64, len(a))
	for k, i := range a {
		if d[k] = math.NaN(); i >= 0 && b[k] >= 0 {
			d[k] = x.Line(i, y, b[k])
		}
	}
	return d
}

// drift is the distance between the means of the followed samples that both frames have.
func drift(x, y []float32, dim int, a, b []int, gap func(a, b []float64) float64) float64 {
	var of, to []int
	for k, i := range a {
		if i >= 0 && b[k] >= 0 {
			of, to = append(of, i), append(to, b[k])
		}
	}
	return gap(meanRow(x, dim, of), meanRow(y, dim, to))
}

// spread returns the sum of the squared distances of the given rows from their mean, and how many there are.
func spread(x []float32, dim int, rows []int, gap func(a, b []float64) float64) (squares float64, count int) {
	var present []int
	for _, i := range rows {
		if i >= 0 {
			present = append(present, i)
		}
	}
	centre, row := meanRow(x, dim, present), make([]float64, dim)
	for _, i := range present {
		for j, v := range x[i*dim : (i+1)*dim] {
			row[j] = float64(v)
		}
		d := gap(row, centre)
		squares += d * d
	}
	return squares, len(present)
}

// meanRow is the mean of the given rows, 0 for none.
func meanRow(x []float32, dim int, rows []int) []float64 {
	m := make([]float64, dim)
	for _, i := range rows {
		for j, v := range x[i*dim : (i+1)*dim] {
			m[j] += float64(v)
		}
	}
	for j := range m {
		m[j] /= float64(max(1, len(rows)))
	}
	return m
}

// meanLength is NaN where nothing moves.
func meanLength(lengths []float64) float64 {
	if m := mean(finiteOf(lengths)); m > 0 {
		return m
	}
	return math.NaN()
}

// medianOf is the median of the values that are numbers, NaN for none.
func medianOf(v []float64) float64 {
	if v = finiteOf(v); len(v) > 0 {
		return median(v)
	}
	return math.NaN()
}

// sum is that of the medians.
func (p *path) sum() (s float64) {
	for _, m := range finiteOf(p.medians) {
		s += m
	}
	return s
}

// shares returns each transition's part of the movement, NaN where no sample is in both epochs, and nil where nothing moves.
func (p *path) shares() []float64 {
	sum := p.sum()
	if sum == 0 {
		return nil
	}
	shares := make([]float64, len(p.medians))
	for t, m := range p.medians {
		shares[t] = m / sum
	}
	return shares
}

// radiusOf is the root of the mean squared distance of rows from the mean of their epoch.
func radiusOf(paths []*path) float64 {
	var squares float64
	rows := 0
	for _, p := range paths {
		for e, s := range p.squares {
			squares += s
			rows += p.rows[e]
		}
	}
	return math.Sqrt(squares / float64(rows))
}

// rmsRadius is the root of the mean squared distance of the map's points from their mean.
func rmsRadius(runs [][]Frame) float64 {
	var mean []float64
	n := 0
	for _, frames := range runs {
		for _, f := range frames {
			if mean == nil {
				mean = make([]float64, f.Dims)
			}
			for i, v := range f.Y {
				mean[i%f.Dims] += float64(v)
			}
			n += f.rows()
		}
	}
	if n == 0 {
		return 0
	}
	for j := range mean {
		mean[j] /= float64(n)
	}
	var sq float64
	for _, frames := range runs {
		for _, f := range frames {
			for i, v := range f.Y {
				d := float64(v) - mean[i%f.Dims]
				sq += d * d
			}
		}
	}
	return math.Sqrt(sq / float64(n))
}
