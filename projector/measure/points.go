package measure

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// PointTrust returns each row's term in the mean that [FrameReport].Trustworthiness is: 1 − 2/(k(2n−3k−1)) · Σ (rank in
// the original space − k) over the rows that are among its k=15 nearest on the map only. A row far below the others has
// neighbours on the map that it does not have. It is nil for fewer than 3 rows, for which there is no such measure.
func PointTrust(ctx context.Context, f Frame, workers int) ([]float64, error) {
	n := len(f.X) / f.Dim
	k := min(Neighbours, (n-1)/2)
	if k < 1 {
		return nil, nil
	}
	workers = vec.Workers(workers)
	rows := drawn(n, 0)
	x, y := newSpace(f.X, f.Dim), newSpace(f.Y, f.Dims)
	trust := make([]float64, n)
	block := max(32, min(128, (1<<21)/n))
	scratch := make([]*frameScratch, workers)
	err := vec.Each(ctx, (n+block-1)/block, workers, func(w, task int) {
		if scratch[w] == nil {
			scratch[w] = newFrameScratch(block, n, k, newClasses(nil), true)
		}
		s := scratch[w]
		lo, hi := task*block, min(n, (task+1)*block)
		x.distances(s.x, rows[lo:hi], 0, n)
		y.distances(s.y, rows[lo:hi], 0, n)
		for r, i := range rows[lo:hi] {
			dx, dy := s.x[r*n:(r+1)*n], s.y[r*n:(r+1)*n]
			x.closest(s.nx, dx, i, s.found)
			y.closest(s.ny, dy, i, s.found)
			trust[i] = 1 - 2*float64(excess(dx, s.nx, s.ny))/(float64(k)*float64(2*n-3*k-1))
		}
	})
	if err != nil {
		return nil, err
	}
	return trust, nil
}
