package measure

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// PointTrust returns each row's term in the mean that [FrameReport].Trustworthiness is: 1 − 2/(k(2n−3k−1)) · Σ (rank in
// the original space − k) over the rows that are among its k=15 nearest on the map only. A row far below the others has
// neighbours on the map that it does not have. It is nil for fewer than 3 rows, for which there is no such measure.
func PointTrust(ctx context.Context, f Frame, o Options) ([]float64, error) {
	n := len(f.X) / f.Dim
	k := min(Neighbours, (n-1)/2)
	if k < 1 {
		return nil, nil
	}
	workers := vec.Workers(o.Workers)
	p, err := newPair(f, o.metric(), workers)
	if err != nil {
		return nil, err
	}
	trust := make([]float64, n)
	err = p.each(ctx, drawn(n, 0), workers, func(_, i int, x, y *space.View) {
		sum := excess(x, x.Nearest(k), y.Nearest(k))
		trust[i] = 1 - 2*float64(sum)/(float64(k)*float64(2*n-3*k-1))
	})
	if err != nil {
		return nil, err
	}
	return trust, nil
}
