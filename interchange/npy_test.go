package interchange

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// npyBytes is an .npy file of version 1 with the given header text and data.
func npyBytes(descr, fortran, shape, data string) string {
	head := fmt.Sprintf("{'descr': %s, 'fortran_order': %s, 'shape': %s, }\n", descr, fortran, shape)
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(head)), byte(len(head) >> 8)}) + head + data
}

// write puts content in a file of a fresh folder.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadFiles(t *testing.T) {
	zeros := strings.Repeat("\x00", 24) // 3×2 float32
	good := npyBytes("'<f4'", "False", "(3, 2)", zeros)
	for _, test := range []struct {
		name, content, want string
	}{
		{"empty file", "", "not an .npy file"},
		{"text file", "epoch,loss\n1,2.3\n", "not an .npy file"},
		{"only magic", "\x93NUMPY", "not an .npy file"},
		{"no length", "\x93NUMPY\x01\x00", "truncated in its header"},
		{"version 9", "\x93NUMPY\x09\x00" + good[8:], "version 9.0"},
		{"half a header", good[:40], "truncated in its header"},
		{"header of 4 GiB", "\x93NUMPY\x02\x00\xff\xff\xff\xff{", "claims a length of 4294967295"},
		{"header without newline", "\x93NUMPY\x01\x00\x05\x00abcde", "not one that NumPy writes"},
		{"header without shape", "\x93NUMPY\x01\x00\x12\x00{'descr': '<f4', }\n", "not one that NumPy writes"},
		{"header upside down", "\x93NUMPY\x01\x00\x3c\x00{'shape': (3, 2), 'fortran_order': False, 'descr': '<f4' }  \n", "not one that NumPy writes"},
		{"shape of letters", npyBytes("'<f4'", "False", "(a, b)", zeros), "not one that NumPy writes"},
		{"truncated data", good[:len(good)-1], "is truncated: float32 of shape 3×2 takes 24 bytes after the header, and there are 23"},
		{"trailing bytes", good + "x", "has trailing bytes"},
		{"negative shape", npyBytes("'<f4'", "False", "(-3, -2)", zeros), "-3×-2, which no file can hold"},
		{"overflowing shape", npyBytes("'<f4'", "False", "(4294967296, 4294967296, 4)", zeros), "no file can hold"},
		{"overflowing to what fits", npyBytes("'<f4'", "False", "(9223372036854775807, 2)", zeros), "no file can hold"},
		{"beyond int", npyBytes("'<f4'", "False", "(99999999999999999999, 2)", zeros), "not one that NumPy writes"},
		{"shape of a terabyte", npyBytes("'<f4'", "False", "(500000, 500000)", zeros), "is truncated"},
		{"empty array", npyBytes("'<f4'", "False", "(0, 128)", ""), "the array is empty: its shape is 0×128"},
		{"scalar", npyBytes("'<f4'", "False", "()", "\x00\x00\x00\x00"), "want float32, float64 or float16 of shape n×d (one epoch) or E×n×d; this is float32 of shape ()"},
		{"one dimension", npyBytes("'<f4'", "False", "(6,)", zeros), "of shape 6"},
		{"four dimensions", npyBytes("'<f4'", "False", "(1, 1, 3, 2)", zeros), "of shape 1×1×3×2"},
		{"integers", npyBytes("'<i4'", "False", "(3, 2)", zeros), "this is int32"},
		{"big-endian integers", npyBytes("'>i4'", "False", "(3, 2)", zeros), "this is int32"},
		{"Fortran order, truncated", npyBytes("'<f4'", "True", "(3, 2)", zeros[1:]), "is truncated"},
		{"complex", npyBytes("'<c8'", "False", "(3,)", zeros), "are of type '<c8'"},
		{"float128", npyBytes("'<f16'", "False", "(3,)", zeros), "are of type '<f16'"},
		{"structured", npyBytes("[('a', '<f4'), ('b', '<f4')]", "False", "(3,)", zeros), "are of type [('a'"},
		{"objects", npyBytes("'|O'", "False", "(3,)", zeros), "are of type '|O'"},
		{"strings of no length", npyBytes("'<U0'", "False", "(99999999999,)", ""), "are of type '<U0'"},
		{"no byte order", npyBytes("'|f4'", "False", "(3, 2)", zeros), "without a byte order"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.content)
			m, err := npy.OpenMatrix(path)
			if err == nil {
				m.Close()
				t.Fatalf("OpenMatrix succeeded, want an error with %q", test.want)
			}
			if !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("OpenMatrix = %q, want the path and %q", err, test.want)
			}
		})
	}
}

func TestNotAFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := npy.OpenMatrix(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("OpenMatrix of a folder = %v, want an error naming it", err)
	}
	missing := filepath.Join(dir, "missing.npy")
	if _, err := npy.ReadLabels(missing); !os.IsNotExist(err) {
		t.Errorf("ReadLabels of a missing file = %v, want not exist", err)
	}
}

// FuzzArray feeds the decoder with headers from strangers: every answer is an array that can be read to its end, or an
// error, and what is read is no larger than a small multiple of the file.
func FuzzArray(f *testing.F) {
	zeros := strings.Repeat("\x00", 24)
	for _, descr := range []string{"'<f4'", "'<f8'", "'<f2'", "'>f4'", "'|u1'", "'<i8'", "'<U3'", "'|S4'", "'|b1'", "'<c8'", "[('a', '<f4')]"} {
		for _, shape := range []string{"()", "(6,)", "(3, 2)", "(1, 3, 2)", "(2, 2, 2, 3)", "(-1, 2)", "(4611686018427387904, 4)", "(0, 9)"} {
			f.Add([]byte(npyBytes(descr, "False", shape, zeros)))
			f.Add([]byte(npyBytes(strings.Replace(descr, "<", ">", 1), "True", shape, zeros)))
		}
	}
	f.Add([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{"))
	limits.WindowBytes = 16 // so that Fortran order is read in several passes
	f.Cleanup(func() { limits.WindowBytes = 1 << 30 })
	f.Fuzz(func(t *testing.T, file []byte) {
		fresh := func() *npy.Array {
			a, err := npy.New("fuzz.npy", bytes.NewReader(file), int64(len(file)), limits.NewRation(int64(len(file))), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil })
			if err != nil {
				if !strings.HasPrefix(err.Error(), "fuzz.npy: ") {
					t.Errorf("the error does not name the file: %v", err)
				}
				return nil
			}
			return a
		}
		if a := fresh(); a != nil {
			if m, err := npy.MatrixOf(a); err == nil {
				total := 0
				for range m.Epochs {
					v, err := m.Next()
					if err != nil {
						break // a float64 beyond float32
					}
					total += len(v)
				}
				if total > len(file)/2 {
					t.Errorf("%d numbers from %d bytes", total, len(file))
				}
			}
			if labels, err := fresh().Labels(); err == nil && len(labels) > len(file) {
				t.Errorf("%d labels from %d bytes", len(labels), len(file))
			}
			if im, err := npy.ImagesOf(fresh()); err == nil {
				for range im.Count {
					if _, err := im.NextPNG(); err != nil {
						t.Errorf("NextPNG: %v", err)
						break
					}
				}
			}
		}
	})
}
