package space

import (
	"math"
	"slices"
)

// A metric says how far two rows are apart. Its distance is found in two
// steps: rows are brought into a form (direction), and a pair is measured by an
// order, which grows with the distance and costs less (order, early).
type metric struct {
	name string

	// direction returns what brings a row into its form: v becomes
	// (v - shift)·rate, of length 1. At rate 0 the row has no direction. Where
	// direction is nil, rows stay as they are.
	direction func(row []float32) (shift, rate float64)

	// order measures a pair of rows in float64 and one fixed order of terms. Where
	// it is nil, it is the square of the straight line between the forms, and
	// products of rows can be used to estimate it ([straight]).
	order func(a, b []float32) float64

	// early is order in float32, off by no more than a factor of 1 ± dim·2⁻²⁴, or
	// some part of it that is beyond limit. It goes with order.
	early func(a, b []float32, limit float32) float32

	// gap is the distance between two places in the space of the forms, such as the
	// means of some rows.
	gap func(a, b []float64) float64

	// distance turns an order into the distance.
	distance func(order float64) float64
}

// metrics is the table that all of the product reads. A row without a direction
// (zeros by cosine, equal values by correlation) is at distance 1 from all others
// and 0 from its like, as in umap-learn.
var metrics = []metric{
	{name: "euclidean", gap: line, distance: math.Sqrt},
	{name: "cosine", direction: direction, gap: line, distance: half}, // |u - v|² = 2·(1 - cos)
	{name: "correlation", direction: deviation, gap: line, distance: half},
	{name: "manhattan", order: absdist[float32], early: sumAbs, gap: absdist[float64], distance: same},
}

func half(order float64) float64 { return order / 2 }
func same(order float64) float64 { return order }

// straight reports whether orders are squares of straight lines.
func (m *metric) straight() bool { return m.order == nil }

// Metrics lists the names of the metrics.
var Metrics = names()

func names() (list []string) {
	for _, m := range metrics {
		list = append(list, m.name)
	}
	return list
}

func find(name string) (*metric, error) {
	i := slices.Index(Metrics, name)
	if i < 0 {
		return nil, refuse("metric = %q is unknown", name)
	}
	return &metrics[i], nil
}

// direction is that of a row from the origin.
func direction(row []float32) (shift, rate float64) { return 0, rateOf(row, 0) }

// deviation is the direction of a row less its own mean.
func deviation(row []float32) (shift, rate float64) {
	for _, v := range row {
		shift += float64(v) / float64(len(row))
	}
	return shift, rateOf(row, shift)
}

// rateOf is 1 over the length of the row less shift, or 0 where that is zero but
// for rounding.
func rateOf(row []float32, shift float64) float64 {
	sum, top := 0.0, 0.0
	for _, v := range row {
		d := float64(v) - shift
		sum += float64(d * d)
		top = max(top, math.Abs(float64(v)))
	}
	if norm := math.Sqrt(sum); norm > 1e-12*top {
		return 1 / norm
	}
	return 0
}

// Gap returns how the metric measures between two places in the space of its
// forms (see [Form]), such as the means of some rows.
func Gap(metric string) (func(a, b []float64) float64, error) {
	m, err := find(metric)
	if err != nil {
		return nil, err
	}
	return m.gap, nil
}
