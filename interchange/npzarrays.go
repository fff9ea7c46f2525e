package interchange

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// classify finds out what each array is, by its name, its type and its shape.
func (z *archive) classify(d *Dataset) error {
	var err error
	find := func(named string, names []string, ok func(member) bool) int {
		if named == None {
			return -1
		}
		if named == "" {
			return choose(names, len(z.arrays), z.name, func(i int) bool { return ok(z.arrays[i]) })
		}
		at := slices.IndexFunc(z.arrays, func(m member) bool { return m.name == named })
		if at < 0 && err == nil {
			err = fmt.Errorf("%s holds no array %q, only %s", z.path, named, z.names())
		}
		if at >= 0 && !ok(z.arrays[at]) && err == nil {
			m := z.arrays[at]
			if err = m.unread; err != nil {
				return at
			}
			err = fmt.Errorf("%s: the array %q is %s of shape %s, which cannot be what it was named for", z.path, named, m.dtype, npy.Dims(m.shape))
		}
		return at
	}
	table := func(m member) bool { return len(m.shape) == 2 }
	numbers := func(m member) bool { return len(m.shape) == 2 && m.dtype.Kind == 'f' }
	z.ids = find(z.o.ID, idNames, isList)
	z.labels = find(z.o.Label, labelNames, isList) // floats are on a scale
	z.epochNumbers = find(z.o.Epoch, epochNames, func(m member) bool { return len(m.shape) == 1 && m.dtype.Kind != 'b' })
	z.points = find("", pointNames, isPlaces)
	z.images = find("", imageNames, func(m member) bool { return m.dtype == npy.Dtype{Kind: 'u', Size: 1} && len(m.shape) > 2 })
	z.layerName = find("", []string{"layer"}, func(m member) bool { return len(m.shape) == 1 && m.shape[0] == 1 && m.dtype.Kind != 'f' })
	z.predictions = find("", []string{"predictions"}, table)
	z.losses, z.confidences = find("", []string{"losses"}, numbers), find("", []string{"confidences"}, numbers)
	for _, name := range z.o.Vectors {
		z.vectors = append(z.vectors, find(name, nil, isMatrix))
	}
	if err == nil {
		err = z.setAside(d)
	}
	if err == nil {
		err = z.findMatrix()
	}
	if err == nil {
		err = z.settle()
	}
	return err
}

// findMatrix finds the vectors or the places that the archive is read for, and with them how many epochs and samples
// there are.
func (z *archive) findMatrix() error {
	if z.o.Points {
		z.vectors = nil
		if places := z.all(isPlaces); z.points < 0 && len(places) == 1 {
			z.points = places[0]
		}
		if z.points < 0 {
			return fmt.Errorf("%s: no array is called points and holds floats of shape n×2, n×3, E×n×2 or E×n×3: there are %s", z.path, z.names())
		}
		z.count, z.rows = extent(z.arrays[z.points])
		return nil
	}
	if len(z.vectors) == 0 {
		candidates := z.all(func(m member) bool { return isMatrix(m) && !z.taken(m) })
		if i := z.predictions; len(candidates) == 0 && i >= 0 && isMatrix(z.arrays[i]) {
			candidates, z.predictions = []int{i}, -1
		}
		k := choose(arrayNames, len(candidates), func(k int) string { return z.name(candidates[k]) }, func(int) bool { return true })
		switch {
		case k >= 0:
			z.vectors = candidates[k : k+1]
		case len(candidates) > 0:
			z.vectors = candidates
		default:
			return fmt.Errorf("%s: no array holds vectors, floats of shape n×d or E×n×d: there are %s", z.path, z.names())
		}
	}
	first := z.arrays[z.vectors[0]]
	z.count, z.rows = extent(first)
	for _, i := range z.vectors[1:] {
		if count, rows := extent(z.arrays[i]); count != z.count || rows != z.rows {
			return fmt.Errorf("%s: the arrays %q of shape %s and %q of shape %s are not of the same epochs and samples: name those of one run",
				z.path, first.name, npy.Dims(first.shape), z.arrays[i].name, npy.Dims(z.arrays[i].shape))
		}
	}
	return nil
}

// arrayNames are the usual names of vectors in an archive: there, scikit-learn's users say X.
var arrayNames = append(slices.Clone(vectorNames), "x")

func isMatrix(m member) bool {
	return m.dtype.Kind == 'f' && (len(m.shape) == 2 || len(m.shape) == 3) && !strings.HasPrefix(m.name, metadataPrefix)
}

func isPlaces(m member) bool {
	last := 0
	if len(m.shape) > 0 {
		last = m.shape[len(m.shape)-1]
	}
	return isMatrix(m) && (last == 2 || last == 3)
}

// extent is how many epochs and samples a matrix holds.
func extent(m member) (epochs, rows int) {
	if len(m.shape) == 2 {
		return 1, m.shape[0]
	}
	return m.shape[0], m.shape[1]
}

// all returns the places of the arrays that are so.
func (z *archive) all(so func(member) bool) []int {
	var list []int
	for i, m := range z.arrays {
		if so(m) {
			list = append(list, i)
		}
	}
	return list
}

// taken reports whether an array is known to be something other than vectors.
func (z *archive) taken(m member) bool {
	for _, i := range []int{z.points, z.ids, z.labels, z.epochNumbers, z.images, z.layerName, z.predictions, z.losses, z.confidences} {
		if i >= 0 && z.arrays[i].name == m.name {
			return true
		}
	}
	return false
}

func (z *archive) name(i int) string { return z.arrays[i].name }

// names lists the arrays for people.
func (z *archive) names() string {
	var parts []string
	for i, m := range z.arrays {
		if i == 20 {
			parts = append(parts, "…")
			break
		}
		if m.unread != nil {
			parts = append(parts, fmt.Sprintf("%.40q (%v)", m.name, m.unread))
			continue
		}
		parts = append(parts, fmt.Sprintf("%.40q (%s of shape %s)", m.name, m.dtype, npy.Dims(m.shape)))
	}
	return strings.Join(parts, ", ")
}
