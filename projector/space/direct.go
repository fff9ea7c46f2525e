package space

import (
	"cmp"
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

type neighbor struct {
	dist float64
	row  int32
}

func nearer(a, b neighbor) int {
	if c := cmp.Compare(a.dist, b.dist); c != 0 {
		return c
	}
	return cmp.Compare(a.row, b.row)
}

// measured appends the rows of x on a list to near, measured from row at of q and in order.
func measured(near []neighbor, list []candidate, q *Rows, at int, x *Rows) []neighbor {
	for _, c := range list {
		if c != noCandidate {
			near = append(near, neighbor{q.orderOf(at, x, c.row()), int32(c.row())})
		}
	}
	slices.SortFunc(near, nearer)
	return near
}

// direct appends the k rows of x nearest to row at of q to near, which is empty,
// having measured all but row skip.
func direct(ctx context.Context, near []neighbor, q *Rows, at int, x *Rows, skip, k int) []neighbor {
	for j := range x.n {
		if j == skip {
			continue
		}
		if len(near) == k {
			if near[k-1].dist == 0 { // equal rows come in order: none later is nearer
				break
			}
			if j%vec.Chunk == 0 && ctx.Err() != nil {
				break
			}
		}
		near = keep(near, k, neighbor{q.orderOf(at, x, j), int32(j)})
	}
	return near
}

// keep inserts v, which comes after all rows so far, where it is among the k nearest.
func keep(near []neighbor, k int, v neighbor) []neighbor {
	if len(near) < k {
		near = append(near, neighbor{})
	} else if v.dist >= near[k-1].dist {
		return near
	}
	at := len(near) - 1
	for at > 0 && near[at-1].dist > v.dist {
		near[at] = near[at-1]
		at--
	}
	near[at] = v
	return near
}
