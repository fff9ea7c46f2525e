package vec

import "math"

// AdamStep is one step of Adam with its constants (Kingma and Ba, 2015): the
// bias corrections of the step are folded in.
type AdamStep struct {
	Beta1, Rest1 float32 // β₁ and 1-β₁
	Beta2, Rest2 float32 // β₂ and 1-β₂
	Rate         float32 // learning rate / (1-β₁ᵗ)
	Correct      float32 // 1 / (1-β₂ᵗ)
	Epsilon      float32
}

// NewAdamStep returns the constants of step t, counted from 1.
func NewAdamStep(t int, rate, beta1, beta2, epsilon float64) AdamStep {
	return AdamStep{
		Beta1: float32(beta1), Rest1: float32(1 - beta1),
		Beta2: float32(beta2), Rest2: float32(1 - beta2),
		Rate:    float32(rate / (1 - math.Pow(beta1, float64(t)))),
		Correct: float32(1 / (1 - math.Pow(beta2, float64(t)))),
		Epsilon: float32(epsilon),
	}
}

// Adam updates weights w and moments m and v by gradient g:
//
//	for i, d := range g {
//		m[i] = Beta1*m[i] + Rest1*d
//		v[i] = Beta2*v[i] + Rest2*d*d
//		w[i] -= Rate * m[i] / (sqrt(v[i]*Correct) + Epsilon)
//	}
//
// It panics unless all have the same length.
func Adam(s *AdamStep, w, m, v, g []float32) {
	if len(w) != len(g) || len(m) != len(g) || len(v) != len(g) {
		panic(badLength)
	}
	adam(s, w, m, v, g)
}

func adamGeneric(s *AdamStep, w, m, v, g []float32) {
	for i, d := range g {
		m[i] = s.Beta1*m[i] + s.Rest1*d
		v[i] = s.Beta2*v[i] + s.Rest2*d*d
		w[i] -= s.Rate * m[i] / (float32(math.Sqrt(float64(v[i]*s.Correct))) + s.Epsilon)
	}
}
