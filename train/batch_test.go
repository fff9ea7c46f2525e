package train

import (
	"slices"
	"testing"
)

// The loader gives what filling one batch after the other gives, an epoch after the other.
func TestLoader(t *testing.T) {
	set := stripes(3*16+5, 1)
	for _, oneHot := range []bool{false, true} {
		l := newLoader(oneHot)
		for epoch := 1; epoch <= 3; epoch++ {
			order := make([]int32, set.Len())
			shuffle(order, 1, epoch)
			l.start(set, order, 16)
			n := 0
			for b := l.next(); b != nil; b = l.next() {
				rows := order[n:min(len(order), n+16)]
				want := newBatch(len(rows), oneHot)
				want.fill(set, rows)
				if !slices.Equal(b.images.Float32s(), want.images.Float32s()) {
					t.Fatalf("epoch %d: other images from %d on", epoch, n)
				}
				if oneHot && !slices.Equal(b.target.Float32s(), want.target.Float32s()) || !oneHot && !slices.Equal(b.target.Ints(), want.target.Ints()) {
					t.Fatalf("epoch %d: other targets from %d on", epoch, n)
				}
				n += len(rows)
			}
			l.stop()
			if n != set.Len() {
				t.Errorf("epoch %d: %d images, want %d", epoch, n, set.Len())
			}
		}
	}
}

// After stop, no goroutine reads the set any more, even if an epoch ends early: the race detector checks that.
func TestLoaderStops(t *testing.T) {
	set := stripes(64, 1)
	l := newLoader(false)
	for i := range 20 {
		l.start(set, sequence(64), 32)
		l.next()
		l.stop()
		for k := range set.Images {
			set.Images[k] = byte(i)
		}
	}
}

func TestFill(t *testing.T) {
	set := &Set{Images: make([]byte, 2*Pixels), Labels: []uint8{3, 9}}
	set.Image(1)[5], set.Image(1)[6] = 255, 100
	b := newBatch(2, true)
	b.fill(set, []int32{0, 0})
	b.fill(set, []int32{1}) // the second row keeps image 0
	x := b.images.Float32s()
	for i, want := range map[int]float32{0: -0.1307 / 0.3081, 5: (1 - 0.1307) / 0.3081, 6: (100.0/255 - 0.1307) / 0.3081, Pixels + 5: -0.1307 / 0.3081} {
		if d := x[i] - want; d > 1e-6 || d < -1e-6 {
			t.Errorf("pixel %d is %g, want %g", i, x[i], want)
		}
	}
	for i, v := range b.target.Float32s() {
		if one := i == 9 || i == Classes+3; one != (v == 1) || !one && v != 0 {
			t.Errorf("target %d is %g", i, v)
		}
	}
}

func TestLoadingDoesNotAllocate(t *testing.T) {
	set := stripes(100, 1)
	l, order := newLoader(false), sequence(100)
	epoch := func() {
		l.start(set, order, 16)
		defer l.stop()
		for l.next() != nil {
		}
	}
	epoch()
	if n := testing.AllocsPerRun(20, epoch); n != 0 {
		t.Errorf("an epoch of batches allocates %g times, want 0", n)
	}
}
