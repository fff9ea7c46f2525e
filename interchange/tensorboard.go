package interchange

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/regular"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
)

// tensorBoard is a folder of TensorBoard's projector. Its embeddings are layers, and those called tag:0000N the layer tag
// at step N, which is taken as the epoch.
type tensorBoard struct {
	config  string // path
	root    *os.Root
	rows    int
	escaped bool         // the folder was written by us: see [escapeTSV] and [mapTag]
	kinds   []cells.Kind // of its metadata, after id and label: see [embedding.KindsComment]
	points  bool
	steps   map[int][]embedding.Embedding
	numbers []int
	ration  *ration.Ration
}

func openTensorBoard(config string, o Options) (*Dataset, error) {
	c, err := embedding.ReadConfig(config)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(config))
	if err != nil {
		return nil, err
	}
	t := &tensorBoard{config: config, root: root, escaped: c.Ours, kinds: c.Kinds, points: o.Points, steps: map[int][]embedding.Embedding{}}
	d := &Dataset{Format: "tensorboard", source: t}
	err = t.arrange(c.Embeddings, d, o)
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
func (t *tensorBoard) arrange(all []embedding.Embedding, d *Dataset, o Options) error {
	var names []string
	for _, e := range all {
		names = append(names, strconv.Quote(e.TensorName))
	}
	if len(all) == 0 {
		return fmt.Errorf("%s lists no embeddings", t.config)
	}
	isMap := func(e embedding.Embedding) bool {
		layer, _, _ := e.LayerAndStep()
		return t.escaped && layer == mapTag
	}
	if t.points && !slices.ContainsFunc(all, isMap) {
		return fmt.Errorf("%s: a projector keeps no map, unless zoetrope wrote it: want an .npy, .npz, Parquet or Arrow file of places", t.config)
	}
	if !t.points && slices.ContainsFunc(all, isMap) {
		d.note("%s: the embedding map holds places on a map, not vectors: --points brings them in", t.config)
	}
	all = slices.DeleteFunc(all, func(e embedding.Embedding) bool { return isMap(e) != t.points })
	all = slices.DeleteFunc(all, func(e embedding.Embedding) bool {
		layer, _, _ := e.LayerAndStep()
		return len(o.Vectors) > 0 && !slices.Contains(o.Vectors, layer) && !slices.Contains(o.Vectors, e.TensorName)
	})
	if len(all) == 0 {
		return fmt.Errorf("%s lists no embedding %q, only %.400s", t.config, o.Vectors, strings.Join(names, ", "))
	}
	type step struct {
		layer string
		of    int
	}
	taken := make(map[step]bool, len(all))
	d.Numbered = slices.ContainsFunc(all, func(e embedding.Embedding) bool { _, _, ok := e.LayerAndStep(); return ok })
	for _, e := range all {
		layer, n, ok := e.LayerAndStep()
		if d.Numbered && !ok {
			d.note("%s: the embedding %q has no step, as others have, and is left out", t.config, e.TensorName)
			continue
		}
		if e.TensorPath == "" {
			return fmt.Errorf("%s: the embedding %q has no tensor_path: its vectors are in a checkpoint, which is not read; write them with SummaryWriter.add_embedding", t.config, e.TensorName)
		}
		if taken[step{layer, n}] {
			return fmt.Errorf("%s lists two embeddings %q", t.config, e.TensorName)
		}
		taken[step{layer, n}] = true
		t.steps[n] = append(t.steps[n], e)
	}
	t.numbers = slices.Sorted(maps.Keys(t.steps))
	d.Count = len(t.numbers)
	return nil
}

// samples reads the metadata and the sprite of the first embedding that has them, and holds the others against it.
func (t *tensorBoard) samples(d *Dataset, o Options) error {
	var all []embedding.Embedding
	for _, n := range t.numbers {
		all = append(all, t.steps[n]...)
	}
	var err error
	if t.rows, err = t.countRows(all[0]); err != nil {
		return err
	}
	if err := t.ration.Take(limits.SampleBytes * int64(t.rows)); err != nil {
		return fmt.Errorf("%s: %d samples: %w", t.path(all[0]), t.rows, err)
	}
	d.Samples.Count = t.rows
	metadata := func(e embedding.Embedding) string { return e.MetadataPath }
	if k, err := t.same(all, "metadata", metadata, d); err != nil {
		return err
	} else if k >= 0 {
		if err := t.metadata(all[k], d, o); err != nil {
			return err
		}
	}
	sprite := func(e embedding.Embedding) string { return e.SpritePath }
	if k, err := t.same(all, "pictures", sprite, d); err != nil {
		return err
	} else if k >= 0 {
		return t.sprite(all[k], d)
	}
	return nil
}

// same returns the place of the first embedding that has a file of a kind, −1 for none, and notes if that of another one
// differs.
func (t *tensorBoard) same(all []embedding.Embedding, what string, path func(embedding.Embedding) string, d *Dataset) (int, error) {
	first := slices.IndexFunc(all, func(e embedding.Embedding) bool { return path(e) != "" })
	if first < 0 {
		return -1, nil
	}
	sums := map[string][32]byte{} // by path
	var last os.FileInfo          // of what was read last: it is the same as the first
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
			info, err := f.Stat()
			switch {
			case err != nil:
			case os.SameFile(info, last): // under another name
				sums[p] = sums[path(all[first])]
			default:
				last = info
				h := sha256.New()
				_, err = io.Copy(h, f)
				sums[p] = [32]byte(h.Sum(nil))
			}
			f.Close()
			if err != nil {
				return -1, fmt.Errorf("%s: %s: %w", t.config, p, err)
			}
		}
		if sums[p] != sums[path(all[first])] {
			d.note("%s: the %s of %q differ from those of %q, which were taken: samples are the same at every step", t.config, what, e.TensorName, all[first].TensorName)
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
	f, size, err := regular.OpenIn(t.root, filepath.FromSlash(path))
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", t.config, err)
	}
	return f, size, nil
}

func (t *tensorBoard) read(path string) ([]byte, error) {
	f, _, err := t.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (t *tensorBoard) path(e embedding.Embedding) string {
	return filepath.Join(filepath.Dir(t.config), e.TensorPath)
}

// countRows finds out how many rows an embedding has.
func (t *tensorBoard) countRows(e embedding.Embedding) (int, error) {
	if strings.HasSuffix(e.TensorPath, ".bytes") {
		if len(e.Shape) != 2 {
			return 0, fmt.Errorf("%s: the embedding %q has tensor_shape %v: want two numbers, its rows and columns", t.config, e.TensorName, e.Shape)
		}
		f, size, err := t.open(e.TensorPath)
		if err != nil {
			return 0, err
		}
		f.Close()
		if err := embedding.CheckShape(e.Shape, size); err != nil {
			return 0, fmt.Errorf("%s: %w", t.path(e), err)
		}
		t.ration = limits.NewRation(size)
		return e.Shape[0], nil
	}
	f, size, err := t.open(e.TensorPath)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	t.ration = limits.NewRation(size)
	rows := 0
	lines := texts.NewLines(f)
	for lines.Next() {
		rows++
	}
	if rows == 0 && lines.Err == nil {
		return 0, fmt.Errorf("%s has no rows", t.path(e))
	}
	return rows, lines.Err
}

func (t *tensorBoard) epochs(ctx context.Context, yield func(*Epoch, error) bool) {
	dims := map[string]int{}
	size := t.size()
	r := ration.New(limits.Budget+limits.BudgetShare*size, tensorsShare*size)
	for _, n := range t.numbers {
		epoch, held := &Epoch{Number: n}, int64(0)
		for _, e := range t.steps[n] {
			l, taken, err := t.layer(e, r)
			held += taken
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
		r.Give(held)
	}
}

// tensorsShare bounds how often the same file may be named, as that of another step: so many bytes are read for each byte.
const tensorsShare = 64

// size is how many bytes the files of vectors have, each counted once.
func (t *tensorBoard) size() (sum int64) {
	known := map[string]bool{}
	for _, list := range t.steps {
		for _, e := range list {
			p := filepath.Clean(filepath.FromSlash(e.TensorPath))
			if known[p] {
				continue
			}
			known[p] = true
			if info, err := t.root.Stat(p); err == nil {
				sum += info.Size()
			}
		}
	}
	return sum
}

// layer reads the vectors of an embedding, and says how many bytes of the ration it took.
func (t *tensorBoard) layer(e embedding.Embedding, r *ration.Ration) (l Layer, taken int64, err error) {
	f, size, err := t.open(e.TensorPath)
	if err != nil {
		return l, 0, err
	}
	defer f.Close()
	if !strings.HasSuffix(e.TensorPath, ".bytes") {
		size *= 2 // a number takes two characters at least, and four bytes
	}
	if err = r.Count(size); err == nil {
		err = r.Take(size)
	}
	if err != nil {
		return l, 0, fmt.Errorf("%s: %w", t.path(e), err)
	}
	taken = size
	l.Name, _, _ = e.LayerAndStep()
	if strings.HasSuffix(e.TensorPath, ".bytes") {
		l.Dim, l.Data, err = embedding.RawTensor(f, size, e.Shape)
	} else {
		l.Dim, l.Data, err = embedding.TSVTensor(f)
	}
	if err != nil {
		return l, taken, fmt.Errorf("%s: %w", t.path(e), err)
	}
	if n := len(l.Data) / l.Dim; n != t.rows {
		return l, taken, fmt.Errorf("%s has %d rows, and the first embedding %d: name those of the same samples with --vectors", t.path(e), n, t.rows)
	}
	if t.points && l.Dim != 2 && l.Dim != 3 {
		return l, taken, fmt.Errorf("%s has %d columns: want places of 2 or 3", t.path(e), l.Dim)
	}
	for i, v := range l.Data {
		if !cells.Finite(v) {
			return l, taken, fmt.Errorf("%s: the value in row %d, column %d is %v: want finite numbers", t.path(e), i/l.Dim, i%l.Dim, v)
		}
	}
	return l, taken, nil
}

// Close closes the folder.
func (t *tensorBoard) Close() error { return t.root.Close() }
