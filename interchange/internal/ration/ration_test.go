package ration

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestRation(t *testing.T) {
	r := New(100, 250)
	for _, step := range []struct {
		name string
		err  error
		ok   bool
	}{
		{"take 60", r.Take(60), true},
		{"take 41 of 40", r.Take(41), false},
		{"take 40", r.Take(40), true},
		{"take −1", r.Take(-1), false},
		{"take all there is", r.Take(math.MaxInt64), false},
		{"count 250", r.Count(250), true},
		{"count 1 more", r.Count(1), false},
		{"count −1", r.Count(-1), false},
	} {
		if _, over := errors.AsType[*Overdraft](step.err); step.ok != (step.err == nil) || !step.ok && !over {
			t.Errorf("%s = %v", step.name, step.err)
		}
	}
	r.Give(60)
	if err := r.Take(60); err != nil {
		t.Errorf("take what was given back = %v", err)
	}
}

// TestAllocator: as an allocator, a ration counts the old bytes and the new ones while they are copied.
func TestAllocator(t *testing.T) {
	r := New(100, 0)
	b := r.Allocate(40)
	if len(b) != 40 {
		t.Fatalf("%d bytes, want 40", len(b))
	}
	err := Guard("a.arrow", func() error { r.Reallocate(1000, b); return nil })
	if err == nil || !strings.HasPrefix(err.Error(), "a.arrow: it claims to need 1000 bytes of memory at once where 60 are left") {
		t.Errorf("Reallocate = %v", err)
	}
	r.Free(b)
	if b = r.Allocate(100); len(b) != 100 {
		t.Errorf("%d bytes after all were freed, want 100", len(b))
	}
}

func TestGuard(t *testing.T) {
	if err := Guard("a", func() error { panic("index out of range") }); err == nil || err.Error() != "a: the file is damaged: index out of range" {
		t.Errorf("Guard = %v", err)
	}
	if err := Guard("a", func() error { return nil }); err != nil {
		t.Errorf("Guard = %v", err)
	}
}
