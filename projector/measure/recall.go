package measure

import (
	"context"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// measureRecall fills in the shares of near rows that the map keeps near, over all epochs together.
func (r *Report) measureRecall(ctx context.Context, runs [][]Frame, workers int) error {
	var frames []Frame
	n := 0
	for _, run := range runs {
		frames = append(frames, run...)
		for _, f := range run {
			n += f.rows()
		}
	}
	if n < 2 {
		return nil
	}
	asked := queryRows(n)
	var x, y []float32
	for _, f := range frames {
		x, y = append(x, f.X...), append(y, f.Y...)
	}
	near, err := nearestOf(ctx, newSpace(x, frames[0].Dim), asked, min(Neighbours, n-1), workers)
	if err != nil {
		return err
	}
	laid, err := nearestOf(ctx, newSpace(y, frames[0].Dims), asked, min(50, n-1), workers)
	if err != nil {
		return err
	}
	r.KNN15, r.KNN50 = recall(near, laid, Neighbours), recall(near, laid, 50)
	return nil
}

// queryRows spreads the asked rows over samples and epochs: 7919 is prime. Where it divides n it would come back to
// the same few rows, and the next prime serves.
func queryRows(n int) []int {
	stride := 7919
	if n%stride == 0 {
		stride = 7927
	}
	rows := make([]int, min(queries, n))
	for i := range rows {
		rows[i] = i * stride % n
	}
	return rows
}

// nearestOf returns the k nearest rows of each asked row, from tiles of the distances between them and all rows.
func nearestOf(ctx context.Context, s *space, asked []int, k, workers int) ([][]int, error) {
	const (
		height, width = 128, 2048 // of a tile
		spare         = 16        // kept beyond k, so that exact distances choose among what a product cannot tell apart
	)
	out := make([][]int, len(asked))
	scratch := make([][]float32, workers)
	err := parallel(ctx, workers, (len(asked)+height-1)/height, func(w, task int) {
		if scratch[w] == nil {
			scratch[w] = make([]float32, height*min(width, s.n))
		}
		rows := asked[task*height : min(len(asked), (task+1)*height)]
		top := make([]nearest, len(rows))
		for r := range top {
			top[r] = make(nearest, min(k+spare, s.n-1))
			top[r].reset()
		}
		found := make([]int32, min(width, s.n))
		for lo := 0; lo < s.n && ctx.Err() == nil; lo += width {
			hi := min(s.n, lo+width)
			d := scratch[w][:len(rows)*(hi-lo)]
			s.distances(d, rows, lo, hi)
			for r, i := range rows {
				row := d[r*(hi-lo) : (r+1)*(hi-lo)]
				if lo <= i && i < hi {
					row[i-lo] = float32(math.Inf(1))
				}
				top[r].addRow(row, lo, found)
			}
		}
		for r, i := range rows {
			out[task*height+r] = s.settle(top[r], i)[:k].rows()
		}
	})
	return out, err
}

// settle returns the near rows of row i in the order of the distances their differences give. Where the product left
// even the farthest of them doubtful, it looks at all rows again.
func (s *space) settle(near nearest, i int) nearest {
	if s.dim <= directDims {
		return near
	}
	if s.doubtful(i, near[len(near)-1].dist()) {
		s.closest(near, make([]float32, s.n), i, make([]int32, s.n))
	}
	for t, k := range near {
		near[t] = newKey(vec.SqDist(s.row(i), s.row(k.row())), k.row())
	}
	slices.Sort(near)
	return near
}

// recall is the mean share of a row's near rows found among the first k of its laid ones.
func recall(near, laid [][]int, k int) *float64 {
	var sum float64
	for i, rows := range near {
		among := laid[i][:min(k, len(laid[i]))]
		found := 0
		for _, j := range rows {
			if slices.Contains(among, j) {
				found++
			}
		}
		sum += float64(found) / float64(len(rows))
	}
	return defined(sum / float64(len(near)))
}
