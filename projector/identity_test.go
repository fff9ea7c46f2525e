package projector

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// TestSameBits: whatever the number of workers and of processors, every step of every mode gives the same bits, and so
// do growing, refitting and placing. The data are many enough rows for each of eight workers to get some. The hashes of
// one instruction set may differ from those of another, which Options.Seed says; `make levels` runs this on each.
func TestSameBits(t *testing.T) {
	src := wideSource(5, 1900, 10)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	processors, crews := []int{1, 2}, []int{1, 2, 3, 8}
	if raceEnabled { // for the time it takes; what races can be seen in two
		processors, crews = []int{2}, []int{3, 8}
	}
	for _, mode := range Modes {
		var want map[string]uint64
		for _, procs := range processors {
			runtime.GOMAXPROCS(procs)
			for _, workers := range crews {
				got := stepHashes(t, src, mode, workers)
				if want == nil {
					want = got
				}
				for step, h := range got {
					if h != want[step] {
						t.Errorf("mode %s, %s: %016x with %d workers and GOMAXPROCS %d, %016x at first", mode, step, h, workers, procs, want[step])
					}
				}
			}
		}
		for _, step := range slices.Sorted(maps.Keys(want)) {
			t.Logf("%s at level %v, %s: %016x", mode, vec.CPU(), step, want[step])
		}
	}
}

// stepHashes goes through all that is done to a map, and hashes what each step gives. The last frame of src is not part of
// the first fit.
func stepHashes(t *testing.T, src *source, mode string, workers int) map[string]uint64 {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	ctx, hashes := t.Context(), map[string]uint64{}
	o := Defaults()
	o.Mode, o.Workers, o.NNeighbors, o.NEpochs = mode, workers, 6, 6
	o = o.resolve()

	young := *src
	last := src.frames[len(src.frames)-1]
	young.frames, young.x = src.frames[:len(src.frames)-1], src.x[:last.first*src.dim]
	if mode == "joint" { // the same in all
		knn, err := space.Neighbors(ctx, young.x, young.dim, space.NeighborOptions{NNeighbors: o.NNeighbors, Metric: o.Metric, Workers: workers}, nil)
		must(err)
		hashes["neighbors"] = hashOf(knn.Index, knn.Dist)
	}
	graphs, err := neighbourGraphs(ctx, young.pictures(o), o, nil)
	must(err)
	g, err := unite(ctx, &young, graphs, o)
	must(err)
	hashes["graph"] = hashOf(g.Start, g.Col, g.Weight)
	y, err := startPlaces(ctx, &young, g, o)
	must(err)
	hashes["start"] = hashOf(y)
	spectral := o
	if spectral.Init = "spectral"; (workers == 1 || workers == 8) && !raceEnabled { // for the time it takes
		z, err := startPlaces(ctx, &young, g, spectral)
		must(err)
		hashes["spectral start"] = hashOf(z)
	}
	y, _, err = fitUMAP(ctx, &young, o, nil, nil)
	must(err)
	hashes["layout"] = hashOf(y)

	grown := append(slices.Clone(y), make([]float32, len(last.samples)*o.Dims)...)
	fresh := make([]bool, len(src.frames))
	fresh[len(fresh)-1] = true
	must(place(ctx, src, grown, fresh, o, nil))
	hashes["extend"] = hashOf(grown)
	before := &extension{method: methods[0], p: &Projection{info: Info{Options: o, Dims: o.Dims}}, src: src, y: grown, fresh: fresh, watch: startWatch()}
	for name, start := range map[string][]float32{"refit": grown, "renew": nil} {
		z, _, err := before.layOut(ctx, start, nil)
		must(err)
		hashes[name] = hashOf(z)
	}
	x := slices.Clone(last.of(src)[:1200*src.dim])
	for i := range x {
		x[i] += 0.01 * float32(i%7)
	}
	z, err := before.transform(ctx, len(src.frames)-1, x, o)
	must(err)
	hashes["transform"] = hashOf(z)
	return hashes
}

// wideSource is a run whose samples part into three classes, some of them missing now and then.
func wideSource(epochs, samples, dim int) *source {
	src := &source{layer: "fc1", dim: dim, runs: []string{"a"}}
	for e := range epochs {
		f := sourceFrame{epoch: e + 1, first: len(src.x) / dim}
		for i := range samples {
			if (i+e)%50 == 0 {
				continue
			}
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for j := range dim {
				v := float32(r.NormFloat64())
				if j == i%3 {
					v += float32(e)
				}
				src.x = append(src.x, v)
			}
			f.samples, f.numbers, f.classes = append(f.samples, ""), append(f.numbers, i), append(f.classes, i%3)
		}
		src.frames = append(src.frames, f)
	}
	return src
}

// of returns the rows of a frame.
func (f sourceFrame) of(src *source) []float32 {
	return src.x[f.first*src.dim : (f.first+len(f.samples))*src.dim]
}

// hashOf hashes numbers by their bits.
func hashOf(lists ...any) uint64 {
	h := fnv.New64a()
	var buf []byte
	for _, list := range lists {
		buf = buf[:0]
		switch v := list.(type) {
		case []float32:
			for _, x := range v {
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(x))
			}
		case []int32:
			for _, x := range v {
				buf = binary.LittleEndian.AppendUint32(buf, uint32(x))
			}
		case []int:
			for _, x := range v {
				buf = binary.LittleEndian.AppendUint64(buf, uint64(x))
			}
		}
		h.Write(buf)
	}
	return h.Sum64()
}
