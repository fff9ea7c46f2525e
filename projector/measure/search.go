package measure

import (
	"context"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// Nearest returns, for each of the given rows of x (n×dim, row-major), the k nearest among the first rows of x, as many
// as among says: their numbers, the nearest first, and their Euclidean distances, both len(rows)×k. A row is no
// neighbour of itself, and equal distances are ordered by row number. It panics unless k is at least 1 and below among.
func Nearest(ctx context.Context, x []float32, dim int, rows []int, among, k, workers int) (index []int32, dist []float32, err error) {
	s := newSpace(x, dim)
	if k < 1 || k >= among || among > s.n {
		panic("measure: fewer rows than neighbours")
	}
	index, dist = make([]int32, len(rows)*k), make([]float32, len(rows)*k)
	err = search(ctx, s, rows, among, k, vec.Workers(workers), func(i int, near nearest) {
		for j, key := range near {
			index[i*k+j] = int32(key.row())
			dist[i*k+j] = float32(math.Sqrt(float64(key.dist())) / s.scale)
		}
	})
	return index, dist, err
}

// search finds the k nearest of the first rows of s to each asked row, from tiles of the distances between them, and
// hands those of asked[i] to give, from any goroutine.
func search(ctx context.Context, s *space, asked []int, among, k, workers int, give func(i int, near nearest)) error {
	const (
		height, width = 128, 2048 // of a tile
		spare         = 16        // kept beyond k, so that exact distances choose among what a product cannot tell apart
	)
	scratch := make([][]float32, workers)
	return vec.Each(ctx, (len(asked)+height-1)/height, workers, func(w, task int) {
		if scratch[w] == nil {
			scratch[w] = make([]float32, height*min(width, among))
		}
		rows := asked[task*height : min(len(asked), (task+1)*height)]
		top := make([]nearest, len(rows))
		for r := range top {
			top[r] = make(nearest, min(k+spare, among-1))
			top[r].reset()
		}
		found := make([]int32, min(width, among))
		for lo := 0; lo < among && ctx.Err() == nil; lo += width {
			hi := min(among, lo+width)
			d := scratch[w][:len(rows)*(hi-lo)]
			s.distances(d, rows, lo, hi)
			for r, i := range rows {
				row := d[r*(hi-lo) : (r+1)*(hi-lo)]
				if lo <= i && i < hi {
					row[i-lo] = float32(math.Inf(1))
				}
				top[r].addRow(row, lo, found)
			}
		}
		if ctx.Err() != nil {
			return // what was found is not all there is
		}
		for r, i := range rows {
			give(task*height+r, s.settle(top[r], i, among)[:k])
		}
	})
}

// settle returns the near rows of row i, of the first of all, in the order of the distances their differences give. Where the product left
// even the farthest of them doubtful, it looks at all rows again.
func (s *space) settle(near nearest, i, among int) nearest {
	if s.dim <= directDims {
		return near
	}
	if s.doubtful(i, near[len(near)-1].dist()) {
		s.closest(near, make([]float32, among), i, make([]int32, among))
	}
	for t, k := range near {
		near[t] = newKey(vec.SqDist(s.row(i), s.row(k.row())), k.row())
	}
	slices.Sort(near)
	return near
}
