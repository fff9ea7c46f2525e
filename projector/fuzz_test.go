package projector

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
)

// FuzzModes makes a run of any bytes, in which samples come and go, and fits, extends, refits and places it in each mode:
// coordinates are always finite.
func FuzzModes(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, uint8(2), uint8(3), uint8(3), uint16(0))
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0}, uint8(1), uint8(2), uint8(2), uint16(5))
	f.Add([]byte{255, 0, 128, 7, 255, 0, 128, 7, 1, 1, 1, 1}, uint8(4), uint8(15), uint8(9), uint16(77))
	f.Add([]byte{17, 33, 49, 65, 81, 97, 113, 129, 145, 161, 177, 193, 209, 225}, uint8(1), uint8(4), uint8(5), uint16(4321))
	f.Fuzz(func(t *testing.T, data []byte, dim, k, epochs uint8, kind uint16) {
		if dim == 0 || epochs == 0 || k < 2 || len(data) > 400 || len(data) < int(dim) {
			return
		}
		src := fuzzedSource(data, int(dim), int(epochs))
		o := Defaults()
		o.Mode, o.Metric, o.Dims = Modes[kind%3], Metrics[int(kind/3)%len(Metrics)], 2+int(kind/12%2)
		o.Init = append([]string{""}, Inits...)[kind/24%5]
		o.Scale, o.NNeighbors, o.NEpochs, o.Workers = Scales[kind/120%3], int(k), 4, 1+int(kind%2)
		ctx := context.Background()
		o = o.resolve()
		if err := src.learn(ctx, o); err != nil {
			if !errors.Is(err, ErrOptions) {
				t.Fatal(err)
			}
			return
		}
		check := func(y []float32, err error) []float32 {
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range y {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Fatalf("coordinate %d is %v", i, v)
				}
			}
			return y
		}
		y, _, err := fitUMAP(ctx, src, o, nil, nil)
		check(y, err)
		fresh := make([]bool, len(src.frames))
		for i := range fresh {
			fresh[i] = i > 0 && i%3 == int(kind%3)
		}
		g := &extension{method: methods[0], p: &Projection{info: Info{Options: o, Dims: o.Dims}}, src: src, y: slices.Clone(y), fresh: fresh, watch: startWatch()}
		check(g.y, place(ctx, src, g.y, fresh, o, nil))
		again, _, err := g.layOut(ctx, g.y, nil)
		check(again, err)
		check(g.transform(ctx, len(src.frames)-1, src.x[:min(len(src.x), 5*src.dim)], o))
		if _, err := measureQuality(ctx, src, y, o, true, nil); err != nil {
			t.Fatal(err)
		}
	})
}

// fuzzedSource deals the rows that the bytes make out to epochs. A row has the sample of its place in the epoch, less some
// that are missing.
func fuzzedSource(data []byte, dim, epochs int) *source {
	src := &source{layer: "fc1", dim: dim, runs: []string{"a"}}
	rows := len(data) / dim
	for e := range min(epochs, rows) {
		f := sourceFrame{epoch: e, first: len(src.x) / dim}
		for i := e; i < rows; i += min(epochs, rows) {
			for j := range dim {
				b := data[i*dim+j]
				src.x = append(src.x, float32(math.Ldexp(float64(b&15)-7, int(b>>4)*16-120)))
			}
			number := i/min(epochs, rows) + int(data[i*dim]&1)*e
			for slices.Contains(f.numbers, number) {
				number++
			}
			f.samples, f.numbers, f.classes = append(f.samples, ""), append(f.numbers, number), append(f.classes, number%3-1)
		}
		src.frames = append(src.frames, f)
	}
	return src
}
