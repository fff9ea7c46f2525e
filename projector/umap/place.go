package umap

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// PlaceOptions are the settings of [Place]: those of [Layout], but that the
// groups are of the fixed points and then the new ones.
type PlaceOptions struct {
	LayoutOptions

	// Key, when not nil, gives each new row the number that its random draws
	// belong to, in the place of its position: so a row that no edge joins to
	// another new one gets the same place whatever it is placed with.
	Key []uint64
}

// Place moves the new points y (m×dims, row-major), in place, among the n
// points fixed (n×dims), which stay: the descent of [Layout] for some of the
// rows only. The graph has a row for each new point, and its columns are the
// fixed points 0 to n-1 and then the new points themselves, from n on.
//
// Every row is weighed by its own strongest edge, where Layout takes the
// strongest of all, and negatives are drawn from the fixed points: with groups,
// GroupShare of them from the fixed points of the row's group or, in a group
// that has none, from the group's new points.
func Place(ctx context.Context, y, fixed []float32, dims int, g *Graph, o PlaceOptions, progress space.Progress) error {
	p, err := newPlacement(y, fixed, dims, g, o)
	if err != nil {
		return err
	}
	for t := 1; t <= o.NEpochs; t++ {
		p.begin(t)
		err := vec.Chunks(ctx, p.m, o.Workers, p.pass)
		if err != nil {
			return err
		}
		p.now, p.next = p.next, p.now
		if progress != nil {
			progress("layout", t, o.NEpochs)
		}
	}
	copy(y, p.now)
	return nil
}

// A placement is the state of one call of Place.
type placement struct {
	n, m, dims      int // fixed points, new points
	fixed           []float32
	graph           *Graph
	step            []uint32 // per edge, as in Layout
	forces          *[2]vec.Curve
	groups          *placeGroups
	now, next       []float32 // m×dims
	moment, squares []float32

	o     PlaceOptions
	t     uint32
	key   uint64
	alpha float32
}

func newPlacement(y, fixed []float32, dims int, g *Graph, o PlaceOptions) (*placement, error) {
	if dims < 1 || len(fixed)%dims != 0 || len(fixed) == 0 {
		return nil, refuse("%d coordinates of fixed points of %d dimensions, want at least one point", len(fixed), dims)
	}
	n, m := len(fixed)/dims, g.Rows()
	if len(y) != m*dims {
		return nil, refuse("%d coordinates for %d rows of %d dimensions", len(y), m, dims)
	}
	if o.Key != nil && len(o.Key) != m {
		return nil, refuse("%d keys for %d rows", len(o.Key), m)
	}
	for _, places := range [][]float32{fixed, y} {
		for i, v := range places {
			if !(v > -1e12 && v < 1e12) {
				return nil, refuse("coordinate %d of row %d = %v, want less than 1e12 in size", i%dims, i/dims, v)
			}
		}
	}
	if err := g.check(n + m); err != nil {
		return nil, err
	}
	groups, err := newPlaceGroups(n, m, o.Group, o.GroupShare)
	if err != nil {
		return nil, err
	}
	return &placement{
		n: n, m: m, dims: dims, fixed: fixed, graph: g, step: g.stepsByRow(), groups: groups,
		forces: forces(o.A, o.B, o.RepulsionStrength),
		now:    slices.Clone(y), next: make([]float32, len(y)),
		moment: make([]float32, len(y)), squares: make([]float32, len(y)), o: o,
	}, nil
}

// begin sets up pass t as Layout does.
func (p *placement) begin(t int) {
	rate := p.o.LearningRate * (1 - float64(t-1)/float64(p.o.NEpochs))
	p.alpha = float32(rate * math.Sqrt(1-math.Pow(adamBeta2, float64(t))) / (1 - math.Pow(adamBeta1, float64(t))))
	p.t = uint32(t)
	p.key = random.Draw(p.o.Seed, 4, uint64(t))
}

// pass moves the new points lo..hi.
func (p *placement) pass(lo, hi int) {
	dims := p.dims
	gradient := make([]float32, dims)
	for i := lo; i < hi; i++ {
		here := p.now[i*dims : (i+1)*dims]
		pull := func(j int, f *vec.Curve) {
			there := p.fixed
			if j >= p.n {
				there, j = p.now, j-p.n
			}
			there = there[j*dims:][:len(here)]
			var d2 float32
			for k, v := range here {
				d2 += float32((v - there[k]) * (v - there[k]))
			}
			c := f.At(d2)
			for k, v := range here {
				gradient[k] += float32(c * (v - there[k]))
			}
		}
		clear(gradient)
		key := uint64(i)
		if p.o.Key != nil {
			key = p.o.Key[i]
		}
		key = random.Mix(p.key ^ random.Mix(key))
		from := p.graph.Start[i]
		for e := from; e < p.graph.Start[i+1]; e++ {
			step := p.step[e]
			if _, due := bits.Sub32(p.t*step, step, 0); due == 0 {
				continue
			}
			pull(int(p.graph.Col[e]), &p.forces[0])
			r := random.Mix(key + uint64(e-from)*0xd1342543de82ef95)
			for range p.o.NegativeSampleRate {
				r = nextDraw(r)
				pull(p.groups.pick(i, r), &p.forces[1])
			}
		}
		for k, v := range here {
			p.next[i*dims+k] = v + p.adam(i*dims+k, gradient[k])
		}
	}
}

// adam returns how far coordinate k moves under gradient g.
func (p *placement) adam(k int, g float32) float32 {
	m := p.moment[k] + float32((1-adamBeta1)*(g-p.moment[k]))
	s := p.squares[k] + float32((1-adamBeta2)*(float32(g*g)-p.squares[k]))
	p.moment[k], p.squares[k] = m, s
	return float32(p.alpha * m / (float32(math.Sqrt(float64(s))) + adamEps))
}

// stepsByRow gives, per edge, its weight over the largest of its row, in units
// of 2⁻³²: how often it is due.
func (g *Graph) stepsByRow() []uint32 {
	s := make([]uint32, len(g.Weight))
	for i := range g.Rows() {
		row := g.Weight[g.Start[i]:g.Start[i+1]]
		if len(row) == 0 {
			continue
		}
		largest := float64(slices.Max(row))
		if largest == 0 {
			continue
		}
		for k, w := range row {
			s[g.Start[i]+k] = uint32(min(float64(w)/largest*(1<<32), 1<<32-1))
		}
	}
	return s
}

// nextDraw follows a hashed number by others: a congruential generator whose
// upper half is used.
func nextDraw(r uint64) uint64 { return r*6364136223846793005 + 1442695040888963407 }
