package projector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A Neighbor is a sample near another one in the original space, at one epoch.
type Neighbor struct {
	Run      string  `json:"run"` // id
	Epoch    int     `json:"epoch"`
	Sample   string  `json:"sample"`
	Label    string  `json:"label"` // empty: none
	Distance float64 `json:"distance"`
}

// Neighbors returns the k samples nearest to the given one at an epoch, the nearest first: in the original space, by the
// projection's metric, among the samples of the same run at that epoch that the map shows. The vectors are those that the run
// has now: [Projection.Behind] tells whether they are what the map was made from. Where several runs of the projection have the
// sample, [Projection.NeighborsIn] says which is meant.
func (p *Projection) Neighbors(ctx context.Context, epoch int, sample string, k int) ([]Neighbor, error) {
	run := ""
	for _, id := range p.info.Runs {
		samples, err := p.store.Samples(ctx, id)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(samples, func(s tracker.Sample) bool { return s.ID == sample }) {
			continue
		}
		if run != "" {
			return nil, fmt.Errorf("sample %q is in runs %s: say in which: %w", sample, titles(ctx, p.store, p.info.Runs...), tracker.ErrAmbiguous)
		}
		run = id
	}
	if run == "" {
		return nil, fmt.Errorf("projection %q: sample %q: %w", p.info.ID, sample, tracker.ErrNotFound)
	}
	return p.NeighborsIn(ctx, run, epoch, sample, k)
}

// NeighborsIn is Neighbors in one of the projection's runs, named by id, name or experiment/name.
func (p *Projection) NeighborsIn(ctx context.Context, run string, epoch int, sample string, k int) ([]Neighbor, error) {
	if k < 1 {
		return nil, fmt.Errorf("%w: k = %d, want at least 1", ErrOptions, k)
	}
	info, err := p.store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	frame, err := p.frameIn(ctx, info.ID, epoch)
	if err != nil {
		return nil, err
	}
	at := slices.Index(frame.IDs, sample)
	if at < 0 {
		return nil, fmt.Errorf("sample %q at epoch %d of run %s/%s: %w", sample, epoch, info.Experiment, info.Name, tracker.ErrNotFound)
	}
	samples, err := p.store.Samples(ctx, info.ID)
	if err != nil {
		return nil, err
	}
	labels := make(map[string]string, len(samples))
	for _, s := range samples {
		labels[s.ID] = s.Label
	}
	x, dim, err := p.prepared(ctx, frame)
	if err != nil {
		return nil, err
	}
	rows, err := space.NewRows(x, dim, p.info.Options.Metric)
	if err != nil {
		return nil, err
	}
	var near []Neighbor
	for i, id := range frame.IDs {
		if i != at {
			near = append(near, Neighbor{Run: info.ID, Epoch: epoch, Sample: id, Label: labels[id], Distance: rows.Distance(at, rows, i)})
		}
	}
	slices.SortStableFunc(near, func(a, b Neighbor) int { return cmp.Compare(a.Distance, b.Distance) })
	return near[:min(k, len(near))], nil
}

// frameIn returns an epoch of one of the projection's runs, by name or id, with those samples that the map shows.
func (p *Projection) frameIn(ctx context.Context, run string, epoch int) (tracker.Frame, error) {
	info, err := p.store.Run(ctx, run)
	if err != nil {
		return tracker.Frame{}, err
	}
	if !slices.Contains(p.info.Runs, info.ID) {
		return tracker.Frame{}, fmt.Errorf("run %s/%s is not on projection %q: %w", info.Experiment, info.Name, p.info.ID, tracker.ErrNotFound)
	}
	frame, err := p.store.Frame(ctx, info.ID, p.info.Layer, epoch)
	if err != nil {
		return tracker.Frame{}, err
	}
	frame.IDs, frame.Vectors = chosenRows(frame, p.shareOf(info.ID))
	return frame, nil
}

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
