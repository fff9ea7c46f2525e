package train

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestOpenMNIST(t *testing.T) {
	data, err := Open("")
	if errors.Is(err, ErrNoData) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if a, b := data.Train.Len(), data.Test.Len(); a != 60000 || b != 10000 {
		t.Errorf("%d and %d images, want 60000 and 10000", a, b)
	}
	if got := data.Train.Labels[:5]; !slices.Equal(got, []uint8{5, 0, 4, 1, 9}) {
		t.Errorf("the first digits are %v, want 5 0 4 1 9", got)
	}
	if got := data.Test.Labels[:5]; !slices.Equal(got, []uint8{7, 2, 1, 0, 4}) {
		t.Errorf("the first test digits are %v, want 7 2 1 0 4", got)
	}
	if raceEnabled {
		return // 47 million bytes take seconds then
	}
	// PyTorch's mean and standard deviation of the training set.
	var mean, square float64
	for _, b := range data.Train.Images {
		v := float64(b) / 255
		mean, square = mean+v, square+v*v
	}
	n := float64(len(data.Train.Images))
	mean, square = mean/n, square/n
	if v := square - mean*mean; mean < 0.1306 || mean > 0.1308 || v < 0.3080*0.3080 || v > 0.3082*0.3082 {
		t.Errorf("mean %g, variance %g, want 0.1307 and 0.3081²", mean, v)
	}
}

func TestOpenFolder(t *testing.T) {
	dir := t.TempDir()
	train, test := stripes(30, 1), stripes(7, 2)
	writeSet(t, dir, trainImages, trainLabels, train)
	writeSet(t, dir, testImages, testLabels, test)
	data, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if data.Train.fingerprint() != train.fingerprint() || data.Test.fingerprint() != test.fingerprint() || data.Dir != dir {
		t.Errorf("read back %v and %v from %s", data.Train.fingerprint(), data.Test.fingerprint(), data.Dir)
	}
}

func TestOpenRefuses(t *testing.T) {
	set := stripes(5, 1)
	images, labels := idxImages(set), idxLabels(set)
	zipped := func(b []byte) []byte { return pack(t, b) }
	edit := func(b []byte, at int, v byte) []byte { b = bytes.Clone(b); b[at] = v; return b }
	crc := zipped(labels)
	crc[len(crc)-5] ^= 1
	for _, c := range []struct {
		name, file string
		content    []byte // nil: remove it
		want       string
	}{
		{"missing", trainLabels, nil, "no such file"},
		{"empty", trainImages, []byte{}, "want a gzip file: the file is cut off"},
		{"text", trainImages, []byte("hello, this is not gzip"), "want a gzip file: gzip: invalid header"},
		{"gzip cut off", trainImages, zipped(images)[:200], "images read: the file is cut off"},
		{"gzip damaged", trainLabels, crc, "gzip: invalid checksum"},
		{"only half a header", testLabels, zipped(labels[:5]), "want a header of 8 bytes: the file is cut off"},
		{"no header", testLabels, zipped(nil), "want a header of 8 bytes: the file is cut off"},
		{"labels for images", trainImages, zipped(labels), "magic number 00000801, want 00000803"},
		{"images for labels", testLabels, zipped(images), "magic number 00000803, want 00000801"},
		{"other sizes", testImages, zipped(edit(images, 11, 32)), "images of 32×28 pixels, want 28×28"},
		{"too few images", testImages, zipped(images[:len(images)-1]), "4 images, want the 5 that its header says"},
		{"too many images", testImages, zipped(append(bytes.Clone(images), 0)), "more than the 5 images that its header says"},
		{"a huge count", testImages, zipped(edit(images, 4, 0xff)), "5 images, want the 4278190085"},
		{"count 0", trainLabels, zipped(edit(labels, 7, 0)), "it is empty"},
		{"too few labels", trainLabels, zipped(edit(labels[:len(labels)-1], 7, 4)), "4 labels, want 5, one for each image of " + trainImages},
		{"no digit", trainLabels, zipped(edit(labels, 10, 12)), "label 12 at 2, want a digit, 0 to 9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			writeSet(t, dir, trainImages, trainLabels, set)
			writeSet(t, dir, testImages, testLabels, set)
			path := filepath.Join(dir, c.file)
			var err error
			if c.content == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, c.content, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(dir)
			if c.name == "missing" && runtime.GOOS == "windows" {
				c.want = "cannot find"
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("Open = %v, want the path and %q", err, c.want)
			}
		})
	}
}

func TestPNG(t *testing.T) {
	set := stripes(3, 1)
	b, err := set.PNG(2)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Bounds().Size(); got.X != Side || got.Y != Side {
		t.Errorf("%v pixels, want %d×%d", got, Side, Side)
	}
	if r, _, _, _ := m.At(3, 5).RGBA(); byte(r>>8) != set.Image(2)[5*Side+3] {
		t.Errorf("pixel (3,5) is %d, want %d", r>>8, set.Image(2)[5*Side+3])
	}
}

func TestFirst(t *testing.T) {
	set := stripes(3, 1)
	two, err := set.First(2)
	if err != nil || two.Len() != 2 || two.check() != nil {
		t.Errorf("First(2) = %+v, %v", two, err)
	}
	for _, n := range []int{-1, 0, 4} {
		if _, err := set.First(n); err == nil {
			t.Errorf("First(%d) of 3: no error", n)
		}
	}
}

func FuzzReadImages(f *testing.F) { fuzzIdx(f, idxImages(stripes(1, 1)), readImages, Pixels) }
func FuzzReadLabels(f *testing.F) { fuzzIdx(f, idxLabels(stripes(9, 1)), readLabels, 1) }

func writeSet(t *testing.T, dir, images, labels string, s *Set) {
	t.Helper()
	for name, b := range map[string][]byte{images: idxImages(s), labels: idxLabels(s)} {
		if err := os.WriteFile(filepath.Join(dir, name), pack(t, b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func idxImages(s *Set) []byte {
	return append(header32(imagesMagic, uint32(s.Len()), Side, Side), s.Images...)
}

func idxLabels(s *Set) []byte { return append(header32(labelsMagic, uint32(s.Len())), s.Labels...) }

func header32(v ...uint32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return b
}

func pack(t *testing.T, b []byte) []byte {
	t.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}
