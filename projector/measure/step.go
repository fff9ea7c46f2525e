package measure

import (
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// measureStep compares two consecutive frames over the samples that both have. What it returns is void if ctx has ended.
func measureStep(ctx context.Context, a, b Frame, ha, hb *neighbourhoods, metric string, sampled int) (out StepReport) {
	ra, rb := common(a, b)
	if len(ra) < a.rows() || len(rb) < b.rows() || !slices.Equal(ra, rb) {
		// Neighbourhoods must be taken among the same samples, in the same order, to be comparable.
		a, b = a.pick(ra), b.pick(rb)
		var errA, errB error
		_, ha, errA = measureFrame(ctx, a, metric, sampled, 1)
		_, hb, errB = measureFrame(ctx, b, metric, sampled, 1)
		if errA != nil || errB != nil {
			return out
		}
	}
	out.Original.Churn, out.Map.Churn = churn(ha.original, hb.original), churn(ha.laid, hb.laid)
	if a.rows() > 1 {
		if !a.bare() {
			ax, dimA := space.Form(a.X, a.Dim, metric)
			bx, dimB := space.Form(b.X, b.Dim, metric)
			if v, ok := CKA(ax, dimA, bx, dimB); ok {
				out.Original.CKA = &v
			}
		}
		if v, ok := CKA(a.Y, a.Dims, b.Y, b.Dims); ok {
			out.Map.CKA = &v
		}
	}
	return out
}

// churn is the mean over rows of 1 − the share of a's row numbers that b has too.
func churn(a, b [][]int32) *float64 {
	if len(a) == 0 || len(a[0]) == 0 {
		return nil
	}
	var sum float64
	for i := range a {
		sum += 1 - share(a[i], b[i])
	}
	return defined(sum / float64(len(a)))
}

// common returns the rows of the samples that a and b both have, in the order of a.
func common(a, b Frame) (ra, rb []int) {
	if slices.Equal(a.Samples, b.Samples) {
		all := drawn(a.rows(), 0)
		return all, all
	}
	at := make(map[int]int, b.rows())
	for i, s := range b.Samples {
		at[s] = i
	}
	for i, s := range a.Samples {
		if j, ok := at[s]; ok {
			ra, rb = append(ra, i), append(rb, j)
		}
	}
	return ra, rb
}

// pick returns the frame of the given rows only, without classes.
func (f Frame) pick(rows []int) Frame {
	out := Frame{Dim: f.Dim, Dims: f.Dims}
	for _, i := range rows {
		out.X = append(out.X, f.X[i*f.Dim:(i+1)*f.Dim]...)
		out.Y = append(out.Y, f.Y[i*f.Dims:(i+1)*f.Dims]...)
		out.Samples = append(out.Samples, f.Samples[i])
	}
	return out
}
