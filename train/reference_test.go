package train

import (
	"math"
	"math/rand/v2"
)

// reference is the network in plain loops and float64, from weights in PyTorch's layout.
type reference [][]float64

func newReference(m *Model) reference {
	var r reference
	for _, p := range m.parameters {
		w, w64 := make([]float32, p.size()), make([]float64, p.size())
		p.collect(w, p.weights())
		for i, v := range w {
			w64[i] = float64(v)
		}
		r = append(r, w64)
	}
	return r
}

// forward returns the embedding and the logits of one image.
func (r reference) forward(image []byte) (embedding, logits []float64) {
	x := make([]float64, Pixels)
	for i, b := range image {
		x[i] = (float64(b)/255 - 0.1307) / 0.3081
	}
	x = convolve(x, r[conv1W], r[conv1B], 28)
	x = convolve(x, r[conv2W], r[conv2B], 14)
	embedding = connect(x, r[fc1W], r[fc1B])
	for i, v := range embedding {
		embedding[i] = max(v, 0)
	}
	return embedding, connect(embedding, r[fc2W], r[fc2B])
}

// loss is the mean cross-entropy over a set.
func (r reference) loss(set *Set) float64 {
	var sum float64
	for i, label := range set.Labels {
		_, logits := r.forward(set.Image(i))
		var e float64
		for _, v := range logits {
			e += math.Exp(v)
		}
		sum += math.Log(e) - logits[label]
	}
	return sum / float64(set.Len())
}

// convolve does conv 3×3 with padding 1, bias, ReLU and max-pool 2 on channels × side × side.
func convolve(x, w, b []float64, side int) []float64 {
	in, out, half := len(x)/side/side, len(b), side/2
	y := make([]float64, out*half*half) // zeros: the ReLU
	for o := range out {
		for r := range side {
			for c := range side {
				sum := b[o]
				for i := range in {
					for k := range 9 {
						if r, c := r+k/3-1, c+k%3-1; r >= 0 && r < side && c >= 0 && c < side {
							sum += w[(o*in+i)*9+k] * x[(i*side+r)*side+c]
						}
					}
				}
				at := &y[(o*half+r/2)*half+c/2]
				*at = max(*at, sum)
			}
		}
	}
	return y
}

func connect(x, w, b []float64) []float64 {
	y := make([]float64, len(b))
	for o := range y {
		y[o] = b[o]
		for i, v := range x {
			y[o] += w[o*len(x)+i] * v
		}
	}
	return y
}

// stripes returns n images that are easy to learn: label c is a bright bar at height 2c, in noise.
func stripes(n int, seed uint64) *Set {
	r := rand.New(rand.NewPCG(seed, 0))
	s := &Set{Images: make([]byte, n*Pixels), Labels: make([]uint8, n)}
	for i := range n {
		s.Labels[i] = uint8(r.IntN(Classes))
		for k := range s.Image(i) {
			s.Image(i)[k] = byte(r.IntN(60))
			if k/Side/2 == int(s.Labels[i])+2 {
				s.Image(i)[k] += 180
			}
		}
	}
	return s
}
