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

// TestPrincipalAxes holds the axes against the singular vectors of the centred rows.
func TestPrincipalAxes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n, d = 200, 30
	x := make([]float32, n*d)
	for i := range n {
		for j := range d {
			x[i*d+j] = float32(5 + r.NormFloat64()*math.Pow(0.8, float64(j)))
		}
	}
	p := principal(t, x, d, 3)
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
		if math.Abs(math.Abs(dot)-1) > 1e-6 {
			t.Errorf("axis %d makes a cosine of %v with the singular vector", a, dot)
		}
	}
	if p.Rank != 3 {
		t.Errorf("rank %d, want 3", p.Rank)
	}
}

// TestPrincipalRank: the axes that rows span are counted, whatever the rows are short of, and rows have no coordinate along
// the others.
func TestPrincipalRank(t *testing.T) {
	const n, dim, dims = 60, 40, 3
	spanned := func(rank int, shift, scale float64) []float32 { // rows in as many directions askew to the columns
		x := make([]float32, n*dim)
		for i := range x {
			x[i] = float32(shift)
			for k := range uint64(rank) {
				x[i] += float32(scale * random.Normal(1, uint64(i/dim), k) * random.Normal(2, uint64(i%dim), k))
			}
		}
		return x
	}
	column := make([]float32, n*dim)
	for i := range n {
		column[i*dim+1] = float32(i)
	}
	for name, c := range map[string]struct {
		x         []float32
		dim, rank int
	}{
		"all rows 0":            {make([]float32, n*dim), dim, 0},
		"all rows equal":        {spanned(0, 0.1, 1), dim, 0},
		"one row":               {spanned(3, 0, 1)[:dim], dim, 0},
		"two rows":              {spanned(3, 0, 1)[:2*dim], dim, 1},
		"three rows":            {spanned(3, 0, 1)[:3*dim], dim, 2},
		"one column varies":     {column, dim, 1},
		"a line":                {spanned(1, 0, 1), dim, 1},
		"a line off the origin": {spanned(1, 3, 1), dim, 1},
		"a plane":               {spanned(2, 0, 1), dim, 2},
		"a plane, large":        {spanned(2, 0, 1e30), dim, 2},
		"a plane, small":        {spanned(2, 0, 1e-30), dim, 2},
		"three directions":      {spanned(3, 0, 1), dim, 3},
		"rows of one column":    {spanned(1, 0, 1), 1, 1},
		"rows of two columns":   {spanned(2, 0, 1), 2, 2},
	} {
		p := principal(t, c.x, c.dim, dims)
		if p.Rank != c.rank {
			t.Errorf("%s: rank %d, want %d", name, p.Rank, c.rank)
		}
		varies := 0
		y := p.Place(c.x, dims)
		for a := range dims {
			for i := a; i < len(y); i += dims {
				if y[i] != 0 {
					varies++
					break
				}
			}
		}
		if varies != c.rank || len(y) != len(c.x)/c.dim*dims {
			t.Errorf("%s: %d coordinates vary, of %d, want %d", name, varies, len(y), c.rank)
		}
	}
	if p := principal(t, column, dim, dims); p.Axes[0][1] < 1-1e-12 {
		t.Errorf("the column that varies has %v of the first axis", p.Axes[0][1])
	}
}

func principal(t *testing.T, x []float32, dim, dims int) *Principal {
	t.Helper()
	p, err := PrincipalAxes(t.Context(), x, dim, dims, 2)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
