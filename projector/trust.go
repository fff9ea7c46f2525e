package projector

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector/measure"
	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Neighborhoods are the nearest samples of every sample of one epoch, in the original space.
type Neighborhoods struct {
	Samples []string // ids, in the order of the epoch's rows
	K       int      // neighbours of each: as many as asked for, or all others where there are fewer
	Near    []int32  // len(Samples)×K places in Samples, the nearest first
}

// FindNeighborhoods returns the k nearest samples of all samples that a run's layer has at an epoch, by a metric of
// [Options].Metric. It takes time that grows with the square of their number.
func FindNeighborhoods(ctx context.Context, store *tracker.Store, run, layer string, epoch int, metric string, k int) (*Neighborhoods, error) {
	if k < 1 {
		return nil, fmt.Errorf("%w: k = %d, want at least 1", ErrOptions, k)
	}
	if !slices.Contains(Metrics, metric) {
		return nil, fmt.Errorf("%w: metric = %q, want %s", ErrOptions, metric, strings.Join(Metrics, ", "))
	}
	f, err := store.Frame(ctx, run, layer, epoch)
	if err != nil {
		return nil, err
	}
	return neighborhoods(ctx, f.IDs, f.Vectors, f.Dim, metric, k)
}

// Neighborhoods returns the k nearest samples of all samples that the projection shows of one of its runs at an epoch, in its
// own original space: by its metric, among vectors that were scaled and reduced as those of the map.
func (p *Projection) Neighborhoods(ctx context.Context, run string, epoch, k int) (*Neighborhoods, error) {
	if k < 1 {
		return nil, fmt.Errorf("%w: k = %d, want at least 1", ErrOptions, k)
	}
	f, err := p.frameIn(ctx, run, epoch)
	if err != nil {
		return nil, err
	}
	x, dim, err := p.prepared(ctx, f)
	if err != nil {
		return nil, err
	}
	return neighborhoods(ctx, f.IDs, x, dim, p.info.Options.Metric, k)
}

func neighborhoods(ctx context.Context, ids []string, x []float32, dim int, metric string, k int) (*Neighborhoods, error) {
	out := &Neighborhoods{Samples: ids, K: max(0, min(k, len(ids)-1))}
	if out.K == 0 {
		return out, nil
	}
	knn, err := space.Neighbors(ctx, x, dim, space.NeighborOptions{NNeighbors: out.K + 1, Metric: metric}, nil)
	if err != nil {
		return nil, err
	}
	out.Near = knn.Index
	return out, nil
}

// PointTrust returns, for each sample of one of the projection's runs at an epoch, how far its neighbourhood on the map
// can be trusted: its term in the mean that the epoch's trustworthiness is. Trust is nil where fewer than 3 samples
// leave nothing to measure.
func (p *Projection) PointTrust(ctx context.Context, run string, epoch int) (samples []string, trust []float64, err error) {
	placed, err := p.Placements(ctx, Query{Run: run, Epoch: epoch})
	if err != nil {
		return nil, nil, err
	}
	if len(placed) != 1 {
		return nil, nil, fmt.Errorf("epoch %d of run %s is not on projection %q: %w", epoch, run, p.info.ID, tracker.ErrNotFound)
	}
	at := placed[0]
	f, err := p.asPlaced(ctx, at.Run, epoch)
	if err != nil {
		return nil, nil, err
	}
	if !slices.Equal(f.IDs, at.Samples) {
		return nil, nil, fmt.Errorf("epoch %d of run %s has other samples than when it was projected: %w", epoch, run, tracker.ErrNotFound)
	}
	if bad := slices.IndexFunc(at.Coordinates, func(v float32) bool { return math.IsNaN(float64(v)) }); bad >= 0 {
		return nil, nil, fmt.Errorf("projection %q has no place for row %d of epoch %d", p.info.ID, bad, epoch)
	}
	x, dim, err := p.prepared(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	trust, err = measure.PointTrust(ctx, measure.Frame{
		X: x, Dim: dim, Y: at.Coordinates, Dims: p.info.Dims,
	}, measure.Options{Metric: p.info.Options.Metric})
	return f.IDs, trust, err
}
