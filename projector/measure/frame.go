package measure

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// neighbourhoods holds, for some rows of a frame, their nearest rows in both spaces.
type neighbourhoods struct {
	rows           []int
	k              int
	original, laid [][]int32 // per entry of rows, k row numbers
}

// measureFrame compares the two spaces of one frame, row by row: for a block of rows it takes the distances to all
// rows, reads everything from them and forgets them, so that memory grows with n and not with n².
func measureFrame(ctx context.Context, f Frame, metric string, sampled, workers int) (FrameReport, *neighbourhoods, error) {
	n := f.rows()
	rows := drawn(n, sampled)
	k := min(Neighbours, n-1)
	if k < 1 {
		return FrameReport{}, &neighbourhoods{rows: rows}, nil
	}
	c := newClasses(f.Classes)
	p, err := newPair(f, metric, workers)
	if err != nil {
		return FrameReport{}, nil, err
	}
	hoods := &neighbourhoods{rows: rows, k: k, original: make([][]int32, len(rows)), laid: make([][]int32, len(rows))}
	kt := min(Neighbours, (n-1)/2) // trustworthiness needs k < n/2
	trust, cont := make([]int, len(rows)), make([]int, len(rows))
	kept, alone := make([]float64, len(rows)), make([]bool, len(rows))
	far := dustRadius * rmsRadius([][]Frame{{f}})
	sx, sy := newLabelRows(len(rows)), newLabelRows(len(rows))
	sums := make([][]float64, workers)
	err = p.each(ctx, rows, workers, func(w, r int, x, y *space.View) {
		if sums[w] == nil {
			sums[w] = make([]float64, c.count+1)
		}
		i := rows[r]
		labelled := c.count > 1 && c.of[i] >= 0
		hoods.laid[r] = y.Nearest(k)
		if k >= dustNeighbour {
			alone[r] = p.y.Distance(i, p.y.Rows, int(hoods.laid[r][dustNeighbour-1])) > far
		}
		if labelled {
			sy.measure(r, y, hoods.laid[r], i, c, sums[w])
		}
		if x == nil {
			return
		}
		hoods.original[r] = x.Nearest(k)
		kept[r] = share(hoods.original[r], hoods.laid[r])
		if kt > 0 {
			nx, ny := hoods.original[r], hoods.laid[r]
			if kt < k {
				nx, ny = x.Nearest(kt), y.Nearest(kt)
			}
			trust[r], cont[r] = excess(x, nx, ny), excess(y, ny, nx)
		}
		if labelled {
			sx.measure(r, x, hoods.original[r], i, c, sums[w])
		}
	})
	if err != nil {
		return FrameReport{}, nil, err
	}
	var report FrameReport
	if k >= dustNeighbour {
		report.Dust = defined(part(alone))
	}
	if p.x != nil {
		if n-1 > k {
			report.Own15 = defined(mean(kept))
		}
		report.Trustworthiness, report.Continuity = rankScore(trust, n, kt), rankScore(cont, n, kt)
	}
	if c.count > 1 {
		if p.x != nil {
			report.Original = sx.report(rows, c, f.X, f.Dim, metric)
		}
		report.Map = sy.report(rows, c, f.Y, f.Dims, onMap)
	}
	return report, hoods, nil
}

// A point is dust whose dustNeighbour-th nearest point of the epoch is farther away than dustRadius times the epoch's radius.
const (
	dustNeighbour = 5
	dustRadius    = 0.1
)

// part is the share of those that are true.
func part(all []bool) float64 {
	n := 0
	for _, is := range all {
		if is {
			n++
		}
	}
	return float64(n) / float64(len(all))
}

// excess returns Σ max(0, rank − k) over the picked rows, where a row's rank counts from 1 along the distances from a
// row, and near holds the k nearest. Rows of near need no look: their rank is at most k.
func excess(v *space.View, near, picks []int32) (sum int) {
	for _, p := range picks {
		if !slices.Contains(near, p) {
			sum += v.Rank(int(p)) + 1 - len(near)
		}
	}
	return sum
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
