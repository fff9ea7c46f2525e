package interchange

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
)

// TestExportTypes writes columns of every kind, with values that look like those of another, in every format, and reads
// them back: value for value the same, of the same type.
func TestExportTypes(t *testing.T) {
	texts := []string{"1.10", "1.2", "1e5", "007", "-0", "+1", "true", "NaN", "null", "[1]", "{}", `"quoted"`, "2024-02-29", "18446744073709551616", "1_000", " 1 "}
	n := len(texts)
	column := func(name string, values ...any) Column {
		c := Column{Name: name}
		for i := range n {
			c.Values = append(c.Values, values[i%len(values)])
		}
		return c
	}
	asText := make([]any, n)
	for i, s := range texts {
		asText[i] = s
	}
	columns := []Column{
		{"text", asText},
		column("digits", "1", "2", "30"),
		column("decimals", "1.10", "1.20", nil),
		column("truths", "true", "false"),
		column("bool", true, false),
		column("bool or missing", true, nil, false),
		column("int", int64(1), int64(-20), int64(math.MaxInt64), int64(math.MinInt64)),
		column("int or missing", int64(1), nil, int64(-20)),
		column("large or missing", int64(math.MaxInt64), nil, int64(math.MaxInt64-1)),
		column("float", 0.1, 1.0, -2.5e300, 5e-324, 0.10000000149011612, 1e16),
		column("float or missing", 0.5, nil),
		column("infinite", 0.5, "+Inf", "-Inf", nil),
		column("inf alone", "+Inf", nil),
		column("large and floats", int64(1<<53+1), 0.5),
		column("floats beyond int64", 1e20, "a"),
		column("mixed", "1.10", int64(1), nil, true, 0.5, "true", "null", "[1]"),
		column("nested", cells.JSON(`[1,"a",{"b":null}]`), cells.JSON(`{"a":1.10}`), nil, "[1]", cells.JSON("18446744073709551616")),
		column("label", "1.10", "1.1"),
		column("metadata.id", "1"),
		column(" spaces ", "1", nil),
		column("tab\tand\nline", "1.0"),
	}
	src := &Source{
		Samples: Samples{Count: n, IDs: slices.Clone(texts), Labels: slices.Clone(texts), Columns: columns},
		Epochs:  []int{1}, Layer: "fc1", Dim: 2,
		Vectors: func(context.Context, int) (*Layer, error) {
			return &Layer{Name: "fc1", Dim: 2, Data: make([]float32, 2*n)}, nil
		},
		Outputs: func(context.Context, int) (*Outputs, error) { return &Outputs{Predictions: texts}, nil },
	}
	for _, format := range Formats {
		t.Run(format, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			if _, err := Export(t.Context(), path, format, src, nil); err != nil {
				t.Fatal(err)
			}
			got := read(t, path, Options{})
			if !slices.Equal(got.samples.IDs, texts) || !slices.Equal(got.samples.Labels, texts) {
				t.Errorf("ids %q and labels %q, want %q", got.samples.IDs, got.samples.Labels, texts)
			}
			if o := got.epochs[1].Outputs; o != nil && !slices.Equal(o.Predictions, texts) {
				t.Errorf("predictions %q, want %q", o.Predictions, texts)
			}
			if len(got.samples.Columns) != len(columns) {
				t.Errorf("%d columns, want %d", len(got.samples.Columns), len(columns))
			}
			for _, want := range columns {
				i := slices.IndexFunc(got.samples.Columns, func(c Column) bool { return c.Name == want.Name })
				if i < 0 {
					t.Errorf("there is no column %q", want.Name)
					continue
				}
				for k, v := range got.samples.Columns[i].Values {
					w := want.Values[k]
					if whole, ok := w.(int64); ok && v == float64(whole) && max(whole, -whole) < 1<<53 {
						continue // JSON, and so the store, has one kind of number
					}
					if v != w {
						t.Errorf("column %q: %#v, want %#v", want.Name, v, w)
						break
					}
				}
			}
		})
	}
}
