package umap

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/eigen"
	"gonum.org/v1/gonum/mat"
)

// A multilevel solves K·x = b approximately, K = D − W the Laplacian of a
// connected graph, in time proportional to the edges: aggregation multigrid, a
// graph of groups of rows below each graph, until one is small enough to be
// solved directly (Notay, An aggregation-based algebraic multigrid method,
// ETNA 37, 2010).
type multilevel struct {
	n      int
	start  []int
	col    []int32
	weight []float64
	degree []float64 // sum of a row's weights

	group  []int32 // of each row: its row in coarse; nil at the coarsest level
	coarse *multilevel
	direct *mat.Cholesky // of K without its last row and column; nil but at the coarsest level, or if it has one row

	x, r, t  []float64 // scratch of one cycle
	p, kp, q []float64 // scratch of inner, by the level above
	crew     int
	partials []float64
}

const (
	coarsest   = 300  // rows that are solved directly
	strong     = 0.25 // an edge is strong if it has this part of the weight of its row's strongest
	smoothings = 1    // sweeps before and after a correction
	damping    = 0.65 // of a Jacobi sweep
)

// newMultilevel sets up the levels below g, which must be connected.
func newMultilevel(ctx context.Context, g *Graph, crew int) (*multilevel, error) {
	weight := make([]float64, len(g.Weight))
	for e, w := range g.Weight {
		weight[e] = float64(w)
	}
	m := &multilevel{n: g.Rows(), start: g.Start, col: g.Col, weight: weight, crew: crew}
	for level := m; ; level = level.coarse {
		level.prepare()
		if level.n <= coarsest {
			return m, level.factorize()
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		groups := level.aggregate(strong)
		if groups > level.n/2 {
			groups = level.aggregate(0) // which at least halves a connected graph
		}
		level.coarse = level.contract(groups)
	}
}

func (m *multilevel) prepare() {
	m.degree = make([]float64, m.n)
	for i := range m.n {
		for _, w := range m.weight[m.start[i]:m.start[i+1]] {
			m.degree[i] += w
		}
	}
	for _, v := range []*[]float64{&m.x, &m.r, &m.t, &m.p, &m.kp, &m.q} {
		*v = make([]float64, m.n)
	}
	m.partials = make([]float64, vec.ChunksOf(m.n))
}

// aggregate puts rows in groups and returns how many there are: a row and its
// strong neighbours, where none of them has a group yet; the others join the
// neighbour to which they have the strongest edge.
func (m *multilevel) aggregate(strong float64) (groups int) {
	const none = -1
	m.group = make([]int32, m.n)
	for i := range m.group {
		m.group[i] = none
	}
	bar := func(i int) (least float64) {
		for _, w := range m.weight[m.start[i]:m.start[i+1]] {
			least = max(least, strong*w)
		}
		return least
	}
	for pass := range 2 { // the second for rows whose strong neighbours all joined others
		for i := range m.n {
			least, free := bar(i), m.group[i] == none
			for e := m.start[i]; e < m.start[i+1] && free && pass == 0; e++ {
				free = m.weight[e] < least || m.group[m.col[e]] == none
			}
			if !free {
				continue
			}
			if pass == 1 {
				if to := m.strongest(i); to != none {
					m.group[i] = to
					continue
				}
			}
			m.group[i] = int32(groups)
			for e := m.start[i]; e < m.start[i+1]; e++ {
				if j := m.col[e]; m.weight[e] >= least && m.group[j] == none {
					m.group[j] = int32(groups)
				}
			}
			groups++
		}
	}
	return groups
}

// strongest is the group of the row to which i has the strongest edge among
// those in a group, or -1.
func (m *multilevel) strongest(i int) int32 {
	to, most := int32(-1), -1.0
	for e := m.start[i]; e < m.start[i+1]; e++ {
		if c := m.group[m.col[e]]; c >= 0 && m.weight[e] > most {
			to, most = c, m.weight[e]
		}
	}
	return to
}

// contract is the graph of the groups; an edge has the weight of all between
// two groups.
func (m *multilevel) contract(groups int) *multilevel {
	c := &multilevel{n: groups, start: make([]int, groups+1), crew: m.crew}
	first := make([]int, groups+1) // rows by group
	for _, g := range m.group {
		first[g+1]++
	}
	for g := range groups {
		first[g+1] += first[g]
	}
	rows, fill := make([]int32, m.n), append([]int(nil), first[:groups]...)
	for i, g := range m.group {
		rows[fill[g]] = int32(i)
		fill[g]++
	}
	at := make([]int, groups) // where an edge to a group is in col, plus 1, if it is past start
	for g := range groups {
		for _, i := range rows[first[g]:first[g+1]] {
			for e := m.start[i]; e < m.start[i+1]; e++ {
				h := m.group[m.col[e]]
				if int(h) == g {
					continue
				}
				if at[h] <= c.start[g] {
					c.col, c.weight = append(c.col, h), append(c.weight, 0)
					at[h] = len(c.col)
				}
				c.weight[at[h]-1] += m.weight[e]
			}
		}
		c.start[g+1] = len(c.col)
	}
	return c
}

// factorize prepares the coarsest level to be solved directly, its last row
// held at 0.
func (m *multilevel) factorize() error {
	if m.n < 2 {
		return nil
	}
	k := mat.NewSymDense(m.n-1, nil)
	for i := range m.n - 1 {
		k.SetSym(i, i, m.degree[i])
		for e := m.start[i]; e < m.start[i+1]; e++ {
			if j := int(m.col[e]); j > i && j < m.n-1 {
				k.SetSym(i, j, -m.weight[e])
			}
		}
	}
	m.direct = new(mat.Cholesky)
	if !m.direct.Factorize(k) {
		return errSpectral
	}
	return nil
}

// multiply sets dst to K·src.
func (m *multilevel) multiply(dst, src []float64) {
	m.each(func(lo, hi int) {
		for i := lo; i < hi; i++ {
			own, sum := src[i], 0.0
			for e := m.start[i]; e < m.start[i+1]; e++ {
				sum += float64(m.weight[e] * (own - src[m.col[e]]))
			}
			dst[i] = sum
		}
	})
}

// each calls f for chunks of the rows. It goes to the end, whatever the
// context: a sweep takes milliseconds.
func (m *multilevel) each(f func(lo, hi int)) {
	crew := m.crew
	if m.n < 4*vec.Chunk {
		crew = 1
	}
	vec.Chunks(context.Background(), m.n, crew, f)
}

// cycle sets x to an approximate solution of K·x = b. What it does to b is
// nearly linear and symmetric.
func (m *multilevel) cycle(x, b []float64) {
	if m.coarse == nil {
		m.solveDirectly(x, b)
		return
	}
	m.each(func(lo, hi int) {
		for i := lo; i < hi; i++ {
			x[i] = damping * b[i] / m.degree[i]
		}
	})
	for range smoothings - 1 {
		m.smooth(x, b)
	}
	m.multiply(m.t, x)
	c := m.coarse
	clear(c.r)
	for i, g := range m.group {
		c.r[g] += b[i] - m.t[i]
	}
	c.inner()
	m.each(func(lo, hi int) {
		for i := lo; i < hi; i++ {
			x[i] += c.x[m.group[i]]
		}
	})
	for range smoothings {
		m.smooth(x, b)
	}
}

// smooth is a damped Jacobi sweep.
func (m *multilevel) smooth(x, b []float64) {
	m.multiply(m.t, x)
	m.each(func(lo, hi int) {
		for i := lo; i < hi; i++ {
			x[i] += damping * (b[i] - m.t[i]) / m.degree[i]
		}
	})
}

// inner solves K·x = r for the level above, changing r: two steps of flexible
// conjugate gradients, of which each is a cycle, so that many levels serve as
// well as two (Notay, section 3, the K-cycle).
func (m *multilevel) inner() {
	if m.coarse == nil {
		m.solveDirectly(m.x, m.r)
		return
	}
	clear(m.x)
	var last float64 // pᵀ·K·p of the step before
	for step := range 2 {
		m.cycle(m.q, m.r)
		if step > 0 && last > 0 {
			f := m.dot(m.q, m.kp) / last
			m.each(func(lo, hi int) {
				for i := lo; i < hi; i++ {
					m.q[i] -= float64(f * m.p[i])
				}
			})
		}
		m.p, m.q = m.q, m.p
		m.multiply(m.kp, m.p)
		last = m.dot(m.p, m.kp)
		if last <= 0 {
			return
		}
		f := m.dot(m.p, m.r) / last
		m.each(func(lo, hi int) {
			for i := lo; i < hi; i++ {
				m.x[i] += float64(f * m.p[i])
				m.r[i] -= float64(f * m.kp[i])
			}
		})
	}
}

func (m *multilevel) solveDirectly(x, b []float64) {
	x[m.n-1] = 0
	if m.direct != nil {
		m.direct.SolveVecTo(mat.NewVecDense(m.n-1, x[:m.n-1]), mat.NewVecDense(m.n-1, b[:m.n-1]))
	}
}

func (m *multilevel) dot(a, b []float64) (sum float64) {
	m.each(func(lo, hi int) { m.partials[lo/vec.Chunk] = eigen.Dot(a[lo:hi], b[lo:hi]) })
	for _, v := range m.partials {
		sum += v
	}
	return sum
}
