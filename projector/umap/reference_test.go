package umap

import (
	"os"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// TestTransformReference measures what becomes of a held-out tenth of the rows of an .npy file of embeddings, as
// bench/peers/umap_learn.py --hold-out does. It needs $ZOETROPE_EMBEDDINGS.
func TestTransformReference(t *testing.T) {
	path := os.Getenv("ZOETROPE_EMBEDDINGS")
	if path == "" {
		t.Skip("ZOETROPE_EMBEDDINGS names no file")
	}
	file, err := interchange.OpenMatrix(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var x []float32
	for range file.Epochs {
		v, err := file.Next()
		if err != nil {
			t.Fatal(err)
		}
		x = append(x, v...)
	}
	rest, held, _, _ := holdOut(x, file.Dim)
	o := Defaults()
	o.NNeighbors, o.MinDist, o.NEpochs = 20, 0.01, 200
	m := fit(t, rest, file.Dim, o)
	began := time.Now()
	y := transform(t, m, held)
	took := time.Since(began).Seconds()

	var some, places []float32
	for i := range 1500 {
		row := i * 7919 % m.N
		some = append(some, rest[row*file.Dim:(row+1)*file.Dim]...)
		places = append(places, m.Embedding[2*row:2*row+2]...)
	}
	placed15, placed50 := shares(t, rest, held, m.Embedding, y, 0)
	fitted15, fitted50 := shares(t, rest, some, m.Embedding, places, 1)
	t.Logf("%d rows placed among %d: %.0f a second", len(y)/2, m.N, float64(len(y)/2)/took)
	t.Logf("placed rows: knn15 %.3f, knn50 %.3f; fitted rows: knn15 %.3f, knn50 %.3f", placed15, placed50, fitted15, fitted50)
	if placed15 < 0.6*fitted15 {
		t.Error("placed rows keep less than 0.6 of what fitted rows keep")
	}
}

// shares returns how many of the 15 rows of x nearest to those of q are among the 15 and 50 nearest on the map. The
// first own of each list is the row itself.
func shares(t *testing.T, x, q, y, places []float32, own int) (in15, in50 float64) {
	dim := len(q) / (len(places) / 2)
	lists := func(x, q []float32, dim, k int) *space.KNN {
		ix, err := space.NewIndex(x, dim, "euclidean", 0)
		if err != nil {
			t.Fatal(err)
		}
		knn, err := ix.Neighbors(ctx, q, k+own, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		return knn
	}
	original, onMap := lists(x, q, dim, 15), lists(y, places, 2, 50)
	for i := range original.N {
		rank := map[int32]int{}
		for r, j := range onMap.Index[i*onMap.K+own : (i+1)*onMap.K] {
			rank[j] = r
		}
		for _, j := range original.Index[i*original.K+own : (i+1)*original.K] {
			if r, ok := rank[j]; ok {
				in50++
				if r < 15 {
					in15++
				}
			}
		}
	}
	all := float64(15 * original.N)
	return in15 / all, in50 / all
}
