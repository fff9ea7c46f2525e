package measure

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// neighbourhoods holds, for some rows of a frame, their nearest rows in both spaces.
type neighbourhoods struct {
	rows           []int
	k              int
	original, laid [][]int // per entry of rows, k row numbers
}

// measureFrame compares the two spaces of one frame, row by row: for a block of rows it takes the distances to all
// rows, reads everything from them and forgets them, so that memory grows with n and not with n².
func measureFrame(ctx context.Context, f Frame, sampled, workers int) (FrameReport, *neighbourhoods, error) {
	n := f.rows()
	rows := drawn(n, sampled)
	k := min(Neighbours, n-1)
	if k < 1 {
		return FrameReport{}, &neighbourhoods{rows: rows}, nil
	}
	c := newClasses(f.Classes)
	var x *space // nil: there is only the map
	if !f.bare() {
		x = newSpace(f.X, f.Dim)
	}
	y := newSpace(f.Y, f.Dims)
	hoods := &neighbourhoods{rows: rows, k: k, original: make([][]int, len(rows)), laid: make([][]int, len(rows))}
	kt := min(Neighbours, (n-1)/2) // trustworthiness needs k < n/2
	trust, cont := make([]int, len(rows)), make([]int, len(rows))
	sx, sy := newLabelRows(len(rows)), newLabelRows(len(rows))

	least := 32 // rows, that a product is worth it
	if (x == nil || x.dim <= directDims) && y.dim <= directDims {
		least = 1 // there is none, and 32 rows of a million distances would be most of the memory that an import takes
	}
	block := max(least, min(128, (1<<21)/n))
	scratch := make([]*frameScratch, workers)
	err := vec.Each(ctx, (len(rows)+block-1)/block, workers, func(w, task int) {
		if scratch[w] == nil {
			scratch[w] = newFrameScratch(block, n, k, c, x != nil)
		}
		s := scratch[w]
		lo, hi := task*block, min(len(rows), (task+1)*block)
		if x != nil {
			x.distances(s.x, rows[lo:hi], 0, n)
		}
		y.distances(s.y, rows[lo:hi], 0, n)
		for r, i := range rows[lo:hi] {
			labelled := c.count > 1 && c.of[i] >= 0
			dy := s.y[r*n : (r+1)*n]
			y.closest(s.ny, dy, i, s.found)
			hoods.laid[lo+r] = s.ny.rows()
			if labelled {
				sy.measure(lo+r, dy, s.ny, i, c, s)
			}
			if x == nil {
				continue
			}
			dx := s.x[r*n : (r+1)*n]
			x.closest(s.nx, dx, i, s.found)
			hoods.original[lo+r] = s.nx.rows()
			if kt > 0 {
				trust[lo+r] = excess(dx, s.nx[:kt], s.ny[:kt])
				cont[lo+r] = excess(dy, s.ny[:kt], s.nx[:kt])
			}
			if labelled {
				sx.measure(lo+r, dx, s.nx, i, c, s)
			}
		}
	})
	if err != nil {
		return FrameReport{}, nil, err
	}
	var report FrameReport
	if x != nil {
		report.Trustworthiness, report.Continuity = rankScore(trust, n, kt), rankScore(cont, n, kt)
	}
	if c.count > 1 {
		if x != nil {
			report.Original = sx.report(rows, c, f.X, f.Dim)
		}
		report.Map = sy.report(rows, c, f.Y, f.Dims)
	}
	return report, hoods, nil
}

// frameScratch is a worker's memory for a block of rows.
type frameScratch struct {
	x, y   []float32 // block×n squared distances in the two spaces
	nx, ny nearest
	same   nearest // the nearest among labelled rows
	sums   []float64
	found  []int32
}

func newFrameScratch(block, n, k int, c *classes, original bool) *frameScratch {
	s := &frameScratch{
		y:  make([]float32, block*n),
		nx: make(nearest, k), ny: make(nearest, k), same: make(nearest, max(0, min(Neighbours, c.labelled-1))),
		sums: make([]float64, c.count+1), found: make([]int32, n),
	}
	if original {
		s.x = make([]float32, block*n)
	}
	return s
}

// rankScore turns the sums of excess ranks of some of n rows into the score between 0 and 1.
func rankScore(excess []int, n, k int) *float64 {
	if k < 1 || len(excess) == 0 {
		return nil
	}
	sum := 0
	for _, e := range excess {
		sum += e
	}
	v := 1 - 2*float64(sum)/(float64(len(excess))*float64(k)*float64(2*n-3*k-1))
	return &v
}

// drawn returns count of n row numbers, ascending, or all of them: the same ones every time, and without a pattern that
// the order of the rows might share.
func drawn(n, count int) []int {
	if count <= 0 || count >= n {
		rows := make([]int, n)
		for i := range rows {
			rows[i] = i
		}
		return rows
	}
	rows := rand.New(rand.NewPCG(uint64(n), uint64(count))).Perm(n)[:count]
	slices.Sort(rows)
	return rows
}

// defined returns v, or nil for what has no value.
func defined(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
