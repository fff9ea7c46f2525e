package space

import (
	"math"
	"testing"
)

// TestLine: lines add up. Three rows a, b and c in a row on a great circle, 10° and 20° apart, are by cosine at distances whose
// chords these are; by the other metrics a line is the distance.
func TestLine(t *testing.T) {
	at := func(degrees, length float64) (x, y float32) {
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		return float32(length * cos), float32(length * sin)
	}
	var x []float32
	for _, row := range [][2]float64{{0, 1}, {10, 3}, {30, 0.5}} {
		a, b := at(row[0], row[1])
		x = append(x, a, b)
	}
	for _, metric := range Metrics {
		rows, err := NewRows(x, 2, metric)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range []struct {
			i, j    int
			degrees float64
		}{{0, 1, 10}, {1, 2, 20}, {0, 2, 30}} {
			want := rows.Distance(pair.i, rows, pair.j)
			switch metric {
			case "cosine":
				want = 2 * math.Sin(pair.degrees/2*math.Pi/180)
			case "correlation":
				want = math.Sqrt(2 * want)
			}
			if got := rows.Line(pair.i, rows, pair.j); math.Abs(got-want) > 1e-6 {
				t.Errorf("%s: the line from %d to %d is %v, want %v", metric, pair.i, pair.j, got, want)
			}
		}
	}
}
