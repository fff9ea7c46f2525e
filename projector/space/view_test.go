package space

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
)

// hostile are rows that products, float32 or one centre cannot tell apart, as well as plain ones.
func hostile(dim int) map[string][]float32 {
	r := rand.New(rand.NewPCG(uint64(dim), 9))
	noise := func(n int, scale float64) []float32 {
		x := make([]float32, n*dim)
		for i := range x {
			x[i] = float32(scale * r.NormFloat64())
		}
		return x
	}
	const n = 120
	with := func(x []float32, change func(i int, row []float32)) []float32 {
		for i := range len(x) / dim {
			change(i, x[i*dim:(i+1)*dim])
		}
		return x
	}
	base := noise(1, 10)
	return map[string][]float32{
		"noise": noise(n, 1),
		"two far rows": with(noise(n, 1), func(i int, row []float32) {
			if i < 2 {
				for j := range row {
					row[j] *= 1e12
				}
			}
		}),
		"a third far away": with(noise(n, 1), func(i int, row []float32) {
			if i%3 == 0 {
				for j := range row {
					row[j] = row[j]*1e8 + 1e8
				}
			}
		}),
		"near parallel": with(noise(n, 1e-6), func(_ int, row []float32) {
			for j := range row {
				row[j] += base[j]
			}
		}),
		"zero and constant rows": with(noise(n, 1), func(i int, row []float32) {
			for j := range row {
				switch i % 5 {
				case 0:
					row[j] = 0
				case 1:
					row[j] = float32(i)
				}
			}
		}),
		"equal rows":   with(noise(n, 1), func(i int, row []float32) { copy(row, base[:len(row)]) }),
		"whole places": with(noise(n, 2), func(_ int, row []float32) { whole(row) }),
		"huge":         noise(n, 1e37),
		"tiny":         noise(n, 1e-40),
		"few rows":     noise(7, 1),
		"one row":      noise(1, 1),
		"no rows":      nil,
	}
}

func whole(row []float32) {
	for j, v := range row {
		row[j] = float32(math.Round(float64(v)))
	}
}

// TestViews holds what is seen from every row against distances taken pair by pair in float64.
func TestViews(t *testing.T) {
	for _, dim := range []int{1, 2, 5, 33} {
		for name, x := range hostile(dim) {
			for metric, distance := range brute.Distances {
				if name == "near parallel" && metric == "correlation" && dim == 2 {
					continue // all directions are one of two
				}
				t.Run(fmt.Sprint(name, "/", metric, "/", dim), func(t *testing.T) {
					strict := (name == "equal rows" || name == "whole places") && (metric == "euclidean" || metric == "manhattan")
					checkViews(t, x, dim, metric, strict, distance)
				})
			}
		}
	}
}

func checkViews(t *testing.T, x []float32, dim int, metric string, strict bool, distance func(a, b []float32) float64) {
	n := len(x) / dim
	v, err := NewViews(x, dim, metric, 1)
	if err != nil {
		t.Fatal(err)
	}
	group, member := make([]int, n), make([]bool, n)
	for i := range group {
		group[i], member[i] = i%3, i%4 > 0
	}
	height := min(v.Height(), max(1, n))
	b := v.NewBlock(height)
	for lo := 0; lo < n; lo += height {
		var rows []int
		for i := lo; i < min(n, lo+height); i++ {
			rows = append(rows, i)
		}
		b.Look(rows)
		for r, i := range rows {
			view := b.At(r)
			all, dist := brute.Nearest(x[i*dim:(i+1)*dim], x, i, n, distance)
			for _, k := range []int{1, 5, 15, n} {
				want := set(all[:min(k, len(all))])
				if got := set(view.Nearest(k)); !slices.Equal(got, want) && (strict || !tied(dist, k)) {
					t.Fatalf("the %d nearest to row %d are %v, want %v", k, i, got, want)
				}
			}
			var some []int32
			var near []float64
			for at, j := range all {
				if member[j] {
					some, near = append(some, j), append(near, dist[at])
				}
			}
			if got, want := set(view.NearestAmong(member, 4)), set(some[:min(4, len(some))]); !slices.Equal(got, want) && (strict || !tied(near, 4)) {
				t.Fatalf("the nearest members to row %d are %v, want %v", i, got, want)
			}
			for rank, j := range all {
				if i%5 > 0 && rank%7 > 0 {
					continue // some will do
				}
				if got := view.Rank(int(j)); got != rank && (strict || !close(dist, rank, got)) {
					t.Fatalf("seen from row %d, row %d has rank %d, want %d", i, j, got, rank)
				}
			}
			var got, want [3]float64
			view.Sum(group, got[:])
			for at, j := range all {
				want[group[j]] += dist[at]
			}
			one, other := got[0]+got[1]+got[2], want[0]+want[1]+want[2]
			for g := range got { // in a unit of its own
				if math.Abs(got[g]*other-want[g]*one) > 1e-4*one*other {
					t.Fatalf("seen from row %d, distances add up to %v, want a multiple of %v", i, got, want)
				}
			}
		}
	}
}

func set(rows []int32) []int32 {
	rows = slices.Clone(rows)
	slices.Sort(rows)
	return rows
}

// tied reports whether rounding in float64 decides which rows are the k nearest.
func tied(dist []float64, k int) bool { return k < len(dist) && close(dist, k-1, k) }

// close reports whether the distances of two ranks are equal but for rounding in float64.
func close(dist []float64, a, b int) bool {
	d, e := dist[a], dist[b]
	return math.Abs(d-e) <= 1e-12*(d+e)+1e-15*math.Sqrt(d+e)+1e-30
}
