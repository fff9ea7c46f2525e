package measure

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// The measures once more, from their definitions, in float64, with every distance taken apart and every row sorted:
// what the fast ones must agree with.

func slowDistance(x []float32, dim, i, j int) float64 {
	var sq float64
	for k := range dim {
		d := float64(x[i*dim+k]) - float64(x[j*dim+k])
		sq += d * d
	}
	return math.Sqrt(sq)
}

// slowOrder returns the other rows by their distance from row i.
func slowOrder(x []float32, dim, i int) []int {
	var order []int
	for j := range len(x) / dim {
		if j != i {
			order = append(order, j)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(slowDistance(x, dim, i, a), slowDistance(x, dim, i, b))
	})
	return order
}

// slowTrust is the trustworthiness of b as a picture of a; its continuity is slowTrust of a as a picture of b.
func slowTrust(a []float32, dimA int, b []float32, dimB, k int) float64 {
	n := len(a) / dimA
	sum := 0
	for i := range n {
		order := slowOrder(a, dimA, i)
		for _, j := range slowOrder(b, dimB, i)[:k] {
			sum += max(0, slices.Index(order, j)+1-k)
		}
	}
	return 1 - 2*float64(sum)/float64(n*k*(2*n-3*k-1))
}

func slowSilhouette(x []float32, dim int, label []int) float64 {
	var total float64
	for i := range label {
		sum, count := map[int]float64{}, map[int]int{}
		for j, l := range label {
			if j != i {
				sum[l] += slowDistance(x, dim, i, j)
				count[l]++
			}
		}
		if count[label[i]] == 0 {
			continue
		}
		a, b := sum[label[i]]/float64(count[label[i]]), math.Inf(1)
		for l := range sum {
			if l != label[i] {
				b = min(b, sum[l]/float64(count[l]))
			}
		}
		total += (b - a) / max(a, b)
	}
	return total / float64(len(label))
}

func slowPurity(x []float32, dim int, label []int, k int) float64 {
	same := 0
	for i := range label {
		for _, j := range slowOrder(x, dim, i)[:k] {
			if label[j] == label[i] {
				same++
			}
		}
	}
	return float64(same) / float64(k*len(label))
}

// slowRecall is the share of every row's near rows found among its k nearest on the map.
func slowRecall(x []float32, dim int, y []float32, dims, near, k int) float64 {
	n := len(x) / dim
	found := 0
	for i := range n {
		laid := slowOrder(y, dims, i)[:k]
		for _, j := range slowOrder(x, dim, i)[:near] {
			if slices.Contains(laid, j) {
				found++
			}
		}
	}
	return float64(found) / float64(n*near)
}

// slowCKA is tr(KHLH) / √(tr(KHKH) tr(LHLH)) for the kernels K = AAᵀ and L = BBᵀ.
func slowCKA(a []float32, dimA int, b []float32, dimB int) float64 {
	kernel := func(x []float32, dim int) []float64 {
		n := len(x) / dim
		k := make([]float64, n*n)
		for i := range n {
			for j := range n {
				for c := range dim {
					k[i*n+j] += float64(x[i*dim+c]) * float64(x[j*dim+c])
				}
			}
		}
		row, all := make([]float64, n), 0.0 // means; the kernel is symmetric
		for i, v := range k {
			row[i/n] += v / float64(n)
			all += v / float64(n*n)
		}
		centred := make([]float64, n*n)
		for i, v := range k {
			centred[i] = v - row[i/n] - row[i%n] + all
		}
		return centred
	}
	dot := func(p, q []float64) (sum float64) {
		for i := range p {
			sum += p[i] * q[i]
		}
		return sum
	}
	k, l := kernel(a, dimA), kernel(b, dimB)
	return dot(k, l) / math.Sqrt(dot(k, k)*dot(l, l))
}

// training makes epochs of n samples in classes that drift apart, and a map of them that is only partly right.
func training(epochs, n, dim, classes int, seed uint64) []Frame {
	r := rand.New(rand.NewPCG(seed, 1))
	samples, class := make([]int, n), make([]int, n)
	base := make([]float32, n*dim)
	for i := range n {
		samples[i], class[i] = 100+i, i%classes
		for j := range dim {
			base[i*dim+j] = float32(r.NormFloat64())
		}
	}
	frames := make([]Frame, epochs)
	for e := range frames {
		f := Frame{Dim: dim, Dims: 2, Samples: samples, Classes: class}
		for i := range n {
			for j := range dim {
				v := base[i*dim+j] + 0.3*float32(r.NormFloat64())
				if j == class[i]%dim {
					v += float32(e)
				}
				f.X = append(f.X, v)
			}
			row := f.X[i*dim:]
			f.Y = append(f.Y, row[0]+row[2%dim]+0.2*float32(r.NormFloat64()), row[1%dim]-row[3%dim])
		}
		frames[e] = f
	}
	return frames
}
