package measure

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestMapAlone holds what is measured of a map alone against the same map beside an original space.
func TestMapAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var both, alone []Frame
	for e := range 4 {
		f := Frame{Dim: 6, Dims: 2}
		for i := range 90 {
			if i%11 == e { // some samples are missing, others at each epoch
				continue
			}
			f.Samples, f.Classes = append(f.Samples, i), append(f.Classes, i%4-1)
			for range f.Dim {
				f.X = append(f.X, float32(rng.NormFloat64()))
			}
			for range f.Dims {
				f.Y = append(f.Y, float32(rng.NormFloat64()+float64(i%4)))
			}
		}
		both = append(both, f)
		f.X, f.Dim = nil, 0
		alone = append(alone, f)
	}
	for _, rows := range []int{0, 20} {
		want, got := compute(t, [][]Frame{both}, Options{Rows: rows}), compute(t, [][]Frame{alone}, Options{Rows: rows})
		for _, v := range []**float64{&want.TrustEpoch, &want.KNN15, &want.KNN50, &want.SilXFirst, &want.SilXLast, &want.SilCorr, &want.PurityGap, &want.Own15,
			&want.PMax, &want.PMin, &want.Pearson, &want.Motion, &want.MotionIn, &want.TravelX, &want.CommonX, &want.StraightX, &want.Fly, &want.Still} {
			if *v == nil {
				t.Fatal("beside the original space, something has no value")
			}
			*v = nil
		}
		want.KeepsPace, want.KeepsMotion = nil, nil
		for e := range want.Frames[0] {
			f := &want.Frames[0][e]
			f.Trustworthiness, f.Continuity, f.Own15, f.Original = nil, nil, nil, Labels{}
		}
		for e := range want.Steps[0] {
			s := &want.Steps[0][e]
			s.Original, s.Pace, s.Motion = Step{}, nil, nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d rows: the map alone measures otherwise than beside its original space:\n%+v\n%+v", rows, got, want)
		}
	}
}
