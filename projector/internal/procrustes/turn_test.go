package procrustes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestTurn(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, dims := range []int{2, 3} {
		before := make([]float32, 50*dims)
		for i := range before {
			before[i] = float32(r.NormFloat64())
		}
		// Mirrored, turned by a right angle, and far away; the last ten rows are new.
		y := make([]float32, len(before))
		skip := make([]bool, 50)
		for i := range 50 {
			skip[i] = i >= 40
			for d := range dims {
				y[i*dims+d] = before[i*dims+(d+1)%dims] + 30
			}
			y[i*dims] = -y[i*dims]
		}
		Turn(y, before, dims, skip)
		for i := range y {
			if math.Abs(float64(y[i]-before[i])) > 1e-4 {
				t.Fatalf("%d dims: coordinate %d is %v, want %v", dims, i, y[i], before[i])
			}
		}
	}
	y := []float32{1, 2}
	Turn(y, []float32{5, 6}, 2, []bool{true})
	if fmt.Sprint(y) != "[1 2]" {
		t.Errorf("with nothing to register to, y = %v", y)
	}
}
