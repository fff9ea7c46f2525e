package vec

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// testField is a plane of n points with two forces, at a pass in which an edge of step s is due when 3·s wraps round.
func testField(n, negatives int) *Field {
	y := fill(make([]float32, 2*n), 1)
	forces := [2]Curve{
		*NewCurve(func(d2 float64) float64 { return 1 / (1 + d2) }),
		*NewCurve(func(d2 float64) float64 { return -2 / (0.1 + d2) }),
	}
	return &Field{Places: y, Forces: &forces, Pass: 3, Negatives: uint32(negatives), Points: uint32(n), First: uint32(n / 2), Size: uint32(n / 4)}
}

func TestPull(t *testing.T) {
	const n = 500
	r := rand.New(rand.NewPCG(1, 2))
	pool := make([]int32, n)
	for i := range pool {
		pool[i] = int32((i*7 + 3) % n)
	}
	eachLevel(t, func(t *testing.T) {
		for edges := range maxLen + 1 {
			for _, negatives := range []int{0, 1, 5} {
				f := testField(n, negatives)
				if edges%2 == 1 {
					f.Pool = pool
				}
				f.Share = []uint32{0, 1 << 30, math.MaxUint32}[edges%3]
				cols, steps := make([]int32, edges), make([]uint32, edges)
				for e := range cols {
					cols[e], steps[e] = int32(r.IntN(n)), r.Uint32()
				}
				i, key := r.IntN(n), r.Uint32()
				x, y := f.Pull(i, cols, steps, key)
				wx, wy, size := slowPull(f, i, cols, steps, key)
				if !near(float64(x), wx, size, 1e-5) || !near(float64(y), wy, size, 1e-5) {
					t.Fatalf("Pull(edges=%d, negatives=%d) = %v, %v, want %v, %v", edges, negatives, x, y, wx, wy)
				}
				if x2, y2 := f.Pull(i, cols, steps, key); x2 != x || y2 != y {
					t.Fatalf("Pull(edges=%d) again = %v, %v, was %v, %v", edges, x2, y2, x, y)
				}
			}
		}
	})
}

// slowPull is Pull by its definition, in float64, and the sum of the sizes of the forces.
func slowPull(f *Field, i int, cols []int32, steps []uint32, key uint32) (x, y, size float64) {
	feel := func(j int32, force *Curve) {
		dx, dy := float64(f.Places[2*j])-float64(f.Places[2*i]), float64(f.Places[2*j+1])-float64(f.Places[2*i+1])
		c := float64(force.At(float32(dx*dx + dy*dy)))
		x, y = x+c*dx, y+c*dy
		size += math.Abs(c*dx) + math.Abs(c*dy)
	}
	near := 0
	for e, s := range steps {
		if f.Pass*s < s {
			near++
			feel(cols[e], &f.Forces[0])
		}
	}
	for k := range near * int(f.Negatives) {
		feel(f.Draw(key, uint32(k)), &f.Forces[1])
	}
	return x, y, size
}

// A row of many edges is the sum of its stretches.
func TestPullOfManyEdges(t *testing.T) {
	const n = 1000
	eachLevel(t, func(t *testing.T) {
		f := testField(n, 2)
		cols, steps := make([]int32, n), make([]uint32, n)
		for e := range cols {
			cols[e], steps[e] = int32(e), uint32(e)<<22
		}
		x, y := f.Pull(7, cols, steps, 5)
		var wx, wy, size float64
		key := uint32(5)
		for lo := 0; lo < n; lo += 256 {
			hi := min(n, lo+256)
			a, b, s := slowPull(f, 7, cols[lo:hi], steps[lo:hi], key)
			wx, wy, size, key = wx+a, wy+b, size+s, hash32(key+1)
		}
		if !near(float64(x), wx, size, 1e-5) || !near(float64(y), wy, size, 1e-5) {
			t.Errorf("Pull = %v, %v, want %v, %v", x, y, wx, wy)
		}
	})
}

func TestPullReadsNoFurther(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for edges := 1; edges < 40; edges++ {
			f := testField(64, 3)
			f.Places = guarded(t, 2*64)
			fill(f.Places, 4)
			cols, steps := words[int32](guarded(t, edges)), words[uint32](guarded(t, edges))
			for e := range cols {
				cols[e], steps[e] = 63, math.MaxUint32
			}
			f.Pull(63, cols, steps, uint32(edges))
		}
	})
}

// words is the memory of x as integers.
func words[T int32 | uint32](x []float32) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(&x[0])), len(x))
}

func TestDraws(t *testing.T) {
	const n, draws = 64, 1 << 16
	f := &Field{Points: n, First: 16, Size: 8, Share: 1 << 31}
	var count [n]int
	for k := range uint32(draws) {
		count[f.Draw(k/100*2654435761, k%100)]++
	}
	for i, c := range count {
		want := draws / 2. / n
		if i >= 16 && i < 24 {
			want += draws / 2. / 8
		}
		if math.Abs(float64(c)-want) > 6*math.Sqrt(want) {
			t.Errorf("%d was drawn %d times of %d, want about %.0f", i, c, draws, want)
		}
	}
}

func TestCurve(t *testing.T) {
	c := NewCurve(func(d2 float64) float64 { return 1 / (0.1 + d2) })
	for d2 := 1e-4; d2 < 5e4; d2 *= 1.01 {
		if got, want := float64(c.At(float32(d2))), 1/(0.1+d2); math.Abs(got-want) > 1e-4*want {
			t.Fatalf("At(%v) = %v, want %v", d2, got, want)
		}
	}
	for _, d2 := range []float32{0, 1e-30, 1e30, math.MaxFloat32} {
		if v := c.At(d2); v-v != 0 {
			t.Errorf("At(%v) = %v", d2, v)
		}
	}
}
