package tracker

import (
	"fmt"
	"hash/maphash"
	"math"
	"strings"
)

// A Sameness says how many rows of a frame cannot be told apart. A layer that is dead, or was read at the wrong place, has the
// same vector for every sample, and a map of it shows nothing.
type Sameness struct {
	Rows     int `json:"rows"`
	Zero     int `json:"zero_rows,omitempty"`     // all of whose numbers are 0
	Repeated int `json:"repeated_rows,omitempty"` // equal to an earlier row
}

// SamenessOf counts the rows of vectors, n×dim, row-major.
func SamenessOf(vectors []float32, dim int) Sameness {
	s := Sameness{Rows: len(vectors) / dim}
	seed := maphash.MakeSeed()
	first := make(map[uint64][]int, s.Rows) // rows that are no repetition, by hash
	row := func(i int) []float32 { return vectors[i*dim : (i+1)*dim] }
	var h maphash.Hash
	h.SetSeed(seed)
	buffer := make([]byte, 0, 4*dim)
	for i := range s.Rows {
		zero := true
		buffer = buffer[:0]
		for _, v := range row(i) {
			bits := math.Float32bits(v)
			if v == 0 {
				bits = 0 // also for −0
			} else {
				zero = false
			}
			buffer = append(buffer, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
		if zero {
			s.Zero++
		}
		h.Reset()
		h.Write(buffer)
		key := h.Sum64()
		repeated := false
		for _, other := range first[key] {
			repeated = repeated || equalRows(row(i), row(other))
		}
		if repeated {
			s.Repeated++
		} else {
			first[key] = append(first[key], i)
		}
	}
	return s
}

func equalRows(a, b []float32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// AllZero and AllEqual report whether a frame of several rows has but one vector.
func (s Sameness) AllZero() bool  { return s.Rows > 1 && s.Zero == s.Rows }
func (s Sameness) AllEqual() bool { return s.Rows > 1 && s.Repeated == s.Rows-1 }

// Notice says what is to be noticed: "all 60 vectors are zero". It is empty if all rows differ and none is zero.
func (s Sameness) Notice() string {
	switch {
	case s.AllZero():
		return fmt.Sprintf("all %d vectors are zero", s.Rows)
	case s.AllEqual():
		return fmt.Sprintf("all %d vectors are equal", s.Rows)
	case s.Zero == 0 && s.Repeated == 0:
		return ""
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{s.Zero, "zero"}, {s.Repeated, "equal to an earlier one"}} {
		if p.n == 1 {
			parts = append(parts, "1 is "+p.what)
		} else if p.n > 1 {
			parts = append(parts, fmt.Sprintf("%d are %s", p.n, p.what))
		}
	}
	return fmt.Sprintf("of %d vectors, %s", s.Rows, strings.Join(parts, " and "))
}
