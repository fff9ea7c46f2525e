package interchange

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// stored is an .npy file of the numbers 0, 1, 2, … in C order, as NumPy writes it in one order of axes and of bytes.
func stored(fortran, big bool, size int, shape ...int) string {
	var order binary.AppendByteOrder = binary.LittleEndian
	descr := fmt.Sprintf("'<f%d'", size)
	if big {
		order, descr = binary.BigEndian, fmt.Sprintf("'>f%d'", size)
	}
	var data []byte
	var axis func(k, at, stride int)
	put := func(at int) {
		if size == 4 {
			data = order.AppendUint32(data, math.Float32bits(float32(at)))
		} else {
			data = order.AppendUint64(data, math.Float64bits(float64(at)))
		}
	}
	axis = func(k, at, stride int) { // from the last axis, which runs slowest, to the first
		if k < 0 {
			put(at)
			return
		}
		for i := range shape[k] {
			axis(k-1, at+i*stride, stride*shape[k])
		}
	}
	name := "True"
	if fortran {
		axis(len(shape)-1, 0, 1)
	} else {
		name = "False"
		count := 1
		for _, d := range shape {
			count *= d
		}
		for at := range count {
			put(at)
		}
	}
	tuple := strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", ", "), "[]")
	if len(shape) == 1 {
		tuple += ","
	}
	return npyBytes(descr, name, "("+tuple+")", string(data))
}

// TestFortran reads arrays in every order of axes and bytes, in one window and in many, alone and in an archive.
func TestFortran(t *testing.T) {
	defer func(n int) { limits.WindowBytes = n }(limits.WindowBytes)
	for _, window := range []int{16, 40, 1 << 20} {
		for _, shape := range [][]int{{7, 5}, {3, 7, 5}, {1, 7, 5}, {7, 1}, {2, 1, 9}} {
			for _, size := range []int{4, 8} {
				for _, big := range []bool{false, true} {
					limits.WindowBytes = window
					name := fmt.Sprintf("%v, %d bytes, big-endian %v, window %d", shape, size, big, window)
					content := stored(true, big, size, shape...)
					dir := t.TempDir()
					for _, file := range []struct{ name, content string }{{"a.npy", content}, {"a.npz", npzBytes("a.npy", content)}} {
						path := filepath.Join(dir, file.name)
						os.WriteFile(path, []byte(file.content), 0o666)
						d, err := Open(t.Context(), path, Options{})
						if err != nil {
							t.Fatalf("%s, %s: %v", name, file.name, err)
						}
						next := float32(0)
						for e, err := range d.Epochs(t.Context()) {
							if err != nil {
								t.Fatalf("%s, %s: %v", name, file.name, err)
							}
							for i, v := range e.Layers[0].Data {
								if v != next {
									t.Fatalf("%s, %s: value %d of epoch %d is %v, want %v", name, file.name, i, e.Number, v, next)
								}
								next++
							}
						}
						d.Close()
					}
				}
			}
		}
	}
}

// TestFortranBounded refuses an array that would be read too often, or that can be read once only.
func TestFortranBounded(t *testing.T) {
	defer func(n int) { limits.WindowBytes = n }(limits.WindowBytes)
	content := stored(true, false, 4, 3, 7, 5)
	limits.WindowBytes = 4
	if _, err := npy.OpenMatrix(write(t, content)); err == nil || !strings.Contains(err.Error(), "of 420 bytes, too many to be put in order: save it again with np.save(path, np.ascontiguousarray(a))") {
		t.Errorf("in %d passes: %v", 105, err)
	}
	limits.WindowBytes = 400
	if _, err := npy.NewMatrix("stream", strings.NewReader(content), int64(len(content))); err == nil || !strings.Contains(err.Error(), "too many to be put in order") {
		t.Errorf("a stream in two passes: %v", err)
	}
	limits.WindowBytes = 420
	m, err := npy.NewMatrix("stream", io.Reader(strings.NewReader(content)), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := m.Next(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestByteOrders reads labels whose bytes stand in the other order.
func TestByteOrders(t *testing.T) {
	for _, test := range []struct{ descr, data, want string }{
		{"'>i4'", "\x00\x00\x00\x07\xff\xff\xff\xfe", "7|-2"},
		{"'>u2'", "\x01\x00\x00\x02", "256|2"},
		{"'>f8'", "\x3f\xf8\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00", "1.5|2"},
		{"'>U2'", "\x00\x00\x00a\x00\x01\xf6\x00\x00\x00\x00b\x00\x00\x00\x00", "a😀|b"},
		{"'>S2'", "abc\x00", "ab|c"},
		{"'>u1'", "\x01\x02", "1|2"},
	} {
		labels, err := npy.ReadLabels(write(t, npyBytes(test.descr, "True", "(2,)", test.data)))
		if got := strings.Join(labels, "|"); err != nil || got != test.want {
			t.Errorf("%s: %q, %v, want %q", test.descr, got, err, test.want)
		}
	}
	v3 := []byte(stored(false, false, 4, 2, 2))
	v3 = slices.Concat([]byte("\x93NUMPY\x03\x00"), v3[8:10], []byte{0, 0}, v3[10:])
	if m, err := npy.OpenMatrix(write(t, string(v3))); err != nil {
		t.Errorf("version 3: %v", err)
	} else if v, err := m.Next(); err != nil || !slices.Equal(v, []float32{0, 1, 2, 3}) {
		t.Errorf("version 3: %v, %v", v, err)
	}
}
