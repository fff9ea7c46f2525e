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
	if n < 2 || frames[0].bare() {
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
	out := make([][]int, len(asked))
	err := search(ctx, s, asked, s.n, k, workers, func(i int, near nearest) { out[i] = near.rows() })
	return out, err
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
