package measure

import (
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// classes numbers the labels that occur in a frame from 0.
type classes struct {
	of       []int  // class of each row, −1 for none
	group    []int  // the same, but that rows without a class are of one more
	has      []bool // each row that has a class
	size     []int  // rows of each class
	count    int
	labelled int // rows that have one
}

func newClasses(labels []int) *classes {
	c := &classes{of: make([]int, len(labels))}
	number := map[int]int{}
	for i, l := range labels {
		if l < 0 {
			c.of[i] = -1
			continue
		}
		k, ok := number[l]
		if !ok {
			k = len(number)
			number[l] = k
			c.size = append(c.size, 0)
		}
		c.of[i] = k
		c.size[k]++
		c.labelled++
	}
	c.count = len(number)
	c.group, c.has = slices.Clone(c.of), make([]bool, len(c.of))
	for i, k := range c.of {
		if c.has[i] = k >= 0; k < 0 {
			c.group[i] = c.count
		}
	}
	return c
}

// labelRows collects the label measures of some rows of one space; NaN for rows without a label.
type labelRows struct{ silhouette, purity []float64 }

func newLabelRows(n int) labelRows {
	l := labelRows{make([]float64, n), make([]float64, n)}
	for i := range n {
		l.silhouette[i], l.purity[i] = math.NaN(), math.NaN()
	}
	return l
}

// measure fills entry at from the view of row i, whose nearest rows are near; sums has room for every class and one
// more, for rows without a label.
func (l labelRows) measure(at int, v *space.View, near []int32, i int, c *classes, sums []float64) {
	l.silhouette[at] = silhouette(v, i, c, sums)
	if c.labelled < len(c.of) {
		near = v.NearestAmong(c.has, min(Neighbours, c.labelled-1))
	}
	l.purity[at] = purity(near, i, c)
}

func purity(near []int32, i int, c *classes) float64 {
	same := 0
	for _, j := range near {
		if c.of[j] == c.of[i] {
			same++
		}
	}
	return float64(same) / float64(len(near))
}

// silhouette is that of one row.
func silhouette(v *space.View, i int, c *classes, sums []float64) float64 {
	own := c.of[i]
	if c.size[own] == 1 {
		return 0
	}
	clear(sums)
	v.Sum(c.group, sums)
	a, b := sums[own]/float64(c.size[own]-1), math.Inf(1)
	for class, size := range c.size {
		if class != own {
			b = min(b, sums[class]/float64(size))
		}
	}
	if m := max(a, b); m > 0 {
		return (b - a) / m
	}
	return 0
}

// report adds the rows up. x is the space they were taken in, as the caller gave it.
func (l labelRows) report(rows []int, c *classes, x []float32, dim int, metric string) Labels {
	var sil, pur float64
	n := 0
	for r, i := range rows {
		if c.of[i] >= 0 {
			sil += l.silhouette[r]
			pur += l.purity[r]
			n++
		}
	}
	out := Labels{Purity: defined(pur / float64(n)), Separation: separation(x, dim, metric, c)}
	if c.count < c.labelled {
		out.Silhouette = defined(sil / float64(n))
	}
	return out
}

// separation is the mean distance between class centroids over the mean distance of a row to its own.
func separation(x []float32, dim int, metric string, c *classes) *float64 {
	gap, err := space.Gap(metric)
	if err != nil {
		return nil
	}
	x, dim = space.Form(x, dim, metric)
	centroids := make([]float64, c.count*dim)
	for i, class := range c.of {
		if class >= 0 {
			for j, v := range x[i*dim : (i+1)*dim] {
				centroids[class*dim+j] += float64(v) / float64(c.size[class])
			}
		}
	}
	centroid := func(class int) []float64 { return centroids[class*dim : (class+1)*dim] }
	var within, between float64
	row := make([]float64, dim)
	for i, class := range c.of {
		if class >= 0 {
			for j, v := range x[i*dim : (i+1)*dim] {
				row[j] = float64(v)
			}
			within += gap(row, centroid(class))
		}
	}
	for a := range c.count {
		for b := range a {
			between += gap(centroid(a), centroid(b))
		}
	}
	pairs := float64(c.count*(c.count-1)) / 2
	return defined(between / pairs / (within / float64(c.labelled)))
}
