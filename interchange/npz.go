package interchange

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/regular"
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

	size   int64
	ration *ration.Ration // of what is read now: of the samples, or of the epochs
}

// A member is an array of the archive.
type member struct {
	name  string
	zip   *zip.File
	dtype npy.Dtype
	shape []int

	unread error // why it cannot be read; it then has no type and no shape
}

const (
	maxMembers   = 4096
	maxDirectory = 4 << 20 // bytes
	// Deflate makes at most 258 bytes of 2 bits, and so what a member claims to hold is bounded by its size in the file.
	maxInflate = 1032
)

// metadataPrefix begins the names of arrays that are metadata; the rest is escaped as a path segment of a URL is.
const metadataPrefix = "metadata/"

// jsonPrefix begins the names of those whose strings are JSON: see [cells.JSONColumn].
const jsonPrefix = "metadata.json/"

func openNpz(path string, o Options) (*Dataset, error) {
	f, size, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	z := &archive{path: path, file: f, o: o, size: size, ration: limits.NewRation(size)}
	d := &Dataset{Format: "npz", source: z}
	if err := z.open(d); err != nil {
		f.Close()
		return nil, err
	}
	return d, nil
}

// open reads the directory and the arrays' headers, finds out what they are, and reads those of the samples.
func (z *archive) open(d *Dataset) error {
	directory := &limitedReader{ReaderAt: z.file, left: maxDirectory}
	r, err := zip.NewReader(directory, z.size)
	directory.left = math.MaxInt64
	if err != nil {
		return fmt.Errorf("%s: this is not an .npz file, or it is truncated: %w", z.path, err)
	}
	if len(r.File) > maxMembers {
		return fmt.Errorf("%s: the archive claims %d arrays: want at most %d", z.path, len(r.File), maxMembers)
	}
	seen := make(map[string]bool, len(r.File))
	for _, file := range r.File {
		name, isArray := strings.CutSuffix(file.Name, ".npy")
		if !isArray {
			d.note("%s: %q is no .npy array and is left out", z.path, file.Name)
			continue
		}
		if seen[name] {
			return fmt.Errorf("%s: the archive holds two arrays %q", z.path, name)
		}
		seen[name] = true
		m := member{name: name, zip: file}
		if a, err := z.array(m); err != nil {
			m.unread = err
		} else {
			m.dtype, m.shape = a.Dtype, a.Shape
			a.File.Close()
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

// A limitedReader reads so many bytes at most.
type limitedReader struct {
	io.ReaderAt
	left int64
}

func (r *limitedReader) ReadAt(b []byte, at int64) (int, error) {
	if r.left != math.MaxInt64 {
		if r.left -= int64(len(b)); r.left < 0 {
			return 0, fmt.Errorf("its directory has more than %d bytes", maxDirectory)
		}
	}
	return r.ReaderAt.ReadAt(b, at)
}

// array opens an array of the archive. The caller closes its file.
func (z *archive) array(m member) (*npy.Array, error) {
	name := z.path + "/" + m.name + ".npy"
	packed, full := m.zip.CompressedSize64, m.zip.UncompressedSize64
	at, err := m.zip.DataOffset()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case at < 0 || packed > uint64(z.size) || uint64(at) > uint64(z.size)-packed:
		return nil, fmt.Errorf("%s: the file is truncated: the archive claims %d bytes for the array from byte %d", name, packed, at)
	case full > packed*maxInflate || full > 1<<62:
		return nil, fmt.Errorf("%s: the archive claims %d bytes from %d, which deflate cannot do", name, full, packed)
	}
	r, err := m.zip.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: want arrays stored or deflated, as numpy.savez and savez_compressed write them", name, err)
	}
	a, err := npy.New(name, r, int64(full), z.ration, m.zip.Open)
	if err != nil {
		r.Close()
		return nil, err
	}
	a.File, a.Encoding = r, z.o.Encoding
	return a, nil
}

// at opens an array of the archive by its place, to read all of it.
func (z *archive) at(i int) (*npy.Array, error) {
	m := z.arrays[i]
	err := z.ration.Count(int64(m.zip.UncompressedSize64))
	if err == nil {
		err = z.ration.Take(openBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("%s/%s.npy: %w", z.path, m.name, err)
	}
	a, err := z.array(m)
	if err != nil {
		return nil, err
	}
	a.File = givingBack{a.File, z.ration}
	return a, nil
}

// openBytes is about what an array takes while it is read, in bytes.
const openBytes = 3 * npy.ReadAhead

// A givingBack gives openBytes back when it is closed.
type givingBack struct {
	io.Closer
	ration *ration.Ration
}

func (g givingBack) Close() error {
	g.ration.Give(openBytes)
	return g.Closer.Close()
}

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
	z.ration = limits.NewRation(z.size)
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
