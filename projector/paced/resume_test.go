package paced

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// TestResume: a map that goes on keeps what it has to the bit, and what is new moves at the scale of what is there.
func TestResume(t *testing.T) {
	half := func(r Rows, i int) bool { return r.Epoch[i] < 8 || r.Epoch[i] == 8 && r.Sample[i]%2 == 0 }
	for name, c := range map[string]struct {
		held func(r Rows, i int) bool
		dims int
	}{
		"two new epochs":      {func(r Rows, i int) bool { return r.Epoch[i] < 10 }, 2},
		"three dimensions":    {func(r Rows, i int) bool { return r.Epoch[i] < 10 }, 3},
		"half an epoch":       {half, 2},
		"one in the middle":   {func(r Rows, i int) bool { return r.Epoch[i] != 5 }, 2},
		"the first two":       {func(r Rows, i int) bool { return r.Epoch[i] > 1 }, 2},
		"all but the second":  {func(r Rows, i int) bool { return r.Epoch[i] == 1 }, 2},
		"nothing that is new": {func(Rows, int) bool { return true }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r, o := walk{epochs: 12, samples: 60, dim: 6, step: 0.1, own: 0.03}.rows(), options()
			o.Dims = c.dims
			y := start(r, o.Dims)
			f := film(t, r, o)
			run(t, f, y, 200)
			held := make([]bool, len(r.Epoch))
			for i := range held {
				held[i] = c.held(r, i)
			}
			whole := slices.Clone(y)
			f = film(t, r, o)
			if err := f.Resume(t.Context(), y, held); err != nil {
				t.Fatal(err)
			}
			for _, rows := range f.tracks { // as a layout starts: each where its sample was last, or is next
				for range 2 {
					for k, i := range rows {
						if k > 0 && !held[i] {
							copy(y[int(i)*o.Dims:][:o.Dims], y[int(rows[k-1])*o.Dims:])
						}
					}
					slices.Reverse(rows)
				}
			}
			for k := range 100 {
				if err := f.Pass(t.Context(), y, 1-float64(k)/100); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.End(t.Context(), y); err != nil {
				t.Fatal(err)
			}
			for i, is := range held {
				if a, b := y[i*o.Dims:][:o.Dims], whole[i*o.Dims:][:o.Dims]; is && !slices.Equal(a, b) {
					t.Fatalf("row %d, which is held, moves from %v to %v", i, b, a)
				}
			}
			if most, least := pace(f, y); name != "all but the second" && (most > 1.15 || least < 0.85) {
				t.Errorf("a transition has %.3f to %.3f of its share", least, most)
			}
			for i, v := range y {
				if !(math.Abs(float64(v)) < 1e3) {
					t.Fatalf("coordinate %d is %v", i, v)
				}
			}
		})
	}
	r := walk{epochs: 2, samples: 3, dim: 2}.rows()
	if err := film(t, r, options()).Resume(t.Context(), start(r, 2), make([]bool, 6)); !errors.Is(err, space.ErrInput) {
		t.Errorf("with nothing held: %v", err)
	}
}
