package projector

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Epochs returns the epochs of a run that are on the map, ascending. The run is named by id, name or experiment/name.
func (p *Projection) Epochs(ctx context.Context, run string) ([]int, error) {
	info, err := p.store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	var epochs []int
	err = p.store.Read(ctx, func(tx *tracker.Tx) error {
		const query = "SELECT f.epoch FROM projection_frame f JOIN run r ON r.id = f.run WHERE f.projection = ? AND r.uid = ? ORDER BY f.epoch"
		if epochs, err = readColumn[int](ctx, tx, query, p.id, info.ID); err != nil {
			return err
		}
		return p.allEpochs(ctx, tx)
	})
	return epochs, err
}
