package space

import (
	"cmp"
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// A distance measures two rows directly, in float64 and one fixed order. It
// need only order pairs as the metric does.
type distance func(a, b []float32) float64

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

// nearest appends the rows of x on list i to near, measured from q and in order.
func (l *shortlists) nearest(i int, near []neighbor, q, x []float32, measure distance) []neighbor {
	for _, c := range l.of(i) {
		if j := c.row(); c != noCandidate {
			near = append(near, neighbor{measure(q, x[j*len(q):][:len(q)]), int32(j)})
		}
	}
	slices.SortFunc(near, nearer)
	return near
}

// direct appends the k rows of x nearest to q to near, which is empty, having
// measured all but row skip.
func direct(ctx context.Context, near []neighbor, q, x []float32, skip, k int, measure distance) []neighbor {
	dim := len(q)
	for j := range len(x) / dim {
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
		d := measure(q, x[j*dim:(j+1)*dim])
		if len(near) < k {
			near = append(near, neighbor{})
		} else if d >= near[k-1].dist {
			continue
		}
		at := len(near) - 1
		for at > 0 && near[at-1].dist > d {
			near[at] = near[at-1]
			at--
		}
		near[at] = neighbor{d, int32(j)}
	}
	return near
}

// sqdist is the squared Euclidean distance.
func sqdist(a, b []float32) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	k := 0
	for ; k+4 <= len(a); k += 4 {
		d0, d1 := float64(a[k])-float64(b[k]), float64(a[k+1])-float64(b[k+1])
		d2, d3 := float64(a[k+2])-float64(b[k+2]), float64(a[k+3])-float64(b[k+3])
		s0 += float64(d0 * d0) // the conversions forbid fusing, so that all machines agree
		s1 += float64(d1 * d1)
		s2 += float64(d2 * d2)
		s3 += float64(d3 * d3)
	}
	for ; k < len(a); k++ {
		d := float64(a[k]) - float64(b[k])
		s0 += float64(d * d)
	}
	return (s0 + s1) + (s2 + s3)
}
