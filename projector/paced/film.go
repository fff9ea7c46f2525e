package paced

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// Rows are what a film shows.
type Rows struct {
	X      []float32 // n×Dim, row-major
	Dim    int
	Epoch  []int32 // of each row, numbered from 0 in the order of time; none is without rows
	Sample []int32 // of each row, numbered from 0; a sample has at most one row at an epoch
}

// Options are the settings of a [Film].
type Options struct {
	Dims    int     // of the map, 2 or 3
	Metric  string  // of the rows, one of [space.Metrics]; lengths are those of its forms, see [space.Form]
	Travel  float64 // how far samples travel on the map, of how far they do in the layer, both in radii of a picture; ≥ 0
	Seed    uint64  // of the pairs that the scale is measured with
	Workers int     // goroutines; 0 means GOMAXPROCS
}

// A Film is the state of a map that keeps time while its layout moves.
type Film struct {
	o       Options
	x       []float32 // n×dim, the forms of the rows
	n, dim  int
	gap     func(a, b []float64) float64
	unit    float64   // of lengths in the layer, so that none overflows: the largest magnitude in x
	epoch   []int32   // of each row
	sample  []int32   // of each row
	frames  [][]int32 // rows of each epoch, by sample
	tracks  [][]int32 // rows of each sample, by epoch
	springs springs
	pairs   pairs
	chain   chain

	path   []float64 // epochs×dims, g; of a film that goes on, c·g
	held   []bool    // rows of a film that goes on that do not move
	was    []float32 // n×dims, where they lie
	fixed  float64   // its c
	offset []float32 // epochs×dims, c·g at this pass
	next   []float32 // n×dims, places after a round
	round  func(worker, chunk int)
	shift  func(worker, chunk int)
	y      []float32 // n×dims, the layout's, during a pass
	c, k   float32   // during a pass: the scale, and the share of the error that a round mends

	settling bool // springs to the next appearance alone count
}

// New measures how the samples of r move in the layer.
func New(ctx context.Context, r Rows, o Options) (*Film, error) {
	n, err := space.Check(r.X, r.Dim)
	if err != nil {
		return nil, err
	}
	gap, err := space.Gap(o.Metric)
	if err != nil {
		return nil, err
	}
	if o.Dims != 2 && o.Dims != 3 {
		return nil, refuse("dims = %d, want 2 or 3", o.Dims)
	}
	if !(o.Travel >= 0 && o.Travel <= MaxTravel) {
		return nil, refuse("travel = %v, want 0 to %v", o.Travel, float64(MaxTravel))
	}
	f := &Film{o: o, n: n, gap: gap, epoch: r.Epoch, sample: r.Sample}
	if f.frames, f.tracks, err = group(n, r.Epoch, r.Sample); err != nil {
		return nil, err
	}
	f.x, f.dim = space.Form(r.X, r.Dim, o.Metric)
	f.unit = largest(f.x)
	if f.springs, err = newSprings(ctx, f); err != nil {
		return nil, err
	}
	f.pairs = newPairs(f)
	f.offset, f.next = make([]float32, len(f.frames)*o.Dims), make([]float32, n*o.Dims)
	f.round, f.shift = f.relaxChunk, f.shiftChunk
	return f, nil
}

// MaxTravel is the most that [Options].Travel may be.
const MaxTravel = 10

// A film ends with so many rounds of the springs to the next appearance alone, each of which mends half of the error: what is
// left of it in a transition goes, and points move too little to lose their neighbours.
const (
	settleRounds = 24
	settleShare  = 0.5
)

// Begin takes where the rows start, y (n×dims), and makes pictures of it: each epoch about the middle and, unless size is 0,
// of that radius (root mean square). It finds the path that the pictures are to follow, turned as they are.
func (f *Film) Begin(ctx context.Context, y []float32, size float64) (err error) {
	f.fold(y, size)
	f.chain = f.newChain(nil)
	if f.path, err = f.newPath(ctx, y); err != nil {
		return err
	}
	f.pairs.bound(f.path, f.o)
	copy(f.next, y)
	f.align(y)
	return nil
}

// Pass moves the pictures y (n×dims) as said in the comment of the package. It is what a layout calls after a pass, with a
// rate that falls from 1 to 0.
func (f *Film) Pass(ctx context.Context, y []float32, rate float64) error {
	f.relax(y, math.Sqrt(rate))
	return ctx.Err()
}

// End turns the pictures y into places on the map.
func (f *Film) End(ctx context.Context, y []float32) error {
	f.settling = true
	for range settleRounds {
		f.relax(y, settleShare)
	}
	f.settling = false
	f.measure(y)
	for i, t := range f.epoch {
		for j := range f.o.Dims {
			y[i*f.o.Dims+j] += f.offset[int(t)*f.o.Dims+j]
		}
		if f.held != nil && f.held[i] {
			copy(y[i*f.o.Dims:(i+1)*f.o.Dims], f.was[i*f.o.Dims:])
		}
	}
	return ctx.Err()
}

// relax makes one round of Jacobi's, which mends a share of the error, and puts the pictures back about the middle.
func (f *Film) relax(y []float32, share float64) {
	f.measure(y)
	f.y, f.k = y, float32(share)
	vec.Parallel(f.o.Workers, vec.ChunksOf(f.n), f.round)
	f.align(y)
	f.y = nil
}

// measure brings the scale, and with it the path, up to the pictures y.
func (f *Film) measure(y []float32) {
	c, k := f.fixed, 1.0
	if f.held == nil {
		c = f.scale(y)
		k = c
	}
	f.c = float32(c)
	for i, g := range f.path {
		f.offset[i] = float32(k * g)
	}
}

// fold puts each epoch of y about the middle and, unless size is 0, scales it.
func (f *Film) fold(y []float32, size float64) {
	dims := f.o.Dims
	for _, rows := range f.frames {
		mean := f.mean(y, dims, rows)
		square := 0.0
		for _, i := range rows {
			for j, m := range mean {
				d := float64(y[int(i)*dims+j]) - m
				square += d * d
			}
		}
		factor := 1.0
		if radius := math.Sqrt(square / float64(len(rows))); size > 0 && radius > 0 {
			factor = size / radius
		}
		for _, i := range rows {
			for j, m := range mean {
				y[int(i)*dims+j] = float32(factor * (float64(y[int(i)*dims+j]) - m))
			}
		}
	}
}

// length is the distance between two places in the space of the rows' forms.
func (f *Film) length(a, b []float64) float64 { return f.gap(a, b) / f.unit }

// mean is that of the given rows of x, which has dim columns.
func (f *Film) mean(x []float32, dim int, rows []int32) []float64 {
	mean := make([]float64, dim)
	for _, i := range rows {
		for j, v := range x[int(i)*dim:][:dim] {
			mean[j] += float64(v)
		}
	}
	for j := range mean {
		mean[j] /= float64(len(rows))
	}
	return mean
}

// group returns the rows of each epoch, by sample, and of each sample, by epoch.
func group(n int, epoch, sample []int32) (frames, tracks [][]int32, err error) {
	if len(epoch) != n || len(sample) != n {
		return nil, nil, refuse("%d rows have %d epochs and %d samples, want one of each for each", n, len(epoch), len(sample))
	}
	for i := range n {
		if epoch[i] < 0 || int(epoch[i]) >= n || sample[i] < 0 || int(sample[i]) >= n {
			return nil, nil, refuse("row %d is of epoch %d and sample %d, want 0 to %d", i, epoch[i], sample[i], n-1)
		}
	}
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	tracks = split(flatten(split(order, epoch)), sample)
	frames = split(flatten(tracks), epoch)
	for t, rows := range frames {
		if len(rows) == 0 {
			return nil, nil, refuse("epoch %d has no rows", t)
		}
		for k, i := range rows[1:] {
			if sample[i] == sample[rows[k]] {
				return nil, nil, refuse("rows %d and %d are both of sample %d at epoch %d", rows[k], i, sample[i], t)
			}
		}
	}
	return frames, tracks, nil
}

// split parts rows by their key, numbered from 0, and keeps their order.
func split(rows, key []int32) [][]int32 {
	if len(rows) == 0 {
		return nil
	}
	parts := make([][]int32, slices.Max(key)+1)
	for _, i := range rows {
		parts[key[i]] = append(parts[key[i]], i)
	}
	return parts
}

// largest is the largest magnitude in x, 1 if that is 0.
func largest(x []float32) float64 {
	var top float32
	for _, v := range x {
		top = max(top, v, -v)
	}
	if top == 0 {
		return 1
	}
	return float64(top)
}

func flatten(parts [][]int32) []int32 { return slices.Concat(parts...) }

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{space.ErrInput}, args...)...)
}
