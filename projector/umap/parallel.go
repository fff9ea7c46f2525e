package umap

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// chunk is the number of rows in a unit of parallel work.
const chunk = vec.Chunk

// chunks calls f(lo, hi) for the rows of every chunk of n.
func chunks(ctx context.Context, n, workers int, f func(lo, hi int)) error {
	return vec.Chunks(ctx, n, workers, f)
}
