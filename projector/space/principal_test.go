package space

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"gonum.org/v1/gonum/mat"
)

func TestPCA(t *testing.T) {
	// Variances 100, 25, 4 and little more along the axes of a turned frame.
	const n, dim = 2000, 6
	x := make([]float32, 0, n*dim)
	for i := range uint64(n) {
		a, b, c := 10*random.Normal(1, i, 0), 5*random.Normal(1, i, 1), 2*random.Normal(1, i, 2)
		x = append(x, float32(0.6*a+0.8*b), float32(0.8*a-0.6*b), float32(c), 3, float32(0.1*random.Normal(1, i, 3)), -8)
	}
	y, err := PCA(t.Context(), x, dim, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	var s [3][3]float64
	for i := range n {
		for a := range 3 {
			for b := range 3 {
				s[a][b] += float64(y[3*i+a]) * float64(y[3*i+b])
			}
		}
	}
	for a, want := range []float64{4, 2, 0.8} { // standard deviations over the last one's 2.5
		if got := math.Sqrt(s[a][a]/s[2][2]) * 0.8; math.Abs(got-want) > 0.1*want {
			t.Errorf("spread of component %d = %.3f, want %.3f", a, got, want)
		}
		for b := range a {
			if c := s[a][b] / math.Sqrt(s[a][a]*s[b][b]); math.Abs(c) > 0.02 {
				t.Errorf("components %d and %d correlate: %.3f", a, b, c)
			}
		}
	}
}

func TestPrincipalPlane(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n, d = 200, 30
	x := make([]float32, n*d)
	for i := range n {
		for j := range d {
			x[i*d+j] = float32(5 + r.NormFloat64()*math.Pow(0.8, float64(j)))
		}
	}
	p := PrincipalPlane(x, d, 3, 2)
	centred := mat.NewDense(n, d, nil)
	for i := range n {
		for j := range d {
			centred.Set(i, j, float64(x[i*d+j])-p.Mean[j])
		}
	}
	var svd mat.SVD
	if !svd.Factorize(centred, mat.SVDThin) {
		t.Fatal("no SVD")
	}
	var v mat.Dense
	svd.VTo(&v)
	for a, axis := range p.Axes {
		var dot float64
		for j, c := range axis {
			dot += c * v.At(j, a)
		}
		if math.Abs(math.Abs(dot)-1) > 1e-3 {
			t.Errorf("axis %d makes a cosine of %v with the singular vector", a, dot)
		}
	}
	if p.Rank != 3 {
		t.Errorf("rank %d, want 3", p.Rank)
	}
	line := make([]float32, 20*4)
	for i := range 20 {
		line[i*4+1] = float32(i)
	}
	if p := PrincipalPlane(line, 4, 2, 0); p.Rank != 1 || p.Axes[0][1] != 1 {
		t.Errorf("a line has rank %d along %v", p.Rank, p.Axes[0])
	}
	one := PrincipalPlane(line[:4], 4, 2, 0)
	for _, y := range one.Place(line[:4]) {
		if y != 0 {
			t.Errorf("one row lies at %v, want 0", y)
		}
	}
}
