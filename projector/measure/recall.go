package measure

import (
	"context"
	"slices"
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

// nearestOf returns the k nearest rows of each asked row.
func nearestOf(ctx context.Context, s *space, asked []int, k, workers int) ([][]int, error) {
	const spare = 16 // kept beyond k, so that exact distances choose among those the product cannot tell apart
	block := max(4, min(64, (1<<20)/s.n))
	out := make([][]int, len(asked))
	scratch := make([][]float32, workers)
	err := parallel(ctx, workers, (len(asked)+block-1)/block, func(w, task int) {
		if scratch[w] == nil {
			scratch[w] = make([]float32, block*s.n)
		}
		rows := asked[task*block : min(len(asked), (task+1)*block)]
		s.distances(scratch[w], rows)
		top := make(nearest, min(k+spare, s.n-1))
		for r, i := range rows {
			s.closest(top, scratch[w][r*s.n:(r+1)*s.n], i)
			out[task*block+r] = s.exact(top, i)[:k].rows()
		}
	})
	return out, err
}

// exact orders near rows of row i by the distances their differences give.
func (s *space) exact(near nearest, i int) nearest {
	out := slices.Clone(near)
	if s.dim <= directDims {
		return out
	}
	for t, k := range near {
		out[t] = newKey(sqDist(s.row(i), s.row(k.row())), k.row())
	}
	slices.Sort(out)
	return out
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
