package interchange

import (
	"fmt"
	"strings"
	"testing"
)

// TestNpzArrays reads archives with what NumPy users put in them.
func TestNpzArrays(t *testing.T) {
	e := stored(false, false, 4, 3, 2)
	f8 := func(bits ...string) string { return npyBytes("'>f8'", "False", "(3,)", strings.Join(bits, "")) }
	const one, two, three, half = "\x3f\xf0\x00\x00\x00\x00\x00\x00", "\x40\x00\x00\x00\x00\x00\x00\x00", "\x40\x08\x00\x00\x00\x00\x00\x00", "\x3f\xe0\x00\x00\x00\x00\x00\x00"
	objects := npyBytes("'|O'", "False", "(3,)", "\x80\x04\x95")
	letters := npyBytes("'|S1'", "False", "(3,)", "abc")
	i1 := func(shape, data string) string { return npyBytes("'|i1'", "False", shape, data) }
	for _, test := range []struct {
		name    string
		content string
		o       Options
		want    string // layers | ids | labels | epochs | columns | notes, or the error
	}{
		{"objects left out", npzBytes("embeddings.npy", e, "meta.npy", objects), Options{}, "|||0||meta.npy: the elements are of type '|O', Python objects, which can run programs and are not read: save a.astype(str) or a.astype(float); it is left out"},
		{"durations left out", npzBytes("when.npy", npyBytes("'<m8[D]'", "False", "(3,)", strings.Repeat("\x00", 24)), "v.npy", e), Options{Vectors: []string{"v"}}, "v|||0||when.npy: the elements are of type '<m8[D]'"},
		{"dates", npzBytes("when.npy", npyBytes("'<M8[D]'", "False", "(3,)", strings.Repeat("\x00", 24)), "v.npy", e), Options{Vectors: []string{"v"}}, "v|||0|when|"},
		{"an empty array left out", npzBytes("embeddings.npy", e, "extra.npy", npyBytes("'<f4'", "False", "(0,)", "")), Options{}, "|||0||extra.npy: the array is empty: its shape is 0; it is left out"},
		{"labels of objects", npzBytes("embeddings.npy", e, "labels.npy", objects), Options{}, "labels.npy: the elements are of type '|O'"},
		{"labels of objects, vectors named", npzBytes("embeddings.npy", e, "labels.npy", objects), Options{Vectors: []string{"embeddings"}}, "|||0||labels.npy: the elements are of type '|O'"},
		{"labels of objects, others named", npzBytes("embeddings.npy", e, "labels.npy", objects, "kind.npy", letters), Options{Label: "kind"}, "||a b c|0||labels.npy"},
		{"objects named as labels", npzBytes("embeddings.npy", e, "kind.npy", objects), Options{Vectors: []string{"embeddings"}, Label: "kind"}, "kind.npy: the elements are of type '|O'"},
		{"vectors of objects", npzBytes("embeddings.npy", objects, "fc1.npy", e), Options{}, "embeddings.npy: the elements are of type '|O'"},
		{"only objects", npzBytes("a.npy", objects), Options{}, `no array holds vectors, floats of shape n×d or E×n×d: there are "a"`},
		{"ids of objects", npzBytes("embeddings.npy", e, "ids.npy", objects), Options{}, "ids.npy: the elements are of type '|O'"},
		{"ids of objects, vectors named", npzBytes("embeddings.npy", e, "ids.npy", objects), Options{Vectors: []string{"embeddings"}}, "|no ids||0||ids.npy"},
		{"ids of objects, none wanted", npzBytes("embeddings.npy", e, "ids.npy", objects), Options{ID: None}, "|||0||ids.npy"},
		{"whole floats are ids", npzBytes("embeddings.npy", e, "ids.npy", f8(three, one, two)), Options{}, "|3 1 2||0||"},
		{"other floats are not", npzBytes("embeddings.npy", e, "ids.npy", f8(three, half, two)), Options{}, "ids.npy: sample 1: the id is 0.5: want whole numbers or texts"},
		{"nor what floats cannot tell apart", npzBytes("embeddings.npy", e, "ids.npy", f8("\x43\x40\x00\x00\x00\x00\x00\x01", one, two)), Options{}, "and float64 does not tell whole numbers beyond 9007199254740992 apart"},
		{"nor NaN", npzBytes("embeddings.npy", e, "ids.npy", f8(three, "\x7f\xf8\x00\x00\x00\x00\x00\x00", two)), Options{}, "sample 1: the id is NaN"},
		{"nor infinity", npzBytes("embeddings.npy", e, "ids.npy", f8(three, "\x7f\xf0\x00\x00\x00\x00\x00\x00", two)), Options{}, "sample 1: the id is +Inf"},
		{"a column of ids and labels", npzBytes("embeddings.npy", e, "id.npy", i1("(3, 1)", "\x03\x01\x02"), "y.npy", i1("(3,)", "\x00\x00\x00"), "label.npy", i1("(3, 1)", "\x07\x08\x09")), Options{}, "|3 1 2|7 8 9|0|y|"},
		{"ids of two columns", npzBytes("embeddings.npy", e, "ids.npy", i1("(3, 2)", "\x03\x01\x02\x01\x02\x03")), Options{}, `the array "ids" is int8 of shape 3×2, which cannot be ids: want a text or a whole number for each of 3 samples`},
		{"ids of two columns, none wanted", npzBytes("embeddings.npy", e, "ids.npy", i1("(3, 2)", "\x03\x01\x02\x01\x02\x03")), Options{ID: "-"}, `|||0||the array "ids" (int8 of shape 3×2) has no element`},
		{"vectors called samples", npzBytes("samples.npy", e), Options{}, "|||0||"},
		{"scikit-learn's names", npzBytes("X.npy", e, "y.npy", i1("(3,)", "\x01\x00\x01"), "W.npy", stored(false, false, 4, 2, 2)), Options{}, `||1 0 1|0||"W"`},
		{"y of another length", npzBytes("X.npy", e, "y.npy", i1("(2,)", "\x01\x00")), Options{}, `|||0||"y"`},
		{"y with a label", npzBytes("X.npy", e, "y.npy", i1("(3,)", "\x01\x00\x01"), "label.npy", letters), Options{}, "||a b c|0|y|"},
		{"y without X", npzBytes("v.npy", e, "y.npy", i1("(3,)", "\x01\x00\x01")), Options{}, "v|||0|y|"},
		{"epochs as floats", npzBytes("v.npy", stored(true, true, 8, 3, 4, 2), "epochs.npy", f8(one, two, three)), Options{}, "v|||1 2 3||"},
		{"epochs as text", npzBytes("v.npy", stored(false, true, 4, 3, 4, 2), "epochs.npy", npyBytes("'|S3'", "False", "(3,)", "1\x00\x002.05\x00\x00")), Options{}, "v|||1 2 5||"},
		{"epochs that are none", npzBytes("v.npy", stored(false, true, 4, 3, 4, 2), "epochs.npy", f8(one, half, three)), Options{}, "epochs.npy: the epoch is 0.5: want a whole number from 0 to 2147483647: want each number once"},
		{"epochs twice", npzBytes("v.npy", stored(false, true, 4, 3, 4, 2), "epochs.npy", i1("(3,)", "\x01\x02\x01")), Options{}, "epochs.npy: the epoch 1 is there twice: want each number once"},
		{"an epoch beyond what is counted", npzBytes("v.npy", stored(false, true, 4, 1, 4, 2), "epochs.npy", npyBytes("'<i8'", "False", "(1,)", "\x00\xf2\x05\x2a\x01\x00\x00\x00")), Options{}, "the epoch is 5000000000: want a whole number from 0 to 2147483647"},
		{"steps", npzBytes("v.npy", stored(false, true, 4, 3, 4, 2), "step.npy", i1("(3,)", "\x0a\x14\x1e")), Options{}, "v|||10 20 30||"},
		{"a step of each sample", npzBytes("v.npy", e, "step.npy", i1("(3,)", "\x0a\x14\x1e")), Options{}, "v|||0|step|"},
		{"predictions as floats", npzBytes("v.npy", e, "predictions.npy", stored(false, false, 4, 1, 3)), Options{}, "v|||0 [0 1 2]||"},
		{"only predictions", npzBytes("predictions.npy", e), Options{}, "|||0||"},
		{"infinity", npzBytes("embeddings.npy", e, "score.npy", f8(one, "\x7f\xf0\x00\x00\x00\x00\x00\x00", two)), Options{}, "|||0|score|"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.content)
			d, err := Open(t.Context(), path, test.o)
			if err != nil {
				if !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), path) {
					t.Errorf("%v, want %q", err, test.want)
				}
				return
			}
			defer d.Close()
			var layers, epochs, columns []string
			for e, err := range d.Epochs(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				epoch := fmt.Sprint(e.Number)
				if e.Outputs != nil {
					epoch += fmt.Sprint(" ", e.Outputs.Predictions)
				}
				epochs, layers = append(epochs, epoch), nil
				for _, l := range e.Layers {
					layers = append(layers, l.Name)
				}
			}
			for _, c := range d.Samples.Columns {
				columns = append(columns, c.Name)
				for _, v := range c.Values {
					if f, ok := v.(float64); ok && f-f != 0 {
						t.Errorf("column %s holds %v, which no store keeps", c.Name, v)
					}
				}
			}
			ids := strings.Join(d.Samples.IDs, " ")
			if d.Samples.NoIDs != nil {
				ids = "no ids"
			}
			got := strings.Join([]string{strings.Join(layers, " "), ids, strings.Join(d.Samples.Labels, " "), strings.Join(epochs, " "), strings.Join(columns, " ")}, "|")
			notes := strings.Join(d.Notes, "\n")
			wanted := strings.SplitN(test.want, "|", 6)
			if len(wanted) != 6 || got != strings.Join(wanted[:5], "|") || !strings.Contains(notes, wanted[5]) || (wanted[5] == "") != (notes == "") {
				t.Errorf("%s|%s\nwant %s", got, notes, test.want)
			}
		})
	}
}
