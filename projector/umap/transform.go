package umap

import (
	"context"
	"math"

	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// Transform places the rows of x, which have the columns that the fit's had,
// on the map, and returns their coordinates (rows×Dims). The map stays as it
// is. A row's place depends on the row and the model alone: not on what else
// is in x, and not on the number of workers (m.Options.Workers).
//
// Each row is joined to its exact nearest NNeighbors - 1 among those fitted,
// with strengths as in [MembershipsAmong], starts at their mean and goes through
// a third of the fit's passes with all fitted points fixed ([Place]). A row that
// was in the fit comes to lie near its place there, not exactly on it.
func (m *Model) Transform(ctx context.Context, x []float32, progress space.Progress) ([]float32, error) {
	index, err := m.index()
	if err != nil {
		return nil, err
	}
	o := m.Options
	if m.Preparation != nil {
		if x, err = m.Preparation.Apply(ctx, x, o.Workers); err != nil {
			return nil, err
		}
	}
	knn, err := index.Neighbors(ctx, x, max(1, o.NNeighbors-1), o.Workers, progress)
	if err != nil {
		return nil, err
	}
	v, err := MembershipsAmong(ctx, knn, o.LocalConnectivity, o.Workers)
	if err != nil {
		return nil, err
	}
	g, err := Directed(ctx, knn, v, o.Workers)
	if err != nil {
		return nil, err
	}
	y := StartAmong(g, m.Embedding, m.Dims)
	return y, Place(ctx, y, m.Embedding, m.Dims, g, PlaceOptions{
		LayoutOptions: LayoutOptions{
			A: m.A, B: m.B, NEpochs: (o.NEpochs + 2) / 3, LearningRate: o.LearningRate * PlaceRate,
			NegativeSampleRate: o.NegativeSampleRate, RepulsionStrength: o.RepulsionStrength,
			Seed: o.Seed, Workers: o.Workers,
		},
		Key: RowKeys(x, index.Dim()),
	}, progress)
}

// PlaceRate is the learning rate of placing rows over that of the fit, as in
// umap-learn: new rows start near where they belong.
const PlaceRate = 0.25

// RowKeys hashes the values of each row: keys for [PlaceOptions].
func RowKeys(x []float32, dim int) []uint64 {
	keys := make([]uint64, len(x)/dim)
	for i := range keys {
		for j, v := range x[i*dim : (i+1)*dim] {
			keys[i] = random.Mix(keys[i] + uint64(math.Float32bits(v+0))*0x9e3779b97f4a7c15 + uint64(j))
		}
	}
	return keys
}

// Directed is the graph of the edges of knn with strengths v: a row of K edges
// for each of its rows.
func Directed(ctx context.Context, knn *space.KNN, v []float32, workers int) (*Graph, error) {
	if len(v) != len(knn.Index) {
		return nil, refuse("%d strengths for %d neighbours", len(v), len(knn.Index))
	}
	return sortedRows(ctx, knn, v, workers)
}

// index returns the index of the fitted rows, made at first need.
func (m *Model) index() (*space.Index, error) {
	m.indexing.Lock()
	defer m.indexing.Unlock()
	if m.rows == nil {
		return nil, refuse("this model was fitted to neighbours without rows and cannot place others")
	}
	if m.indexed == nil {
		ix, err := space.NewIndex(m.rows, len(m.rows)/m.N, m.Options.Metric, m.Options.Workers)
		if err != nil {
			return nil, err
		}
		m.indexed = ix
	}
	return m.indexed, nil
}
