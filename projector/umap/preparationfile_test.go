package umap

import (
	"errors"
	"slices"
	"testing"
)

func preparations(t testing.TB) (list [][]byte, x []float32) {
	x = blobs(40, 6, 2, 3)
	for _, scale := range []string{"none", "standardize", "unit"} {
		for _, pca := range []int{0, 1, 6} {
			p, err := Prepare(ctx, x, 6, scale, pca, 1)
			if err != nil {
				t.Fatal(err)
			}
			b, err := p.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, b)
			var again Preparation
			if err := again.UnmarshalBinary(b); err != nil {
				t.Fatalf("%s, %d components: %v", scale, pca, err)
			}
			want, _ := p.Apply(ctx, x, 1)
			if got, err := again.Apply(ctx, x, 1); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, %d components: read again, it prepares otherwise (%v)", scale, pca, err)
			}
		}
	}
	return list, x
}

func TestPreparationIsReadAgain(t *testing.T) {
	list, _ := preparations(t)
	whole := list[len(list)-1]
	for name, b := range map[string][]byte{
		"nothing": nil, "another version": append([]byte{9}, whole[1:]...), "cut short": whole[:len(whole)-8],
		"too long": append(slices.Clone(whole), 0), "no columns": append([]byte{1, 4, 0, 0, 0, 0}, whole[6:]...),
	} {
		if err := new(Preparation).UnmarshalBinary(b); !errors.Is(err, ErrModel) {
			t.Errorf("%s: error %v, want ErrModel", name, err)
		}
	}
}

func FuzzPreparation(f *testing.F) {
	list, _ := preparations(f)
	for _, b := range list {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Preparation
		if p.UnmarshalBinary(b) != nil {
			return
		}
		if again, err := p.MarshalBinary(); err != nil || !slices.Equal(again, b) {
			t.Errorf("written again, %x is %x, %v", b, again, err)
		}
		if p.in < 1000 {
			p.Apply(ctx, make([]float32, p.in), 1)
		}
	})
}
