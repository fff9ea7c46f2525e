package interchange

import (
	"fmt"
	"slices"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// samples reads what the archive says of the samples and of the epochs' numbers.
func (z *archive) samples(d *Dataset) error {
	d.Count, d.Samples.Count = z.count, z.rows
	err := z.ration.Take(limits.SampleBytes * int64(z.rows))
	if err != nil {
		return fmt.Errorf("%s: %d samples: %w", z.path, z.rows, err)
	}
	if z.ids >= 0 {
		if d.Samples.IDs, err = z.identities(); err != nil {
			return err
		}
		if err := distinct(z.path, d.Samples.IDs); err != nil {
			return err
		}
	}
	if z.labels >= 0 {
		if d.Samples.Labels, err = z.texts(z.labels, z.rows); err != nil {
			return err
		}
	}
	if z.epochNumbers >= 0 {
		numbers, bits, err := z.list(z.epochNumbers, z.count)
		if err != nil {
			return err
		}
		for _, v := range numbers {
			n, err := epochOf(v, bits)
			if err == nil && slices.Contains(z.numbers, n) {
				err = fmt.Errorf("the epoch %d is there twice", n)
			}
			if err != nil {
				return fmt.Errorf("%s/%s.npy: %w: want each number once, and none below 0", z.path, z.name(z.epochNumbers), err)
			}
			z.numbers = append(z.numbers, n)
		}
		d.Numbered = true
	}
	if z.images >= 0 {
		if err := z.thumbnails(d); err != nil {
			return err
		}
	}
	return z.metadata(d)
}

// texts reads an array with one element in each row, of which there must be n.
func (z *archive) texts(i, n int) ([]string, error) {
	a, err := z.flat(i, n)
	if err != nil {
		return nil, err
	}
	defer a.File.Close()
	return a.Labels()
}

// list reads an array as texts does, its elements as metadata, and says how many bits they have.
func (z *archive) list(i, n int) (values []any, bits int, err error) {
	a, err := z.flat(i, n)
	if err != nil {
		return nil, 0, err
	}
	defer a.File.Close()
	values, err = a.Cells()
	return values, 8 * a.Dtype.Size, err
}

// flat opens an array of shape n or n×1.
func (z *archive) flat(i, n int) (*npy.Array, error) {
	a, err := z.at(i)
	if err != nil {
		return nil, err
	}
	if a.Shape[0] != n {
		a.File.Close()
		return nil, a.Errorf("the array has %d elements: want %d", a.Shape[0], n)
	}
	a.Shape = a.Shape[:1]
	return a, nil
}

// identities reads the ids. Floats are ids if they are whole.
func (z *archive) identities() ([]string, error) {
	a, err := z.flat(z.ids, z.rows)
	if err != nil {
		return nil, err
	}
	defer a.File.Close()
	if a.Dtype.Kind != 'f' {
		return a.Labels()
	}
	if err := a.Take((limits.TextBytes + 16) * int64(z.rows)); err != nil {
		return nil, err
	}
	ids := make([]string, z.rows)
	err = a.Each(len(ids), func(i int, raw []byte) (err error) {
		if ids[i], err = idOf(a.Dtype.Float(raw), 8*a.Dtype.Size); err != nil {
			err = a.Errorf("sample %d: %v", i, err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, a.End()
}

// metadata reads every other array that has an element for each sample.
func (z *archive) metadata(d *Dataset) error {
	for i, m := range z.arrays {
		if z.taken(m) || slices.Contains(z.vectors, i) {
			if i == z.points && !z.o.Points {
				d.note("%s: the array %q holds places on a map, not vectors: --points brings them in", z.path, m.name)
			}
			continue
		}
		if m.unread != nil {
			continue
		}
		if !isList(m) || m.shape[0] != z.rows {
			d.note("%s: the array %q (%s of shape %s) has no element for each of %d samples and is left out", z.path, m.name, m.dtype, npy.Dims(m.shape), z.rows)
			continue
		}
		values, _, err := z.list(i, z.rows)
		if err != nil {
			return err
		}
		name, isJSON := metadataName(m.name)
		for k, v := range values {
			if s, ok := v.(string); ok && isJSON {
				values[k] = cells.OfJSON(s)
			}
		}
		d.Samples.Columns = append(d.Samples.Columns, Column{name, values})
	}
	return nil
}

// thumbnails reads all pictures: they are small, and are handed out in any order.
func (z *archive) thumbnails(d *Dataset) error {
	a, err := z.at(z.images)
	if err != nil {
		return err
	}
	defer a.File.Close()
	im, err := npy.ImagesOf(a)
	if err != nil {
		return err
	}
	if im.Count != z.rows {
		return a.Errorf("there are %d pictures: want one for each of %d samples", im.Count, z.rows)
	}
	files := make([][]byte, im.Count)
	for i := range files {
		if files[i], err = im.NextPNG(); err != nil {
			return err
		}
		if err := a.Take(int64(len(files[i])) + 24); err != nil {
			return err
		}
	}
	d.Samples.Thumbnails = func(i int) ([]byte, error) { return files[i], nil }
	return nil
}

// distinct reports the first id that is there twice.
func distinct(name string, ids []string) error {
	seen := make(map[string]int, len(ids))
	for i, id := range ids {
		if id == "" {
			return fmt.Errorf("%s: sample %d has an empty id", name, i)
		}
		if first, ok := seen[id]; ok {
			return fmt.Errorf("%s: the id %q is there twice, for samples %d and %d: want one id for each sample", name, id, first, i)
		}
		seen[id] = i
	}
	return nil
}
