package interchange

import (
	"bytes"
	"image/png"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// encode writes an array to a file of a fresh folder.
func encode[T Number](t *testing.T, v []T, shape ...int) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, v, shape...); err != nil {
		t.Fatal(err)
	}
	if data := b.Len() - len(v)*int(reflect.TypeFor[T]().Size()); data%64 != 0 {
		t.Errorf("the data of shape %v start at byte %d, want a multiple of 64", shape, data)
	}
	return write(t, b.String())
}

func TestMatrixRoundTrip(t *testing.T) {
	const epochs, rows, dim = 3, 211, 127 // no divisor of the chunk sizes
	v := make([]float32, epochs*rows*dim)
	wide := make([]float64, len(v))
	for i := range v {
		v[i] = float32(i)/7 - 1000
		wide[i] = float64(v[i])
	}
	v[5], wide[5] = float32(math.Inf(-1)), math.Inf(-1)
	for name, path := range map[string]string{
		"float32":      encode(t, v, epochs, rows, dim),
		"float64":      encode(t, wide, epochs, rows, dim),
		"one epoch":    encode(t, v, epochs*rows, dim),
		"large chunks": encode(t, v, 1, 1, len(v)),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := npy.OpenMatrix(path)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			var got []float32
			for range m.Epochs {
				x, err := m.Next()
				if err != nil {
					t.Fatal(err)
				}
				if len(x) != m.Rows*m.Dim {
					t.Fatalf("Next gave %d numbers, want %d×%d", len(x), m.Rows, m.Dim)
				}
				got = append(got, x...)
			}
			if _, err := m.Next(); err != io.EOF {
				t.Errorf("Next after the last epoch = %v, want io.EOF", err)
			}
			if !reflect.DeepEqual(got, v) {
				t.Error("the numbers differ")
			}
		})
	}
}

func TestFloat64BeyondFloat32(t *testing.T) {
	v := make([]float64, 2*3*2)
	v[2*3+3] = 1e300
	m, err := npy.OpenMatrix(encode(t, v, 2, 3, 2))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Next(); err != nil {
		t.Fatal(err)
	}
	_, err = m.Next()
	if want := "index 1 of the file's epochs, row 1, column 1 does not fit float32"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Next = %v, want %q", err, want)
	}
}

func TestHalf(t *testing.T) {
	for bits, want := range map[uint16]float32{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 0x1p-14, 0x0001: 0x1p-24, 0x83ff: -1023 * 0x1p-24,
		0x7c00: float32(math.Inf(1)), 0xfc00: float32(math.Inf(-1)),
	} {
		if got := cells.FromHalf(bits); got != want {
			t.Errorf("fromHalf(%#04x) = %v, want %v", bits, got, want)
		}
	}
	if got := cells.FromHalf(0x7e00); got == got {
		t.Errorf("fromHalf(0x7e00) = %v, want NaN", got)
	}
	if got := cells.FromHalf(0x8000); got != 0 || !math.Signbit(float64(got)) {
		t.Errorf("fromHalf(0x8000) = %v, want −0", got)
	}
}

func TestLabels(t *testing.T) {
	for _, test := range []struct {
		name, path string
		want       []string
	}{
		{"uint8", encode(t, []uint8{7, 0, 255}, 3), []string{"7", "0", "255"}},
		{"int64", encode(t, []int64{-1, math.MaxInt64}, 2), []string{"-1", "9223372036854775807"}},
		{"int16", write(t, npyBytes("'<i2'", "False", "(2,)", "\xff\xff\x00\x01")), []string{"-1", "256"}},
		{"uint32", write(t, npyBytes("'<u4'", "False", "(1,)", "\xff\xff\xff\xff")), []string{"4294967295"}},
		{"float32", encode(t, []float32{0.1, -2, float32(math.NaN()), 1e9, 0}, 5), []string{"0.1", "-2", "", "1000000000", "0"}},
		{"float64", encode(t, []float64{0.1, 1.0 / 3, math.Inf(1)}, 3), []string{"0.1", "0.3333333333333333", "+Inf"}},
		{"bool", write(t, npyBytes("'|b1'", "False", "(2,)", "\x00\x01")), []string{"false", "true"}},
		{"bytes", write(t, npyBytes("'|S3'", "False", "(3,)", "catdo\x00\x00\x00\x00")), []string{"cat", "do", ""}},
		{"str", write(t, npyBytes("'<U2'", "False", "(2,)", "\xe9\x00\x00\x00\x00\x00\x00\x00\x00\xf6\x01\x00b\x00\x00\x00")), []string{"é", "😀b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := npy.ReadLabels(test.path)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("ReadLabels = %q, %v, want %q", got, err, test.want)
			}
		})
	}
	for _, test := range []struct{ name, path, want string }{
		{"two dimensions", encode(t, []uint8{1, 2}, 2, 1), "want numbers or strings of shape n, one label for each sample; this is uint8 of shape 2×1"},
		{"beyond Unicode", write(t, npyBytes("'<U1'", "False", "(1,)", "\x00\x00\x11\x00")), "label 0 is not valid text"},
		{"surrogate", write(t, npyBytes("'<U1'", "False", "(1,)", "\x00\xd8\x00\x00")), "label 0 is not valid text"},
		{"not UTF-8", write(t, npyBytes("'|S1'", "False", "(2,)", "a\xff")), "label 1 is not valid text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := npy.ReadLabels(test.path); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ReadLabels = %q, %v, want an error with %q", got, err, test.want)
			}
		})
	}
}

// TestLabelsOnAScale: labels that are floats, as those of a regression are, come in from every kind of file.
func TestLabelsOnAScale(t *testing.T) {
	vec := field("vector", arrow.FixedSizeListOf(1, arrow.PrimitiveTypes.Float32))
	for _, test := range []struct{ name, file string }{
		{"npz", npzBytes("v.npy", npyBytes("'<f4'", "False", "(3, 1)", strings.Repeat("\x00", 12)), "labels.npy", npyBytes("'<f4'", "False", "(3,)", "\xcd\xcc\xcc\x3d\x00\x00\xc0\x7f\x00\x00\x20\xc0"))},
		{"Arrow, 32 bits", arrowBytes(`[{"label": 0.1, "vector": [1]}, {"vector": [1]}, {"label": -2.5, "vector": [1]}]`, field("label", arrow.PrimitiveTypes.Float32), vec)},
		{"Arrow, 64 bits", arrowBytes(`[{"label": 0.1, "vector": [1]}, {"vector": [1]}, {"label": -2.5, "vector": [1]}]`, field("label", arrow.PrimitiveTypes.Float64), vec)},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := Open(t.Context(), write(t, test.file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if want := []string{"0.1", "", "-2.5"}; !slices.Equal(d.Samples.Labels, want) || len(d.Samples.Columns) > 0 {
				t.Errorf("labels %q and %d other columns, want %q", d.Samples.Labels, len(d.Samples.Columns), want)
			}
		})
	}
}

func TestImages(t *testing.T) {
	const n, h, w = 2, 3, 5
	for _, channels := range []int{1, 3, 4} {
		pix := make([]uint8, n*h*w*channels)
		for i := range pix {
			pix[i] = uint8(i * 7)
		}
		shape := []int{n, h, w}
		if channels > 1 {
			shape = append(shape, channels)
		}
		im, err := npy.OpenImages(encode(t, pix, shape...))
		if err != nil {
			t.Fatal(err)
		}
		defer im.Close()
		for k := range n {
			file, err := im.NextPNG()
			if err != nil {
				t.Fatal(err)
			}
			got, err := png.Decode(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			if b := got.Bounds(); b.Dx() != w || b.Dy() != h {
				t.Fatalf("picture of %v, want %d×%d", b, w, h)
			}
			for y := range h {
				for x := range w {
					at := ((k*h+y)*w + x) * channels
					r, g, b, a := got.At(x, y).RGBA()
					want := [4]uint8{pix[at], pix[at], pix[at], 255}
					if channels > 1 {
						copy(want[:], pix[at:at+channels])
					}
					if channels == 4 { // RGBA gives premultiplied values
						for c := range 3 {
							want[c] = uint8(int(want[c]) * int(want[3]) / 255)
						}
					}
					for c, v := range []uint32{r, g, b, a} {
						if d := int(v>>8) - int(want[c]); d < -1 || d > 1 {
							t.Fatalf("%d channels, picture %d at (%d, %d): %v, want %v", channels, k, x, y, []uint32{r >> 8, g >> 8, b >> 8, a >> 8}, want)
						}
					}
				}
			}
		}
		if _, err := im.NextPNG(); err != io.EOF {
			t.Errorf("NextPNG after the last picture = %v, want io.EOF", err)
		}
	}
	if _, err := npy.OpenImages(encode(t, make([]float32, 8), 2, 2, 2)); err == nil || !strings.Contains(err.Error(), "want uint8 of shape") {
		t.Errorf("OpenImages of floats = %v, want what it expected", err)
	}
	if _, err := npy.OpenImages(encode(t, make([]uint8, 16), 2, 2, 2, 2)); err == nil {
		t.Error("OpenImages of two channels succeeded")
	}
}
