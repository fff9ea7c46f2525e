package measure

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// onMap is the metric of maps.
const onMap = "euclidean"

// A pair is the two spaces of the same rows, ready to be looked at from each of them.
type pair struct{ x, y *space.Views } // x is nil where there is only the map

func newPair(f Frame, metric string, workers int) (p pair, err error) {
	if !f.bare() {
		if p.x, err = space.NewViews(f.X, f.Dim, metric, workers); err != nil {
			return pair{}, err
		}
	}
	p.y, err = space.NewViews(f.Y, f.Dims, onMap, workers)
	return p, err
}

// each calls f with the views from each of the given rows, rows[r], in the two spaces, from several goroutines; w tells
// them apart.
func (p pair) each(ctx context.Context, rows []int, workers int, f func(w, r int, x, y *space.View)) error {
	height := p.y.Height()
	if p.x != nil {
		height = max(height, p.x.Height())
	}
	height = min(height, len(rows))
	type blocks struct{ x, y *space.Block }
	own := make([]blocks, workers)
	return vec.Each(ctx, (len(rows)+height-1)/max(1, height), workers, func(w, task int) {
		b := &own[w]
		if b.y == nil {
			b.y = p.y.NewBlock(height)
			if p.x != nil {
				b.x = p.x.NewBlock(height)
			}
		}
		lo, hi := task*height, min(len(rows), (task+1)*height)
		b.y.Look(rows[lo:hi])
		if b.x != nil {
			b.x.Look(rows[lo:hi])
		}
		for r := lo; r < hi; r++ {
			var x *space.View
			if b.x != nil {
				x = b.x.At(r - lo)
			}
			f(w, r, x, b.y.At(r-lo))
		}
	})
}
