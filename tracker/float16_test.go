package tracker

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
)

// TestFloat16 holds the conversion against the definition of binary16, for every number there is and between any two.
func TestFloat16(t *testing.T) {
	value := func(h int) float64 { // of a positive one
		if exponent := h >> 10; exponent > 0 {
			return math.Ldexp(float64(h&1023|1024), exponent-25)
		}
		return math.Ldexp(float64(h), -24)
	}
	for h := range 0x7c00 {
		v := value(h)
		for _, sign := range []uint16{0, 0x8000} {
			want := v
			if sign != 0 {
				want = -v
			}
			got := fromFloat16(uint16(h) | sign)
			if float64(got) != want || math.Signbit(float64(got)) != (sign != 0) {
				t.Fatalf("fromFloat16(%04x) = %v, want %v", uint16(h)|sign, got, want)
			}
			if back := toFloat16(got); back != uint16(h)|sign {
				t.Fatalf("toFloat16(%v) = %04x, want %04x", got, back, uint16(h)|sign)
			}
		}
		next := value(h + 1)
		middle := float32((v + next) / 2)
		even := uint16(h + h&1)
		for _, test := range []struct {
			v    float32
			want uint16
		}{{math.Nextafter32(middle, 0), uint16(h)}, {middle, even}, {math.Nextafter32(middle, 1e6), uint16(h + 1)}} {
			if h+1 == 0x7c00 && test.v >= 65520 {
				if firstBeyond16([]float32{1, -test.v}) != 1 {
					t.Errorf("%v is not noticed as too large", test.v)
				}
				continue
			}
			if firstBeyond16([]float32{test.v, -test.v}) >= 0 {
				t.Errorf("%v is called too large", test.v)
			}
			if got := toFloat16(test.v); got != test.want {
				t.Fatalf("toFloat16(%v) = %04x, want %04x", test.v, got, test.want)
			}
		}
	}
}

func TestFloat16Run(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	const n, dim = 700, 1000 // two chunks
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "half", Float16: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddSamples(ctx, someSamples(n)); err != nil {
		t.Fatal(err)
	}
	v := someVectors(3, n, dim)
	v[5] = -65504
	if err := r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}}); err != nil {
		t.Fatal(err)
	}
	f, err := s.Frame(ctx, "half", "fc1", 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range f.Vectors {
		if x != fromFloat16(toFloat16(v[i])) || math.Abs(float64(x-v[i])) > 1.0/2048*math.Abs(float64(v[i])) {
			t.Fatalf("float %d = %v, logged %v", i, x, v[i])
		}
	}
	if frames, err := s.Frames(ctx, "half"); len(frames) != 1 || !frames[0].Float16 || err != nil {
		t.Errorf("Frames = %+v, %v", frames, err)
	}
	query := "SELECT count(*), min(length(vector)), max(length(vector)), min(dtype), CASE WHEN max(norm) > 65000 THEN 1 ELSE 0 END FROM vectors"
	if got := table(t, s.reader, query); got != "[[700 2000 2000 float16 1]]" {
		t.Errorf("view: %s", got)
	}
	const small = "SELECT sum(length(data)) FROM chunk"
	if got := table(t, s.reader, small); got != "[[1400000]]" {
		t.Errorf("bytes stored: %s", got)
	}
	v[2*dim+7] = 65520
	err = r.Log(ctx, Epoch{Number: 2, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `sample "2" has 65520 at column 7, and float16 ends at 65504`) {
		t.Errorf("Log of a number beyond float16 = %v", err)
	}
	// The same run may go on in float32: each frame says what it is.
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if r, err = s.Start(ctx, RunConfig{Experiment: "test", Name: "half", Resume: Must}); err != nil {
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 2, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}}); err != nil {
		t.Fatal(err)
	}
	if f, err = s.Frame(ctx, "half", "fc1", 2); err != nil || f.Vectors[2*dim+7] != 65520 {
		t.Errorf("Frame = %v", err)
	}
}
