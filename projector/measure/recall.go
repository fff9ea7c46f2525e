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
	var x, y []float32
	for _, f := range frames {
		x, y = append(x, f.X...), append(y, f.Y...)
	}
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
