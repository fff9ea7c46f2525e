package projector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// TestMetricEverywhere is a table of metrics and operations: fit, neighbours, extend, transform and quality agree with
// distances taken pair by pair in float64, on rows of which some are zero, some constant, some far away and some nearly
// parallel.
func TestMetricEverywhere(t *testing.T) {
	const old, fresh, n = 60, 20, 80
	for _, metric := range Metrics {
		distance := brute.Distances[metric]
		store := newStore(t)
		c := training{name: "a", epochs: []int{1, 2}, samples: n, classes: 4, vectors: difficult, layers: []string{"fc1"},
			missing: func(epoch, sample int) bool { return (sample < old) != (epoch == 1) }}
		first := c
		first.epochs = c.epochs[:1]
		run := logTraining(t, store, first)
		o := quick()
		o.Metric, o.Mode = metric, "joint"
		p := project(t, store, o)
		before, err := store.Frame(t.Context(), run, "fc1", 1)
		if err != nil {
			t.Fatal(err)
		}
		x := before.Vectors
		row := func(x []float32, i int) []float32 { return x[i*dim : (i+1)*dim] }

		t.Run(metric+"/fit", func(t *testing.T) {
			knn, err := space.Neighbors(t.Context(), x, dim, space.NeighborOptions{NNeighbors: o.NNeighbors, Metric: metric}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range old {
				checkNear(t, i, knn.Index[i*knn.K:(i+1)*knn.K], knn.Dist[i*knn.K:(i+1)*knn.K], row(x, i), x, i, distance)
			}
		})
		t.Run(metric+"/neighbours", func(t *testing.T) {
			all, err := FindNeighborhoods(t.Context(), store, run, "fc1", 1, metric, 9)
			if err != nil {
				t.Fatal(err)
			}
			for i, id := range before.IDs {
				near, err := p.Neighbors(t.Context(), 1, id, 9)
				if err != nil {
					t.Fatal(err)
				}
				var rows []int32
				var dist []float32
				for _, v := range near {
					rows, dist = append(rows, int32(slices.Index(before.IDs, v.Sample))), append(dist, float32(v.Distance))
				}
				checkNear(t, i, rows, dist, row(x, i), x, i, distance)
				checkNear(t, i, all.Near[i*all.K:(i+1)*all.K], nil, row(x, i), x, i, distance)
			}
		})
		t.Run(metric+"/quality", func(t *testing.T) { checkQuality(t, p, run, x, distance) })

		later := c.epoch(2).Layers[0].Vectors
		t.Run(metric+"/transform", func(t *testing.T) {
			g, err := edgesTo(t.Context(), x, dim, later, o.NNeighbors, o)
			if err != nil {
				t.Fatal(err)
			}
			for i := range fresh {
				checkNear(t, i, g.Col[g.Start[i]:g.Start[i+1]], nil, row(later, i), x, -1, distance)
			}
		})
		t.Run(metric+"/extend", func(t *testing.T) {
			all, wanted := slices.Concat(x, later), make([]bool, n)
			for i := range fresh {
				wanted[old+i] = true
			}
			edges, err := nearestEdges(t.Context(), all, dim, wanted, o.NNeighbors, o)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				var rows []int32
				for _, e := range edges[i] {
					rows = append(rows, e.to)
				}
				if wanted[i] != (rows != nil) {
					t.Fatalf("row %d has edges to %v", i, rows)
				}
				if rows != nil {
					checkNear(t, i, rows, nil, row(all, i), all, i, distance)
				}
			}
			logMore(t, store, c, 2)
			q := extend(t, p)
			quality, err := q.Quality(t.Context())
			if err != nil || len(quality.Epochs) != 2 {
				t.Fatalf("%+v, %v", quality, err)
			}
		})
	}
}

// difficult makes of every eighth sample zeros, of another a constant, of one a far row, and of others nearly one row.
func difficult(_, sample int, v []float32) {
	r := rand.New(rand.NewPCG(uint64(sample), 5))
	for j := range v {
		switch {
		case sample%8 == 1:
			v[j] = 0
		case sample%8 == 3:
			v[j] = float32(sample%5) + 0.1
		case sample%20 == 7:
			v[j] *= 1e9
		case sample%8 == 6:
			v[j] = float32(j+1) + 1e-6*float32(r.NormFloat64())
		case j == sample%4:
			v[j] *= 20 // what the sum of differences and the straight line see differently
		}
	}
}

// checkNear holds the neighbours of a row and their distances, nil for none, against those that brute force finds.
func checkNear(t *testing.T, i int, got []int32, dist []float32, q, x []float32, skip int, distance func(a, b []float32) float64) {
	t.Helper()
	_, want := brute.Nearest(q, x, skip, len(got), distance)
	var have []float64
	for r, j := range got {
		d := distance(q, x[int(j)*dim:(int(j)+1)*dim])
		if have = append(have, d); dist != nil && math.Abs(float64(dist[r])-d) > 1e-6*d+1e-15 {
			t.Fatalf("neighbour %d of row %d is at %v, want %v", r, i, dist[r], d)
		}
	}
	slices.Sort(have)
	for r, d := range want { // equal distances are ordered by rounding
		if math.Abs(have[r]-d) > 1e-9*d+1e-15 {
			t.Fatalf("the neighbours of row %d are %v, at %v, want distances %v", i, got, have, want)
		}
	}
}

// checkQuality holds what is measured of the first epoch against its definition.
func checkQuality(t *testing.T, p *Projection, run string, x []float32, distance func(a, b []float32) float64) {
	t.Helper()
	q, err := p.ExactQuality(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := placements(t, p, Query{Epoch: 1})[0]
	y, n, k := at.Coordinates, len(at.Samples), 15
	var trust, cont, kept, pure, silhouette float64
	of := func(row int32) int { // class
		var sample int
		fmt.Sscanf(at.Samples[row], "s%d", &sample)
		return sample % 4
	}
	for i := range n {
		near, dist := brute.Nearest(x[i*dim:(i+1)*dim], x, i, n, distance)
		laid, _ := brute.Nearest(y[2*i:2*i+2], y, i, n, brute.Euclidean)
		for r := range k {
			trust += float64(max(0, slices.Index(near, laid[r])+1-k))
			cont += float64(max(0, slices.Index(laid, near[r])+1-k))
			if slices.Contains(laid[:k], near[r]) {
				kept++
			}
			if of(near[r]) == of(int32(i)) {
				pure++
			}
		}
		var sum, count [4]float64
		for r, j := range near {
			sum[of(j)] += dist[r]
			count[of(j)]++
		}
		own, other := 0.0, math.Inf(1)
		for c := range sum {
			if c == of(int32(i)) {
				own = sum[c] / count[c]
			} else {
				other = min(other, sum[c]/count[c])
			}
		}
		silhouette += (other - own) / max(own, other) / float64(n)
	}
	scale := 2 / float64(n*k*(2*n-3*k-1))
	e, all := q.Epochs[0], float64(n*k)
	for _, c := range []struct {
		name            string
		got             *float64
		want, tolerance float64
	}{
		// Where many rows are equally far, rounding in float64 orders them.
		{"trustworthiness", e.Trustworthiness, 1 - scale*trust, 1e-3}, {"continuity", e.Continuity, 1 - scale*cont, 1e-3},
		{"knn15", q.KNN15, kept / all, 3e-3}, {"original purity", e.Original.Purity, pure / all, 3e-3},
		{"original silhouette", e.Original.Silhouette, silhouette, 1e-5},
	} {
		if c.got == nil || math.Abs(*c.got-c.want) > c.tolerance {
			t.Errorf("%s %v, want %v", c.name, *c.got, c.want)
		}
	}
	_, terms, err := p.PointTrust(t.Context(), run, 1)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range terms {
		sum += v
	}
	if math.Abs(sum/float64(n)-*e.Trustworthiness) > 1e-12 {
		t.Errorf("the points' trust is %v in the mean, the epoch's %v", sum/float64(n), *e.Trustworthiness)
	}
}
