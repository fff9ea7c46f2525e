package interchange

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// setAside notes which arrays cannot be read. One that the archive cannot be understood without, by its name, is an error,
// unless the vectors to read were named.
func (z *archive) setAside(d *Dataset) error {
	for _, m := range z.arrays {
		if m.unread == nil {
			continue
		}
		if z.means(m) && len(z.o.Vectors) == 0 {
			return fmt.Errorf("%w; where the vectors are named with --vectors, the archive is read without it", m.unread)
		}
		if z.ids < 0 && z.o.ID == "" && usual(idNames, m.name) {
			d.Samples.NoIDs = m.unread
		}
		d.note("%v; it is left out", m.unread)
	}
	return nil
}

// means reports whether an array that cannot be read has a name that makes it what no other array is.
func (z *archive) means(m member) bool {
	isX := func(m member) bool { return strings.EqualFold(m.name, "x") }
	return z.ids < 0 && z.o.ID == "" && usual(idNames, m.name) ||
		z.labels < 0 && z.o.Label == "" && (usual(labelNames, m.name) || strings.EqualFold(m.name, "y") && slices.ContainsFunc(z.arrays, isX)) ||
		z.epochNumbers < 0 && z.o.Epoch == "" && usual(epochNames[:2], m.name) ||
		z.o.Points && z.points < 0 && usual(pointNames, m.name) ||
		!z.o.Points && usual(arrayNames, m.name)
}

// settle looks again at what arrays are for, when it is known how many epochs and samples there are.
func (z *archive) settle() error {
	if i := z.epochNumbers; i >= 0 && z.o.Epoch == "" && !usual(epochNames[:2], z.arrays[i].name) && z.arrays[i].shape[0] != z.count {
		z.epochNumbers = -1 // a step of something else
	}
	if i := z.predictions; i >= 0 && z.arrays[i].dtype.Kind == 'f' && !slices.Equal(z.arrays[i].shape, []int{z.count, z.rows}) {
		z.predictions = -1 // the probabilities of each class
	}
	if z.labels < 0 && z.o.Label == "" && !z.o.Points && strings.EqualFold(z.arrays[z.vectors[0]].name, "x") {
		z.labels = slices.IndexFunc(z.arrays, func(m member) bool {
			return strings.EqualFold(m.name, "y") && isList(m) && m.shape[0] == z.rows
		})
	}
	if z.ids >= 0 || z.o.ID != "" {
		return nil
	}
	for i, m := range z.arrays {
		if usual(idNames, m.name) && len(m.shape) > 0 && m.shape[0] == z.rows && !isMatrix(m) && !z.taken(m) && !slices.Contains(z.vectors, i) {
			return fmt.Errorf("%s: the array %q is %s of shape %s, which cannot be ids: want a text or a whole number for each of %d samples, or another array with --id-column, or none with --id-column %s",
				z.path, m.name, m.dtype, npy.Dims(m.shape), z.rows, None)
		}
	}
	return nil
}

// isList reports whether an array has one element in each row: it is of shape n, or n×1 as a column of a table.
func isList(m member) bool { return len(m.shape) == 1 || len(m.shape) == 2 && m.shape[1] == 1 }
