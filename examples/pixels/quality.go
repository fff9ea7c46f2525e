package main

import (
	"context"
	"fmt"
	"io"

	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

const near = 15

// reportKept prints the share of a row's nearest rows by pixels that are among its
// nearest on the map, over 1,500 rows: bench/peers/quality.py's knn15 and knn50.
func reportKept(ctx context.Context, w io.Writer, m *umap.Model, x []float32) error {
	dim := len(x) / m.N
	index, err := space.NewIndex(m.Embedding, m.Dims, "euclidean", 0)
	if err != nil {
		return err
	}
	k := min(near, m.Neighbors.K)
	rows, places := make([]int, 0, 1500), []float32(nil)
	for i := range min(1500, m.N) {
		row := i * 7919 % m.N // a prime: spread over all
		rows = append(rows, row)
		places = append(places, m.Embedding[row*m.Dims:(row+1)*m.Dims]...)
	}
	onMap, err := index.Neighbors(ctx, places, 51, 0, nil)
	if err != nil {
		return err
	}
	// The model's own neighbours are in its metric and of its prepared rows.
	in15, in50 := 0, 0
	for q, row := range rows {
		rank := map[int32]int{}
		for _, j := range onMap.Index[q*onMap.K : (q+1)*onMap.K] {
			if int(j) != row {
				rank[j] = len(rank)
			}
		}
		for _, j := range m.Neighbors.Index[row*m.Neighbors.K:][:k] {
			if r, ok := rank[j]; ok {
				in50++
				if r < near {
					in15++
				}
			}
		}
	}
	all := float64(len(rows) * k)
	_, err = fmt.Fprintf(w, "of the %d nearest of %d columns, %.3f are among the 15 and %.3f among the 50 nearest on the map\n",
		k, dim, float64(in15)/all, float64(in50)/all)
	return err
}

// reportDigits prints how often the nearest points on the map show the digit
// of a placed image.
func reportDigits(ctx context.Context, w io.Writer, m *umap.Model, labels []uint8, places []float32, digits []uint8) error {
	index, err := space.NewIndex(m.Embedding, m.Dims, "euclidean", 0)
	if err != nil {
		return err
	}
	knn, err := index.Neighbors(ctx, places, near, 0, nil)
	if err != nil {
		return err
	}
	same, right := 0, 0
	for i, digit := range digits {
		var votes [10]int
		for _, j := range knn.Index[i*knn.K : (i+1)*knn.K] {
			votes[labels[j]]++
		}
		same += votes[digit]
		best := 0
		for d, v := range votes {
			if v > votes[best] {
				best = d
			}
		}
		if best == int(digit) {
			right++
		}
	}
	_, err = fmt.Fprintf(w, "of a placed image's %d nearest on the map, %.3f show its digit; their vote is right for %.3f of images\n",
		knn.K, float64(same)/float64(len(digits)*knn.K), float64(right)/float64(len(digits)))
	return err
}
