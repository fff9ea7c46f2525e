package umap

import (
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// LayoutOptions are the settings of [Layout]; those of [Options] mean the same.
type LayoutOptions struct {
	A, B               float64 // the curve, from [FitCurve]
	NEpochs            int     // passes over the graph, ≥ 0
	LearningRate       float64
	NegativeSampleRate int
	RepulsionStrength  float64
	Seed               uint64
	Workers            int // goroutines; 0 means GOMAXPROCS

	// Group, when not nil, gives each row a group, numbered from 0, and
	// GroupShare of a row's negatives (0 to 1) are drawn from its own group,
	// the others from all rows.
	Group      []int32
	GroupShare float64

	// After, when not nil, may move the points (n×dims) after each pass. It is
	// told the pass's rate, which falls from 1 to 1/NEpochs, without
	// LearningRate.
	After func(ctx context.Context, y []float32, rate float64) error
}

// Layout moves the points y (n×dims, row-major), in place, so that points
// joined in g lie near each other and others apart: descent on UMAP's cross
// entropy with sampled edges and sampled negatives (section 4.2 of the paper).
//
// Each pass gathers, for every point, the forces of its due edges and of their
// negatives, all from where points lay before the pass, and then moves all
// points at once by Adam (Kingma and Ba 2015), as uwot's batch mode does.
// Points do not wait for each other, and randomness is a hash of seed, pass
// and edge, so the result is the same for any number of workers.
func Layout(ctx context.Context, y []float32, dims int, g *Graph, o LayoutOptions, progress space.Progress) error {
	d, err := newDescent(y, dims, g, o)
	if err != nil {
		return err
	}
	for t := 1; t <= o.NEpochs; t++ {
		d.begin(t)
		err := vec.Each(ctx, vec.ChunksOf(d.n), len(d.crew), func(w, c int) {
			lo, hi := c*vec.Chunk, min(d.n, (c+1)*vec.Chunk)
			if g.Start[lo] < g.Start[hi] { // points without edges stay where they are
				d.pass(&d.crew[w], lo, hi)
			}
		})
		if err != nil {
			return err
		}
		d.now, d.next = d.next, d.now
		if o.After != nil {
			if err := o.After(ctx, d.now, d.rate(t)); err != nil {
				return err
			}
		}
		if progress != nil {
			progress("layout", t, o.NEpochs)
		}
	}
	copy(y, d.now)
	return nil
}

// A descent is the state of one call of Layout.
type descent struct {
	n, dims         int
	graph           *Graph
	step            []uint32 // per edge; see steps
	pools           pools
	now, next       []float32 // n×dims, before and after this pass
	moment, squares []float32 // n×dims, Adam's running means of the gradient and its square
	crew            []member

	o    LayoutOptions
	t    uint32 // this pass, from 1
	key  uint64 // of its random numbers
	adam vec.AdamStep
}

// Adam's constants. The first moment's memory is uwot's (its batch mode has 0.5
// and 0.9): a gradient of samples changes too much from pass to pass for the
// usual 0.9. A second moment of longer memory than uwot's gave 1 % more of the
// nearest neighbours on each of three trainings.
const (
	adamBeta1 = 0.5
	adamBeta2 = 0.99
	adamEps   = 1e-7
)

func newDescent(y []float32, dims int, g *Graph, o LayoutOptions) (*descent, error) {
	n := g.Rows()
	if dims < 1 || len(y) != n*dims {
		return nil, refuse("%d coordinates for %d rows of %d dimensions", len(y), n, dims)
	}
	for i, v := range y {
		if !(v > -1e12 && v < 1e12) {
			return nil, refuse("coordinate %d of row %d = %v, want less than 1e12 in size", i%dims, i/dims, v)
		}
	}
	if err := g.Validate(); err != nil {
		return nil, err
	}
	p, err := newPools(n, o.Group, o.GroupShare)
	if err != nil {
		return nil, err
	}
	d := &descent{
		n: n, dims: dims, graph: g, step: g.steps(), pools: p, o: o,
		now: slices.Clone(y), next: slices.Clone(y),
		moment: make([]float32, len(y)), squares: make([]float32, len(y)),
		crew: make([]member, vec.Workers(o.Workers)),
	}
	both := forces(o.A, o.B, o.RepulsionStrength)
	for w := range d.crew {
		d.crew[w] = member{
			field:    vec.Field{Forces: both, Pool: p.rows, Negatives: uint32(o.NegativeSampleRate), Points: uint32(n), Share: p.share},
			gradient: vec.Aligned(min(n, vec.Chunk) * dims),
		}
	}
	return d, nil
}

// rate is that of pass t: it falls linearly from 1.
func (d *descent) rate(t int) float64 { return 1 - float64(t-1)/float64(d.o.NEpochs) }

// begin sets up pass t.
func (d *descent) begin(t int) {
	d.adam = vec.NewAdamStep(t, d.o.LearningRate*d.rate(t), adamBeta1, adamBeta2, adamEps)
	d.t = uint32(t)
	d.key = random.Draw(d.o.Seed, 3, uint64(t))
}

// steps gives, per edge, the share of the passes in which it is due, weight /
// largest weight, in units of 2⁻³²: it is due in pass t when t·step wraps
// round past 2³², which needs no memory of when it last was.
func (g *Graph) steps() []uint32 {
	largest := 0.0
	for _, w := range g.Weight {
		largest = max(largest, float64(w))
	}
	s := make([]uint32, len(g.Weight))
	for e, w := range g.Weight {
		s[e] = uint32(min(float64(w)/largest*(1<<32), 1<<32-1))
	}
	return s
}
