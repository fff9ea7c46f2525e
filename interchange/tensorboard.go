package interchange

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// tensorBoard is a folder of TensorBoard's projector. Its embeddings are layers, and those called tag:0000N the layer tag
// at step N, which is taken as the epoch.
type tensorBoard struct {
	config  string // path
	root    *os.Root
	rows    int
	escaped bool         // the folder was written by us: see [escapeTSV] and [mapTag]
	kinds   []columnKind // of its metadata, after id and label: see [kindsComment]
	points  bool
	steps   map[int][]embeddingInfo
	numbers []int
}

var stepName = regexp.MustCompile(`^(.*):(\d{1,9})$`)

// layerAndStep takes a tensor's name apart.
func (e embeddingInfo) layerAndStep() (layer string, step int, ok bool) {
	m := stepName.FindStringSubmatch(e.tensorName)
	if m == nil {
		return e.tensorName, 0, false
	}
	step, err := strconv.Atoi(m[2])
	return m[1], step, err == nil
}

func openTensorBoard(config string, o Options) (*Dataset, error) {
	c, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(config))
	if err != nil {
		return nil, err
	}
	t := &tensorBoard{config: config, root: root, escaped: c.ours, kinds: c.kinds, points: o.Points, steps: map[int][]embeddingInfo{}}
	d := &Dataset{Format: "tensorboard", source: t}
	err = t.arrange(c.embeddings, d, o)
	if err == nil {
		err = t.samples(d, o)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return d, nil
}

// arrange sorts the embeddings by step.
func (t *tensorBoard) arrange(all []embeddingInfo, d *Dataset, o Options) error {
	var names []string
	for _, e := range all {
		names = append(names, strconv.Quote(e.tensorName))
	}
	if len(all) == 0 {
		return fmt.Errorf("%s lists no embeddings", t.config)
	}
	isMap := func(e embeddingInfo) bool {
		layer, _, _ := e.layerAndStep()
		return t.escaped && layer == mapTag
	}
	if t.points && !slices.ContainsFunc(all, isMap) {
		return fmt.Errorf("%s: a projector keeps no map, unless zoetrope wrote it: want an .npy, .npz, Parquet or Arrow file of places", t.config)
	}
	if !t.points && slices.ContainsFunc(all, isMap) {
		d.note("%s: the embedding map holds places on a map, not vectors: --points brings them in", t.config)
	}
	all = slices.DeleteFunc(all, func(e embeddingInfo) bool { return isMap(e) != t.points })
	all = slices.DeleteFunc(all, func(e embeddingInfo) bool {
		layer, _, _ := e.layerAndStep()
		return len(o.Vectors) > 0 && !slices.Contains(o.Vectors, layer) && !slices.Contains(o.Vectors, e.tensorName)
	})
	if len(all) == 0 {
		return fmt.Errorf("%s lists no embedding %q, only %.400s", t.config, o.Vectors, strings.Join(names, ", "))
	}
	d.Numbered = slices.ContainsFunc(all, func(e embeddingInfo) bool { _, _, ok := e.layerAndStep(); return ok })
	for _, e := range all {
		layer, step, ok := e.layerAndStep()
		if d.Numbered && !ok {
			d.note("%s: the embedding %q has no step, as others have, and is left out", t.config, e.tensorName)
			continue
		}
		if e.tensorPath == "" {
			return fmt.Errorf("%s: the embedding %q has no tensor_path: its vectors are in a checkpoint, which is not read; write them with SummaryWriter.add_embedding", t.config, e.tensorName)
		}
		if slices.ContainsFunc(t.steps[step], func(other embeddingInfo) bool { l, _, _ := other.layerAndStep(); return l == layer }) {
			return fmt.Errorf("%s lists two embeddings %q", t.config, e.tensorName)
		}
		t.steps[step] = append(t.steps[step], e)
	}
	t.numbers = slices.Sorted(maps.Keys(t.steps))
	d.Count = len(t.numbers)
	return nil
}

// samples reads the metadata and the sprite of the first embedding that has them, and holds the others against it.
func (t *tensorBoard) samples(d *Dataset, o Options) error {
	var all []embeddingInfo
	for _, n := range t.numbers {
		all = append(all, t.steps[n]...)
	}
	var err error
	if t.rows, err = t.countRows(all[0]); err != nil {
		return err
	}
	d.Samples.Count = t.rows
	metadata := func(e embeddingInfo) string { return e.metadataPath }
	if k, err := t.same(all, "metadata", metadata, d); err != nil {
		return err
	} else if k >= 0 {
		if err := t.metadata(all[k], d, o); err != nil {
			return err
		}
	}
	sprite := func(e embeddingInfo) string { return e.spritePath }
	if k, err := t.same(all, "pictures", sprite, d); err != nil {
		return err
	} else if k >= 0 {
		return t.sprite(all[k], d)
	}
	return nil
}

// same returns the place of the first embedding that has a file of a kind, −1 for none, and notes if that of another one
// differs.
func (t *tensorBoard) same(all []embeddingInfo, what string, path func(embeddingInfo) string, d *Dataset) (int, error) {
	first := slices.IndexFunc(all, func(e embeddingInfo) bool { return path(e) != "" })
	if first < 0 {
		return -1, nil
	}
	sums := map[string][32]byte{} // by path
	for _, e := range all[first:] {
		p := path(e)
		if p == "" {
			continue
		}
		if _, known := sums[p]; !known {
			f, _, err := t.open(p)
			if err != nil {
				return -1, err
			}
			h := sha256.New()
			_, err = io.Copy(h, f)
			f.Close()
			if err != nil {
				return -1, fmt.Errorf("%s: %s: %w", t.config, p, err)
			}
			sums[p] = [32]byte(h.Sum(nil))
		}
		if sums[p] != sums[path(all[first])] {
			d.note("%s: the %s of %q differ from those of %q, which were taken: samples are the same at every step", t.config, what, e.tensorName, all[first].tensorName)
			break
		}
	}
	return first, nil
}

// open opens a file that the configuration names. It must lie in the configuration's folder.
func (t *tensorBoard) open(path string) (*os.File, int64, error) {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return nil, 0, fmt.Errorf("%s names the file %q: want a path in its own folder", t.config, path)
	}
	f, err := t.root.Open(filepath.FromSlash(path))
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", t.config, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %s is not a regular file", t.config, path)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

func (t *tensorBoard) read(path string) ([]byte, error) {
	f, _, err := t.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (t *tensorBoard) path(e embeddingInfo) string {
	return filepath.Join(filepath.Dir(t.config), e.tensorPath)
}

// countRows finds out how many rows an embedding has.
func (t *tensorBoard) countRows(e embeddingInfo) (int, error) {
	if strings.HasSuffix(e.tensorPath, ".bytes") {
		if len(e.shape) != 2 {
			return 0, fmt.Errorf("%s: the embedding %q has tensor_shape %v: want two numbers, its rows and columns", t.config, e.tensorName, e.shape)
		}
		return e.shape[0], nil
	}
	f, _, err := t.open(e.tensorPath)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	rows := 0
	lines := newLines(f)
	for lines.next() {
		rows++
	}
	if rows == 0 && lines.err == nil {
		return 0, fmt.Errorf("%s has no rows", t.path(e))
	}
	return rows, lines.err
}

func (t *tensorBoard) epochs(ctx context.Context, yield func(*Epoch, error) bool) {
	dims := map[string]int{}
	for _, n := range t.numbers {
		epoch := &Epoch{Number: n}
		for _, e := range t.steps[n] {
			l, err := t.layer(e)
			if err == nil && dims[l.Name] != 0 && dims[l.Name] != l.Dim {
				err = fmt.Errorf("%s has %d columns, and the same embedding at another step %d", t.path(e), l.Dim, dims[l.Name])
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			dims[l.Name] = l.Dim
			if t.points {
				epoch.Points = &l
			} else {
				epoch.Layers = append(epoch.Layers, l)
			}
		}
		if !yield(epoch, nil) {
			return
		}
	}
}

// layer reads the vectors of an embedding.
func (t *tensorBoard) layer(e embeddingInfo) (l Layer, err error) {
	f, size, err := t.open(e.tensorPath)
	if err != nil {
		return l, err
	}
	defer f.Close()
	l.Name, _, _ = e.layerAndStep()
	if strings.HasSuffix(e.tensorPath, ".bytes") {
		l.Dim, l.Data, err = rawTensor(f, size, e.shape)
	} else {
		l.Dim, l.Data, err = tsvTensor(f)
	}
	if err != nil {
		return l, fmt.Errorf("%s: %w", t.path(e), err)
	}
	if n := len(l.Data) / l.Dim; n != t.rows {
		return l, fmt.Errorf("%s has %d rows, and the first embedding %d: name those of the same samples with --vectors", t.path(e), n, t.rows)
	}
	if t.points && l.Dim != 2 && l.Dim != 3 {
		return l, fmt.Errorf("%s has %d columns: want places of 2 or 3", t.path(e), l.Dim)
	}
	for i, v := range l.Data {
		if !finite(v) {
			return l, fmt.Errorf("%s: the value in row %d, column %d is %v: want finite numbers", t.path(e), i/l.Dim, i%l.Dim, v)
		}
	}
	return l, nil
}

// rawTensor reads float32, little-endian, of a shape that must fit the file.
func rawTensor(r io.Reader, size int64, shape []int) (dim int, v []float32, err error) {
	if len(shape) != 2 {
		return 0, nil, fmt.Errorf("tensor_shape is %v: want two numbers, rows and columns", shape)
	}
	want, ok := byteCount(shape, 4)
	if !ok || want != size {
		return 0, nil, fmt.Errorf("the file has %d bytes: float32 of shape %s takes %d", size, dims(shape), want)
	}
	v = make([]float32, shape[0]*shape[1])
	return shape[1], v, binary.Read(bufio.NewReaderSize(r, 1<<18), binary.LittleEndian, v)
}

// tsvTensor reads lines of numbers separated by tabs.
func tsvTensor(r io.Reader) (dim int, v []float32, err error) {
	lines := newLines(r)
	for lines.next() {
		fields := strings.Split(lines.text, "\t")
		if dim == 0 {
			dim = len(fields)
		}
		if len(fields) != dim {
			return 0, nil, fmt.Errorf("line %d has %d numbers, and line 1 has %d", lines.number, len(fields), dim)
		}
		for c, f := range fields {
			x, err := strconv.ParseFloat(strings.TrimSpace(f), 32)
			if err != nil {
				return 0, nil, fmt.Errorf("line %d, column %d: %.40q is no number that fits float32", lines.number, c, f)
			}
			v = append(v, float32(x))
		}
	}
	if lines.err == nil && dim == 0 {
		lines.err = fmt.Errorf("there are no rows")
	}
	if dim > math.MaxInt32 {
		lines.err = fmt.Errorf("line 1 has %d numbers", dim)
	}
	return dim, v, lines.err
}

// Close closes the folder.
func (t *tensorBoard) Close() error { return t.root.Close() }
