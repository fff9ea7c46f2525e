package umap

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/brute"
)

// iris reads Fisher's flowers (1936): 150×4 and their species, 50 of each.
func iris(t *testing.T) (x []float32, species []string) {
	f, err := os.Open("testdata/iris.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		for _, v := range r[:4] {
			c, err := strconv.ParseFloat(v, 32)
			if err != nil {
				t.Fatal(err)
			}
			x = append(x, float32(c))
		}
		species = append(species, r[4])
	}
	return x, species
}

func TestFitIris(t *testing.T) {
	x, species := iris(t)
	for _, c := range []struct {
		metric, init, scale string
		dims                int
	}{
		{"euclidean", "pca", "none", 2}, {"euclidean", "spectral", "standardize", 2}, {"manhattan", "random", "none", 3},
		{"cosine", "pca", "none", 2}, {"correlation", "spectral", "none", 3}, {"euclidean", "pca", "unit", 2},
	} {
		o := Defaults()
		o.Metric, o.Init, o.Scale, o.Dims = c.metric, c.init, c.scale, c.dims
		m := fit(t, x, 4, o)
		same, setosa := 0, 0
		for i := range m.N {
			near, _ := brute.Nearest(m.Embedding[i*c.dims:(i+1)*c.dims], m.Embedding, i, 10, brute.Squared)
			for _, j := range near {
				if species[j] == species[i] {
					same++
				} else if species[i] == "setosa" || species[j] == "setosa" {
					setosa++
				}
			}
		}
		if setosa > 0 { // setosa lies apart from the others, which touch
			t.Errorf("%+v: setosa and another are near on the map %d times", c, setosa)
		}
		if share := float64(same) / 1500; share < 0.9 {
			t.Errorf("%+v: share of nearest on the map of the same species = %.3f, want 0.9", c, share)
		}
	}
}

func TestFitTwoFarBlobs(t *testing.T) {
	const n, dim = 600, 5
	x := blobs(n, dim, 1, 4)
	spaced(x, dim, 1e6)
	for _, init := range Inits {
		o := Defaults()
		o.Init, o.NEpochs = init, 200
		m := fit(t, x, dim, o)
		if p := purity(m.Embedding, 2, 2); p != 1 {
			t.Errorf("%s: share of nearest on the map of the same blob = %.3f, want 1", init, p)
		}
		// A graph in two parts must neither fly apart nor collapse.
		for _, v := range m.Embedding {
			if math.Abs(float64(v)) > 100 {
				t.Fatalf("%s: a coordinate of %v", init, v)
			}
		}
		var width [2]float64
		for half := range 2 {
			for i := half + 2; i < n; i += 2 {
				width[half] = max(width[half], math.Abs(float64(m.Embedding[2*i]-m.Embedding[2*half])))
			}
		}
		if min(width[0], width[1]) < 1 || max(width[0], width[1]) > 4*min(width[0], width[1]) {
			t.Errorf("%s: two like blobs are %.2f and %.2f wide on the map", init, width[0], width[1])
		}
	}
}

// Points on a circle in one plane of many, and none elsewhere, come out as a circle.
func TestFitKeepsARing(t *testing.T) {
	const n, dim = 400, 50
	x := make([]float32, n*dim)
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / n)
		x[i*dim+7], x[i*dim+31] = float32(cos), float32(sin)
	}
	for _, init := range []string{"pca", "spectral"} {
		o := Defaults()
		o.Init, o.PCA = init, 10
		m := fit(t, x, dim, o)
		var centre [2]float64
		for i, v := range m.Embedding {
			centre[i%2] += float64(v) / n
		}
		turns, last := 0.0, 0.0
		for i := range n + 1 {
			at := m.Embedding[2*(i%n):]
			a := math.Atan2(float64(at[1])-centre[1], float64(at[0])-centre[0])
			if i > 0 {
				turns += math.Remainder(a-last, 2*math.Pi) / (2 * math.Pi)
			}
			last = a
		}
		if math.Abs(math.Abs(turns)-1) > 0.01 {
			t.Errorf("%s: the ring winds %.2f times about its centre, want once", init, turns)
		}
	}
}

// spaced moves every other row away, by so much that products cannot tell
// rows of one half apart.
func spaced(x []float32, dim int, by float32) []float32 {
	for i := range x {
		if i/dim%2 == 1 {
			x[i] += by
		}
	}
	return x
}
