package interchange

import (
	"archive/zip"
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
)

// An archive is an .npz file: a zip of arrays, each an .npy file.
type archive struct {
	path   string
	file   *os.File
	arrays []member // in the file's order

	// What is what, by its place in arrays; −1 for none.
	points, ids, labels, epochNumbers, images, layerName int
	predictions, losses, confidences                     int
	vectors                                              []int
	o                                                    Options
	numbers                                              []int // of the epochs, nil when the file does not say
	count, rows                                          int   // epochs and samples
}

// A member is an array of the archive.
type member struct {
	name  string
	zip   *zip.File
	dtype dtype
	shape []int

	unread error // why it cannot be read; it then has no type and no shape
}

const (
	maxMembers = 4096
	// Deflate makes at most 258 bytes of 2 bits, and so what a member claims to hold is bounded by its size in the file.
	maxInflate = 1032
)

// metadataPrefix begins the names of arrays that are metadata; the rest is escaped as a path segment of a URL is.
const metadataPrefix = "metadata/"

// jsonPrefix begins the names of those whose strings are JSON: see [jsonColumn].
const jsonPrefix = "metadata.json/"

func openNpz(path string, o Options) (*Dataset, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	z := &archive{path: path, file: f, o: o}
	d := &Dataset{Format: "npz", source: z}
	if err := z.open(size, d); err != nil {
		f.Close()
		return nil, err
	}
	return d, nil
}

// open reads the directory and the arrays' headers, finds out what they are, and reads those of the samples.
func (z *archive) open(size int64, d *Dataset) error {
	r, err := zip.NewReader(z.file, size)
	if err != nil {
		return fmt.Errorf("%s: this is not an .npz file, or it is truncated: %w", z.path, err)
	}
	if len(r.File) > maxMembers {
		return fmt.Errorf("%s: the archive claims %d arrays: want at most %d", z.path, len(r.File), maxMembers)
	}
	for _, file := range r.File {
		name, isArray := strings.CutSuffix(file.Name, ".npy")
		if !isArray {
			d.note("%s: %q is no .npy array and is left out", z.path, file.Name)
			continue
		}
		if slices.ContainsFunc(z.arrays, func(m member) bool { return m.name == name }) {
			return fmt.Errorf("%s: the archive holds two arrays %q", z.path, name)
		}
		m := member{name: name, zip: file}
		if a, err := z.array(m, size); err != nil {
			m.unread = err
		} else {
			m.dtype, m.shape = a.dtype, a.shape
			a.file.Close()
		}
		z.arrays = append(z.arrays, m)
	}
	if len(z.arrays) == 0 {
		return fmt.Errorf("%s: the archive holds no array", z.path)
	}
	if err := z.classify(d); err != nil {
		return err
	}
	return z.samples(d)
}

// array opens an array of the archive. The caller closes its file.
func (z *archive) array(m member, size int64) (*npyArray, error) {
	name := z.path + "/" + m.name + ".npy"
	packed, full := m.zip.CompressedSize64, m.zip.UncompressedSize64
	at, err := m.zip.DataOffset()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case at < 0 || size >= 0 && (packed > uint64(size) || uint64(at) > uint64(size)-packed):
		return nil, fmt.Errorf("%s: the file is truncated: the archive claims %d bytes for the array from byte %d", name, packed, at)
	case full > packed*maxInflate || full > 1<<62:
		return nil, fmt.Errorf("%s: the archive claims %d bytes from %d, which deflate cannot do", name, full, packed)
	}
	r, err := m.zip.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: want arrays stored or deflated, as numpy.savez and savez_compressed write them", name, err)
	}
	a, err := newArray(name, r, int64(full), m.zip.Open)
	if err != nil {
		r.Close()
		return nil, err
	}
	a.file, a.encoding = r, z.o.Encoding
	return a, nil
}

// open opens an array of the archive by its place.
func (z *archive) at(i int) (*npyArray, error) { return z.array(z.arrays[i], -1) }

// metadataName is the column that an array of metadata is of, and whether its strings are JSON.
func metadataName(array string) (name string, isJSON bool) {
	rest, ok := strings.CutPrefix(array, metadataPrefix)
	if !ok {
		if rest, isJSON = strings.CutPrefix(array, jsonPrefix); !isJSON {
			return array, false
		}
	}
	if name, err := url.PathUnescape(rest); err == nil {
		return name, isJSON
	}
	return rest, isJSON
}

// Close closes the file.
func (z *archive) Close() error { return z.file.Close() }

func (z *archive) epochs(ctx context.Context, yield func(*Epoch, error) bool) {
	r, err := z.openEpochs()
	if err == nil {
		defer r.close()
	}
	for i := 0; err == nil && i < z.count; i++ {
		var e *Epoch
		if err = ctx.Err(); err == nil {
			e, err = r.next(i)
		}
		if err == nil && !yield(e, nil) {
			return
		}
	}
	if err != nil {
		yield(nil, err)
	}
}
