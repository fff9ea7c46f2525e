package umap

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

var ctx = context.Background()

// blobs are k Gaussian clouds of unit spread, far apart; row i is of blob i%k.
func blobs(n, dim, k int, seed uint64) []float32 {
	x := make([]float32, n*dim)
	for i := range n {
		for j := range dim {
			x[i*dim+j] = float32(random.Normal(seed, uint64(i), uint64(j)) + 20*random.Normal(seed+1, uint64(i%k), uint64(j)))
		}
	}
	return x
}

func fit(t testing.TB, x []float32, dim int, o Options) *Model {
	t.Helper()
	m, err := Fit(ctx, x, dim, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range m.Embedding {
		if v-v != 0 {
			t.Fatalf("coordinate %d = %v", i, v)
		}
	}
	return m
}

func TestFitIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	const n, dim = 2500, 7
	x := blobs(n, dim, 3, 1)
	crews := []int{1, 2, 3, 8}
	if raceEnabled { // which looks for something else
		crews = []int{3, 8}
	}
	for _, dims := range []int{2, 3} {
		for i, start := range Inits {
			if raceEnabled && i%2 != dims%2 {
				continue
			}
			o := Defaults()
			o.Dims, o.Init, o.NEpochs = dims, start, 30
			var want *Model
			for _, o.Workers = range crews {
				m := fit(t, x, dim, o)
				if want == nil {
					want = m
				}
				if !slices.Equal(m.Neighbors.Index, want.Neighbors.Index) || !slices.Equal(m.Neighbors.Dist, want.Neighbors.Dist) {
					t.Errorf("%d dims, %s: neighbours differ with %d workers", dims, start, o.Workers)
				}
				if !slices.Equal(m.Embedding, want.Embedding) {
					t.Errorf("%d dims, %s: map differs with %d workers", dims, start, o.Workers)
				}
			}
			o.Seed++
			if m := fit(t, x, dim, o); slices.Equal(m.Embedding, want.Embedding) {
				t.Errorf("%d dims, %s: another seed gives the same map", dims, start)
			}
		}
	}
}

func TestFitSeparatesBlobs(t *testing.T) {
	const n, dim, k = 800, 10, 4
	x := blobs(n, dim, k, 2)
	for _, metric := range space.Metrics {
		for _, start := range Inits {
			o := Defaults()
			o.Metric, o.Init, o.NEpochs = metric, start, 100
			m := fit(t, x, dim, o)
			if p := purity(m.Embedding, 2, k); p < 0.99 {
				t.Errorf("%s, %s: share of nearest on the map of the same blob = %.3f, want 0.99", metric, start, p)
			}
		}
	}
}

func TestFitKeepsNeighborhoods(t *testing.T) {
	// A plane rolled up in space: the map has to unroll it.
	n := 1500
	if raceEnabled {
		n = 700
	}
	x := make([]float32, 0, 3*n)
	for i := range uint64(n) {
		a := 4.5 * (1 + 2*random.Unit(random.Draw(9, i, 0)))
		x = append(x, float32(a*math.Cos(a)), float32(20*random.Unit(random.Draw(9, i, 1))), float32(a*math.Sin(a)))
	}
	for _, dims := range []int{2, 3} {
		o := Defaults()
		o.Dims = dims
		m := fit(t, x, 3, o)
		if v := trustworthiness(x, 3, m.Embedding, dims, 15); v < 0.97 {
			t.Errorf("trustworthiness in %d dims = %.4f, want 0.97", dims, v)
		}
	}
}

func TestFitOddInput(t *testing.T) {
	equal := func(n, dim int) []float32 {
		x := make([]float32, n*dim)
		for i := range x {
			x[i] = 3
		}
		return x
	}
	scaled := func(f float32) []float32 {
		x := blobs(300, 4, 2, 3)
		for i := range x {
			x[i] *= f
		}
		return x
	}
	columns := blobs(300, 4, 2, 4)
	for i := 0; i < len(columns); i += 2 {
		columns[i] = 7
	}
	many, wide := 10000, 10000
	if raceEnabled {
		many, wide = 1500, 1500
	}
	half := append(equal(1500, 3), blobs(500, 3, 2, 5)...)
	outlier := blobs(300, 4, 1, 6)
	outlier[17] = 1e30
	for i, c := range []struct {
		name string
		x    []float32
		dim  int
	}{
		{"one row", []float32{1, 2}, 2},
		{"two rows", []float32{1, 2, 3, 4}, 2},
		{"three rows", []float32{1, 2, 3}, 1},
		{"two equal rows", []float32{1, 2, 1, 2}, 2},
		{"fewer rows than neighbours", blobs(10, 3, 1, 7), 3},
		{"as many rows as neighbours", blobs(15, 3, 1, 7), 3},
		{"all equal", equal(many, 2), 2},
		{"all zero", make([]float32, 500*2), 2},
		{"many equal", half, 3},
		{"constant columns", columns, 4},
		{"one column", blobs(400, 1, 2, 8), 1},
		{"many columns", blobs(60, wide, 2, 8), wide},
		{"huge", scaled(1e30), 4},
		{"largest", scaled(math.MaxFloat32 / 100), 4},
		{"tiny", scaled(1e-30), 4},
		{"smallest", scaled(1e-44), 4},
		{"one far outlier", outlier, 4},
		{"disconnected", blobs(200, 3, 20, 9), 3},
	} {
		for m, metric := range space.Metrics {
			for _, dims := range []int{1, 2, 3} {
				if len(c.x) >= 20000 && dims != 2 || raceEnabled && (dims != 2 || m%2 != i%2) {
					continue // for the time it takes
				}
				o := Defaults()
				o.Metric, o.Dims, o.NEpochs = metric, dims, 20
				m := fit(t, c.x, c.dim, o)
				if n := len(c.x) / c.dim; m.N != n || len(m.Embedding) != n*dims {
					t.Errorf("%s, %s: map of %d rows, %d coordinates", c.name, metric, m.N, len(m.Embedding))
				}
			}
		}
	}
}

func TestFitRefuses(t *testing.T) {
	x := blobs(50, 3, 1, 1)
	for _, c := range []struct {
		name string
		set  func(o *Options)
		want string
	}{
		{"n_neighbors", func(o *Options) { o.NNeighbors = 1 }, "n_neighbors = 1, want at least 2"},
		{"dims", func(o *Options) { o.Dims = 0 }, "dims = 0, want 1 to 64"},
		{"metric", func(o *Options) { o.Metric = "hamming" }, "want one of " + strings.Join(space.Metrics, ", ")},
		{"init", func(o *Options) { o.Init = "" }, "want one of pca, spectral, random"},
		{"min_dist below 0", func(o *Options) { o.MinDist = -0.1 }, "min_dist = -0.1, want 0 to spread (1)"},
		{"min_dist over spread", func(o *Options) { o.MinDist = 2 }, "min_dist = 2, want 0 to spread (1)"},
		{"min_dist NaN", func(o *Options) { o.MinDist = math.NaN() }, "min_dist = NaN"},
		{"spread", func(o *Options) { o.Spread = 0 }, "spread = 0, want more than 0"},
		{"n_epochs", func(o *Options) { o.NEpochs = -1 }, "n_epochs = -1, want 0"},
		{"learning_rate", func(o *Options) { o.LearningRate = 0 }, "learning_rate = 0, want more than 0"},
		{"negative_sample_rate", func(o *Options) { o.NegativeSampleRate = -1 }, "negative_sample_rate = -1, want 0 to 100"},
		{"repulsion_strength", func(o *Options) { o.RepulsionStrength = math.Inf(1) }, "repulsion_strength = +Inf, want 0 to"},
		{"set_op_mix_ratio", func(o *Options) { o.SetOpMixRatio = 1.5 }, "set_op_mix_ratio = 1.5, want 0 to 1"},
		{"local_connectivity", func(o *Options) { o.LocalConnectivity = 15 }, "local_connectivity = 15, want 0 to n_neighbors - 1 (14)"},
		{"workers", func(o *Options) { o.Workers = -2 }, "workers = -2, want 0"},
	} {
		o := Defaults()
		c.set(&o)
		if _, err := Fit(ctx, x, 3, o, nil); err == nil || !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	nan := slices.Clone(x)
	nan[17*3+1] = float32(math.NaN())
	inf := slices.Clone(x)
	inf[3*3+2] = float32(math.Inf(-1))
	for _, c := range []struct {
		name string
		x    []float32
		dim  int
		want string
	}{
		{"NaN", nan, 3, "row 17, column 1 is NaN"},
		{"Inf", inf, 3, "row 3, column 2 is -Inf"},
		{"no rows", nil, 3, "no rows"},
		{"no columns", x, 0, "0 columns"},
		{"part of a row", x[:50], 3, "50 values are not a whole number of rows of 3 columns"},
	} {
		if _, err := Fit(ctx, c.x, c.dim, Defaults(), nil); err == nil || !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

func TestFitStops(t *testing.T) {
	x := blobs(3000, 20, 3, 1)
	for _, stage := range []string{"neighbors", "graph", "init", "layout"} {
		stop, cancel := context.WithCancel(ctx)
		o := Defaults()
		o.NEpochs = 100000
		var at time.Time
		_, err := Fit(stop, x, 20, o, func(s string, done, total int) {
			if done < 0 || done > total {
				t.Errorf("%s: %d of %d done", s, done, total)
			}
			if s == stage && at.IsZero() {
				at = time.Now()
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled in %s: error %v", stage, err)
		}
		if d := time.Since(at); at.IsZero() || d > 250*time.Millisecond {
			t.Errorf("cancelled in %s: returned after %v", stage, d)
		}
	}
}

func FuzzFit(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6}, uint8(2), uint8(2), uint8(0))
	f.Add([]byte{0, 0, 0, 0, 9, 9, 9, 9}, uint8(1), uint8(3), uint8(1))
	f.Add([]byte{255, 0, 128, 7, 255, 0, 128, 7, 1, 1, 1, 1}, uint8(4), uint8(15), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, dim, k, kind uint8) {
		if dim == 0 || len(data) > 300 {
			return
		}
		x := make([]float32, len(data)/int(dim)*int(dim))
		for i := range x {
			x[i] = float32(math.Ldexp(float64(data[i]&15)-7, int(data[i]>>4)*16-120))
		}
		o := Defaults()
		o.NNeighbors, o.NEpochs = int(k), 5
		o.Metric, o.Init, o.Dims, o.Scale = space.Metrics[int(kind)%len(space.Metrics)], Inits[kind/4%3], 1+int(kind/12%3), Scales[kind/36%3]
		m, err := Fit(ctx, x, int(dim), o, nil)
		if len(x) == 0 || k < 2 {
			if !errors.Is(err, ErrInput) {
				t.Fatalf("error %v, want ErrInput", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := m.Save(&file); err != nil {
			t.Fatal(err)
		}
		again, err := Load(&file)
		if err != nil {
			t.Fatal(err)
		}
		y, err := m.Transform(ctx, x, nil)
		if err != nil {
			t.Fatal(err)
		}
		if z, err := again.Transform(ctx, x, nil); err != nil || !slices.Equal(y, z) {
			t.Fatalf("loaded, the model places rows differently: %v", err)
		}
		for i, v := range append(y, m.Embedding...) {
			if v-v != 0 {
				t.Fatalf("coordinate %d = %v", i, v)
			}
		}
	})
}

// purity is the mean share of a row's 10 nearest on the map in its own blob.
func purity(y []float32, dims, k int) float64 {
	n, same := len(y)/dims, 0
	for i := range n {
		near, _ := brute.Nearest(y[i*dims:(i+1)*dims], y, i, 10, brute.Squared)
		for _, j := range near {
			if int(j)%k == i%k {
				same++
			}
		}
	}
	return float64(same) / float64(10*n)
}

// trustworthiness as in Venna and Kaski 2001, from true ranks.
func trustworthiness(x []float32, dim int, y []float32, dims, k int) float64 {
	n, sum := len(x)/dim, 0
	for i := range n {
		order, _ := brute.Nearest(x[i*dim:(i+1)*dim], x, i, n-1, brute.Squared)
		rank := make([]int, n)
		for r, j := range order {
			rank[j] = r + 1
		}
		near, _ := brute.Nearest(y[i*dims:(i+1)*dims], y, i, k, brute.Squared)
		for _, j := range near {
			sum += max(0, rank[j]-k)
		}
	}
	return 1 - 2*float64(sum)/(float64(n*k)*float64(2*n-3*k-1))
}
