package umap

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// The first step of a fit is package space's; these are its names here.
type (
	// Progress is told how far a stage is.
	Progress = space.Progress
	// A KNN holds the nearest other rows of each row.
	KNN = space.KNN
	// NeighborOptions say what [Neighbors] looks for.
	NeighborOptions = space.NeighborOptions
	// An Index finds which of its rows are nearest to other rows.
	Index = space.Index
)

// Metrics lists the names that [Options].Metric accepts.
var Metrics = space.Metrics

// Neighbors is [space.Neighbors]: the exact nearest rows of every row of x.
func Neighbors(ctx context.Context, x []float32, dim int, o NeighborOptions, progress Progress) (*KNN, error) {
	return space.Neighbors(ctx, x, dim, o, progress)
}

// NewIndex is [space.NewIndex].
func NewIndex(x []float32, dim int, metric string, workers int) (*Index, error) {
	return space.NewIndex(x, dim, metric, workers)
}
