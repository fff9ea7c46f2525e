package seal

import (
	"slices"
	"strings"
	"testing"
)

// TestSums changes one thing of what a seal covers after the other: each has another sum.
func TestSums(t *testing.T) {
	frame := func(change func(f *Frame)) int64 {
		f := Frame{Run: "a", Layer: "fc1", Epoch: 1, Dim: 2, Rows: 3, DType: "float32", IDs: 4, Parts: []Part{{0, 2, 7}, {2, 1, 8}}}
		change(&f)
		return f.Sum()
	}
	points := func(change func(p *Points)) int64 {
		p := Points{Projection: "m", Run: "a", Epoch: 1, Dims: 2, Extremes: [6]float64{1, 2, 3, 4}, Bytes: 16, Checksum: 9}
		change(&p)
		return p.Sum()
	}
	sample := func(change func(s *Sample)) int64 {
		s := Sample{ID: "1", Label: "one", Metadata: "{}", Thumbnail: []byte("png")}
		change(&s)
		return s.Sum()
	}
	epochs := func(change func(e []Epoch)) int64 {
		e := []Epoch{{"a", 1, 2, 3}, {"b", 1, 2, 4}}
		change(e)
		return Epochs(e)
	}
	if a, b := epochs(func([]Epoch) {}), epochs(func(e []Epoch) { e[0], e[1] = e[1], e[0] }); a != b {
		t.Errorf("epochs in another order have the sum %08x, want %08x", b, a)
	}
	for name, sums := range map[string][]int64{
		"epochs": {
			epochs(func([]Epoch) {}), Epochs([]Epoch{{"a", 1, 2, 3}}), epochs(func(e []Epoch) { e[1].Run = "c" }),
			epochs(func(e []Epoch) { e[1].Number = 2 }), epochs(func(e []Epoch) { e[1].Rows = 3 }), epochs(func(e []Epoch) { e[1].Seal = 5 }),
		},
		"frame": {
			frame(func(*Frame) {}), frame(func(f *Frame) { f.Run = "b" }), frame(func(f *Frame) { f.Layer = "fc2" }),
			frame(func(f *Frame) { f.Run, f.Layer = "af", "c1" }), frame(func(f *Frame) { f.Epoch = 2 }), frame(func(f *Frame) { f.Dim = 3 }),
			frame(func(f *Frame) { f.Rows = 4 }), frame(func(f *Frame) { f.DType = "float16" }), frame(func(f *Frame) { f.IDs = 5 }),
			frame(func(f *Frame) { f.Parts[1].FirstRow = 1 }), frame(func(f *Frame) { f.Parts[0].Rows = 1 }),
			frame(func(f *Frame) { f.Parts[0].Checksum = 6 }), frame(func(f *Frame) { f.Parts = f.Parts[:1] }),
		},
		"points": {
			points(func(*Points) {}), points(func(p *Points) { p.Projection = "n" }), points(func(p *Points) { p.Run = "b" }),
			points(func(p *Points) { p.Epoch = 2 }), points(func(p *Points) { p.Dims = 3 }), points(func(p *Points) { p.Extremes[3] = 5 }),
			points(func(p *Points) { p.Bytes = 8 }), points(func(p *Points) { p.Checksum = 8 }),
		},
		"sample": {
			sample(func(*Sample) {}), sample(func(s *Sample) { s.ID = "2" }), sample(func(s *Sample) { s.Label = "two" }),
			sample(func(s *Sample) { s.ID, s.Label = "1o", "ne" }), sample(func(s *Sample) { s.Metadata = "" }),
			sample(func(s *Sample) { s.Thumbnail = nil }),
		},
	} {
		for i, sum := range sums {
			if at := slices.Index(sums, sum); at != i || sum < 0 {
				t.Errorf("%s: change %d has the sum of change %d: %08x", name, i, at, sum)
			}
		}
	}
}

// TestTexts sums texts at once and in two parts, short ones and more than are summed at a time.
func TestTexts(t *testing.T) {
	list := []string{"a", "", "bc", strings.Repeat("long", 1<<14), "d", strings.Repeat("longer", 1<<14)}
	whole := Texts(0, len(list), func(i int) string { return list[i] })
	for cut := range len(list) + 1 {
		sum := Texts(Texts(0, cut, func(i int) string { return list[i] }), len(list)-cut, func(i int) string { return list[cut+i] })
		if sum != whole {
			t.Errorf("the sum in two parts, cut at %d, is %08x, want %08x", cut, sum, whole)
		}
	}
	if sum := Texts(0, 1, func(int) string { return "ab" }); sum == Texts(0, 2, func(i int) string { return "ab"[i : i+1] }) {
		t.Error("ab has the sum of a and b")
	}
}
