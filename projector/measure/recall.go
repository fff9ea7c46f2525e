package measure

import (
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// measureRecall fills in the shares of near rows that the map keeps near, over all epochs together.
func (r *Report) measureRecall(ctx context.Context, runs [][]Frame, metric string, workers int) error {
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
	x := joined(frames, func(f Frame) []float32 { return f.X })
	y := joined(frames, func(f Frame) []float32 { return f.Y })
	p, err := newPair(Frame{X: x, Dim: frames[0].Dim, Y: y, Dims: frames[0].Dims}, metric, workers)
	if err != nil {
		return err
	}
	const few, many = Neighbours, 50
	in15, in50 := make([]float64, len(asked)), make([]float64, len(asked))
	err = p.each(ctx, asked, workers, func(_, r int, x, y *space.View) {
		near := x.Nearest(few)
		in50[r], in15[r] = share(near, y.Nearest(many)), share(near, y.Nearest(few)) // the few are found among the many
	})
	if err != nil {
		return err
	}
	r.KNN15, r.KNN50 = defined(mean(in15)), defined(mean(in50))
	return nil
}

// joined returns the rows of all frames as one matrix. Where each frame's lie right behind those of the frame before, as
// slices of one array do, nothing is copied.
func joined(frames []Frame, of func(Frame) []float32) []float32 {
	total, adjacent := 0, true
	for _, f := range frames {
		total += len(of(f))
	}
	all := of(frames[0])
	for _, f := range frames[1:] {
		next := of(f)
		if n := len(all); len(next) > 0 {
			if adjacent = adjacent && n > 0 && cap(all) >= n+len(next) && &all[:n+1][n] == &next[0]; !adjacent {
				break
			}
			all = all[:n+len(next)]
		}
	}
	if adjacent {
		return all
	}
	out := make([]float32, 0, total)
	for _, f := range frames {
		out = append(out, of(f)...)
	}
	return out
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

// share is how much of near is found among laid.
func share(near, laid []int32) float64 {
	found := 0
	for _, j := range near {
		if slices.Contains(laid, j) {
			found++
		}
	}
	return float64(found) / float64(len(near))
}
