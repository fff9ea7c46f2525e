package space

import (
	"math"
	"math/rand/v2"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"gonum.org/v1/gonum/mat"
)

// A Plane is a mean and the directions of largest variance through it.
type Plane struct {
	Mean []float64
	Axes [][]float64 // unit vectors, the one of largest variance first; the largest entry of each is positive
	Rank int         // how many of them have any variance
}

// PrincipalPlane finds the first dims principal axes of the rows of x (n×dim) by subspace iteration (Halko, Martinsson
// and Tropp, Finding structure with randomness, SIAM Review 53, 2011, algorithm 4.4). Where the rows span fewer, the
// rest are zero. Workers are goroutines; 0 means GOMAXPROCS.
//
// [PrincipalAxes] takes the same components from products in float64, until they are as exact as asked for. The two differ in
// the last bits, and a map that starts on a plane is the same bits as ever only from this one, which also tells the rank.
func PrincipalPlane(x []float32, dim, dims, workers int) Plane {
	const spare, passes = 8, 24 // more passes than noise needs: a map turns by what is left
	n := len(x) / dim
	p := Plane{Mean: make([]float64, dim), Axes: make([][]float64, dims)}
	for i := range p.Axes {
		p.Axes[i] = make([]float64, dim)
	}
	for i, v := range x {
		p.Mean[i%dim] += float64(v) / float64(n)
	}
	var largest float64
	for i, v := range x {
		largest = max(largest, math.Abs(float64(v)-p.Mean[i%dim]))
	}
	if largest == 0 || n < 2 {
		return p
	}
	centred := make([]float32, len(x))
	for i, v := range x {
		centred[i] = float32((float64(v) - p.Mean[i%dim]) / largest)
	}

	k := min(dims+spare, dim)
	r := rand.New(rand.NewPCG(1, 2))
	basis := make([]float64, k*dim) // rows are vectors
	for i := range basis {
		basis[i] = r.NormFloat64()
	}
	small, along, back := make([]float32, k*dim), make([]float32, n*k), make([]float32, k*dim)
	for range passes {
		orthonormalise(basis, k, dim)
		for i, v := range basis {
			small[i] = float32(v)
		}
		vec.Sgemm(false, true, n, k, dim, 1, centred, dim, small, dim, 0, along, k, workers) // X·Bᵀ
		vec.Sgemm(true, false, k, dim, n, 1, along, k, centred, dim, 0, back, dim, workers)  // (X·Bᵀ)ᵀ·X
		for i, v := range back {
			basis[i] = float64(v)
		}
	}
	p.rotate(back, small, k, dims)
	return p
}

// rotate picks the axes from the subspace that the last pass took from rows small to rows image = small·XᵀX: the
// eigenvectors of image·smallᵀ (Rayleigh and Ritz).
func (p *Plane) rotate(image, small []float32, k, dims int) {
	dim := len(p.Mean)
	h := mat.NewSymDense(k, nil)
	for i := range k {
		for j := i; j < k; j++ {
			var a, b float64
			for c := range dim {
				a += float64(image[i*dim+c]) * float64(small[j*dim+c])
				b += float64(image[j*dim+c]) * float64(small[i*dim+c])
			}
			h.SetSym(i, j, (a+b)/2)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(h, true) {
		return
	}
	values := eigen.Values(nil) // ascending
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	for a := range min(dims, k) {
		if values[k-1-a] <= 1e-10*values[k-1] {
			return
		}
		axis := p.Axes[a]
		for i := range k {
			w := vectors.At(i, k-1-a)
			for c := range dim {
				axis[c] += w * float64(small[i*dim+c])
			}
		}
		at := 0
		for c, v := range axis {
			if math.Abs(v) > math.Abs(axis[at]) {
				at = c
			}
		}
		scale := math.Copysign(1/norm(axis), axis[at])
		for c := range axis {
			axis[c] *= scale
		}
		p.Rank++
	}
}

// Place returns the coordinates of the rows of x on the plane, n×len(p.Axes).
func (p *Plane) Place(x []float32) []float32 {
	dim, dims := len(p.Mean), len(p.Axes)
	y := make([]float32, len(x)/dim*dims)
	for i := range len(x) / dim {
		row := x[i*dim : (i+1)*dim]
		for a, axis := range p.Axes {
			var sum float64
			for c, v := range row {
				sum += (float64(v) - p.Mean[c]) * axis[c]
			}
			y[i*dims+a] = float32(sum)
		}
	}
	return y
}

// orthonormalise makes the k rows of b orthonormal, by Gram and Schmidt, twice. A row that depends on those before
// becomes zero.
func orthonormalise(b []float64, k, dim int) {
	for i := range k {
		row := b[i*dim : (i+1)*dim]
		before := norm(row)
		for range 2 {
			for j := range i {
				other, dot := b[j*dim:(j+1)*dim], 0.0
				for c, v := range other {
					dot += v * row[c]
				}
				for c, v := range other {
					row[c] -= dot * v
				}
			}
		}
		length := norm(row)
		for c := range row {
			if length > 1e-9*before {
				row[c] /= length
			} else {
				row[c] = 0
			}
		}
	}
}

func norm(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum)
}
