package plot

import (
	"fmt"
	"testing"

	"github.com/zoetrope-ml/zoetrope/figure"
	"github.com/zoetrope-ml/zoetrope/projector"
)

// TestClasses: what a legend cannot name it counts, and numbers that are no classes have a scale.
func TestClasses(t *testing.T) {
	labelled := func(n int, label func(i int) string) [][]projector.Point {
		var points []projector.Point
		for i := range n {
			points = append(points, projector.Point{Label: label(i), Prediction: label(i / 2)})
		}
		return [][]projector.Point{points[:n/2], points[n/2:]}
	}
	for _, test := range []struct {
		name, by string
		points   [][]projector.Point
		names    int
		more     int
		scale    *figure.Scale
		none     string
	}{
		{"few", "label", labelled(40, func(i int) string { return fmt.Sprint("c", i) }), 40, 0, nil, ""},
		{"many", "label", labelled(100, func(i int) string { return fmt.Sprint("c", i) }), 40, 60, nil, ""},
		{"many whole numbers", "label", labelled(100, func(i int) string { return fmt.Sprint(i) }), 40, 60, nil, ""},
		{"many numbers", "label", labelled(100, func(i int) string { return fmt.Sprint(float64(i)/4 - 3) }), 0, 0, &figure.Scale{Lo: -3, Hi: 21.75}, ""},
		{"many predicted numbers", "prediction", labelled(100, func(i int) string { return fmt.Sprint(float64(i) / 4) }), 0, 0, &figure.Scale{Lo: 0, Hi: 24.75}, ""},
		{"few numbers", "label", labelled(40, func(i int) string { return fmt.Sprint(float64(i) / 4) }), 40, 0, nil, ""},
		{"numbers and a name", "label", labelled(50, func(i int) string { return fmt.Sprint(float64(i)/4, map[bool]string{true: " or so"}[i == 9]) }), 40, 10, nil, ""},
		{"some without", "label", labelled(9, func(i int) string { return map[bool]string{true: "x"}[i > 3] }), 1, 0, nil, "no label"},
		{"some not predicted", "prediction", labelled(9, func(i int) string { return map[bool]string{true: "x"}[i > 2] }), 1, 0, nil, "no prediction"},
		{"not all known", "correct", labelled(9, func(i int) string { return map[bool]string{true: "x"}[i > 2] }), 2, 0, nil, "not known"},
		{"all known", "correct", labelled(9, func(i int) string { return "x" }), 2, 0, nil, ""},
	} {
		c := classesBy(test.points, test.by)
		if len(c.names) != test.names || c.more != test.more || fmt.Sprint(c.scale) != fmt.Sprint(test.scale) || c.noneName() != test.none {
			t.Errorf("%s: %d names, %d more, scale %v, none %q; want %d, %d, %v, %q", test.name, len(c.names), c.more, c.scale, c.noneName(),
				test.names, test.more, test.scale, test.none)
		}
		for _, points := range test.points {
			for _, p := range points {
				class, _ := c.of(p)
				if given := p.Label != "" && p.Prediction != "" || test.by == "label" && p.Label != ""; given != (class >= 0) {
					t.Errorf("%s: the class of %+v is %d", test.name, p, class)
				}
				if test.scale != nil && class >= figure.ScaleSteps {
					t.Errorf("%s: step %d of a scale", test.name, class)
				}
			}
		}
	}
}
