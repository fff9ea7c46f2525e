package interchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
)

// dataset reads all of a file.
type content struct {
	samples Samples
	epochs  map[int]*Epoch
}

func read(t *testing.T, path string, o Options) content {
	t.Helper()
	d, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	c := content{d.Samples, map[int]*Epoch{}}
	for e, err := range d.Epochs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if c.epochs[e.Number] != nil {
			t.Fatalf("epoch %d comes twice", e.Number)
		}
		c.epochs[e.Number] = e
	}
	if len(c.epochs) != d.Count {
		t.Fatalf("%d epochs were read of %d", len(c.epochs), d.Count)
	}
	return c
}

// complete is made, without the sample that is missing at an epoch.
func complete(s *Source) *Source {
	for _, get := range []*func(context.Context, int) (*Layer, error){&s.Vectors, &s.Points} {
		if before := *get; before != nil {
			*get = func(ctx context.Context, epoch int) (*Layer, error) {
				l, err := before(ctx, epoch)
				if l.Rows != nil {
					l.Rows = nil
					for range l.Dim {
						l.Data = append(l.Data, 1)
					}
				}
				return l, err
			}
		}
	}
	s.Outputs = nil
	return s
}

func TestExportRoundTrip(t *testing.T) {
	for _, format := range Formats {
		for name, src := range map[string]*Source{
			"one epoch":   made(1, 40, 7, 2),
			"two epochs":  made(3, 25, 5, 3),
			"only points": made(2, 30, 0, 2),
			"only a map":  made(1, 30, 0, 3),
			"vectors":     made(2, 22, 3, 0),
		} {
			board := strings.HasPrefix(format, "tensorboard")
			if board {
				src = complete(src) // which is all that its metadata can describe
				src.Samples.Thumbnails = thumbnail
			}
			t.Run(format+"/"+name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "out")
				done, total := 0, 0
				e, err := Export(t.Context(), path, format, src, func(d, n int) { done, total = d, n })
				if err != nil {
					t.Fatal(err)
				}
				if e.Rows < src.Samples.Count || e.Bytes == 0 || done != total || total == 0 {
					t.Errorf("exported %+v, progress %d of %d", e, done, total)
				}
				if src.Dim > 0 {
					got := read(t, path, Options{})
					checkSamples(t, got.samples, src.Samples)
					checkLayers(t, got, src, false)
				}
				if src.Dims > 0 {
					got := read(t, path, Options{Points: true})
					checkSamples(t, got.samples, src.Samples)
					checkLayers(t, got, src, true)
				}
			})
		}
	}
}

// checkSamples compares ids, labels and metadata, which come in any order, with their types.
func checkSamples(t *testing.T, got, want Samples) {
	t.Helper()
	if !slices.Equal(got.IDs, want.IDs) {
		t.Errorf("ids %q, want %q", got.IDs, want.IDs)
	}
	if !slices.Equal(got.Labels, want.Labels) {
		t.Errorf("labels %q, want %q", got.Labels, want.Labels)
	}
	if len(got.Columns) != len(want.Columns) {
		t.Errorf("%d columns, want %d", len(got.Columns), len(want.Columns))
	}
	for _, w := range want.Columns {
		i := slices.IndexFunc(got.Columns, func(c Column) bool { return c.Name == w.Name })
		if i < 0 {
			t.Errorf("there is no column %q", w.Name)
			continue
		}
		for k, v := range w.Values {
			g := got.Columns[i].Values[k]
			if g != v && !(v == "" && g == nil) {
				t.Errorf("column %q, sample %d: %#v, want %#v", w.Name, k, g, v)
			}
		}
	}
	if want.Thumbnails != nil {
		for i := range want.Count {
			g, err := got.Thumbnails(i)
			w, _ := want.Thumbnails(i)
			if err != nil || !bytes.Equal(g, w) {
				t.Fatalf("thumbnail %d differs (%v)", i, err)
			}
		}
	}
}

func checkLayers(t *testing.T, got content, src *Source, points bool) {
	t.Helper()
	for _, number := range src.Epochs {
		e := got.epochs[number]
		if e == nil {
			t.Fatalf("epoch %d is missing", number)
		}
		get, l := src.Vectors, e.Points
		if points {
			get = src.Points
		} else if len(e.Layers) != 1 {
			t.Fatalf("epoch %d has %d layers", number, len(e.Layers))
		} else {
			l = &e.Layers[0]
		}
		want, _ := get(t.Context(), number)
		if points {
			l.Name = ""
		}
		if !reflect.DeepEqual(l, want) {
			t.Errorf("epoch %d: %+v, want %+v", number, l, want)
		}
		if src.Outputs == nil || points {
			continue
		}
		o, _ := src.Outputs(t.Context(), number)
		for sample := range src.Samples.Count {
			if g, w := said(e.Outputs, sample), said(o, sample); g != w {
				t.Errorf("epoch %d, sample %d: the network said %s, want %s", number, sample, g, w)
			}
		}
	}
}

// said is what the network said of a sample.
func said(o *Outputs, sample int) string {
	prediction, loss, confidence := "", math.NaN(), math.NaN()
	if o != nil {
		o.each(1<<20, func(i, s int) {
			if s != sample || i >= max(len(o.Predictions), len(o.Losses)) {
				return
			}
			if o.Predictions != nil {
				prediction = o.Predictions[i]
			}
			if o.Losses != nil {
				loss = o.Losses[i]
			}
			if o.Confidences != nil {
				confidence = o.Confidences[i]
			}
		})
	}
	return fmt.Sprintf("%q %v %v", prediction, loss, confidence)
}

// The rows of a table may come in any order: here each sample's epochs stand together, and they do not fit the memory
// that is allowed for putting them together at the same time.
func TestTableInOrderOfSamples(t *testing.T) {
	defer func(n int) { limits.WindowBytes = n }(limits.WindowBytes)
	limits.WindowBytes = 1000
	const epochs, n, dim = 5, 30, 4
	path := filepath.Join(t.TempDir(), "a.arrow")
	writeInterleaved(t, path, epochs, n, dim)
	got := read(t, path, Options{})
	if len(got.epochs) != epochs || got.samples.Count != n {
		t.Fatalf("%d epochs of %d samples", len(got.epochs), got.samples.Count)
	}
	for number, e := range got.epochs {
		l := e.Layers[0]
		for i := range n {
			if v := l.Data[i*dim]; l.Rows != nil || v != float32(number*1000+i) {
				t.Fatalf("epoch %d, row %d begins with %v", number, i, v)
			}
		}
	}
}

func TestExportLeavesNothingHalf(t *testing.T) {
	stop := errors.New("stop")
	for _, format := range Formats {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			src := complete(made(3, 20, 4, 0))
			path := filepath.Join(dir, "out")
			vectors := src.Vectors
			src.Vectors = func(ctx context.Context, epoch int) (*Layer, error) {
				if epoch == src.Epochs[2] {
					return nil, stop
				}
				return vectors(ctx, epoch)
			}
			if _, err := Export(t.Context(), path, format, src, nil); !errors.Is(err, stop) {
				t.Errorf("Export = %v, want the source's error", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			src.Vectors = func(ctx context.Context, epoch int) (*Layer, error) {
				cancel()
				return vectors(ctx, epoch)
			}
			if _, err := Export(ctx, path, format, src, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("Export = %v, want that it was cancelled", err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
				t.Errorf("there is %v left", entries)
			}
		})
	}
}

func TestExportReplacesFilesOnly(t *testing.T) {
	dir := t.TempDir()
	src := complete(made(1, 3, 2, 0))
	file := filepath.Join(dir, "a.npz")
	if err := os.WriteFile(file, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Export(t.Context(), file, "npz", src, nil); err != nil {
		t.Error(err)
	}
	read(t, file, Options{})
	full := filepath.Join(dir, "full")
	os.MkdirAll(filepath.Join(full, "something"), 0o777)
	empty := filepath.Join(dir, "empty")
	os.Mkdir(empty, 0o777)
	for _, test := range []struct{ path, format, want string }{
		{full, "tensorboard", "is not empty"},
		{full, "npz", "no regular file"},
		{filepath.Join(dir, "missing", "a.npz"), "npz", "no such file"},
		{filepath.Join(dir, "missing", "board"), "tensorboard", "no such file"},
		{file, "tensorboard", "not a directory"},
		{empty, "tensorboard", ""},
		{file, "hdf5", "there is no format"},
	} {
		_, err := Export(t.Context(), test.path, test.format, src, nil)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("Export to %s as %s = %v, want %q", test.path, test.format, err, test.want)
		}
	}
	gaps := made(2, 5, 3, 0)
	if _, err := Export(t.Context(), filepath.Join(dir, "gaps"), "tensorboard", gaps, nil); err == nil || !strings.Contains(err.Error(), "epoch 3 does not have all 5 samples") {
		t.Errorf("Export of an epoch with gaps = %v", err)
	}
	if _, err := Export(t.Context(), file, "npz", &Source{}, nil); err == nil {
		t.Error("Export of nothing succeeded")
	}
}

// A file that was cut off anywhere is an error; only a stream that was cut off between two batches is not, and then a
// note says so.
func TestCutAnywhere(t *testing.T) {
	for _, format := range []string{"npz", "parquet", "arrow", "arrows"} {
		t.Run(format, func(t *testing.T) {
			whole := exportBytes(t, format, made(3, 12, 4, 0))
			path := filepath.Join(t.TempDir(), "a")
			for n := 0; n < len(whole); n += 1 + len(whole)/300 {
				if err := os.WriteFile(path, []byte(whole[:n]), 0o666); err != nil {
					t.Fatal(err)
				}
				d, err := Open(t.Context(), path, Options{})
				if err != nil {
					continue
				}
				noted := len(d.Notes) > 0 && strings.Contains(d.Notes[len(d.Notes)-1], "no mark at its end")
				for _, e := range d.Epochs(t.Context()) {
					err = e
				}
				if d.Close(); err == nil && !noted {
					t.Errorf("the first %d of %d bytes were read without an error", n, len(whole))
				}
			}
		})
	}
}
