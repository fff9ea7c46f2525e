package interchange

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

// TestNames has every format choose among several usual names: their documented order decides, not that of the file.
func TestNames(t *testing.T) {
	text := arrow.BinaryTypes.String
	array := func(s string) string { return npyBytes("'|S1'", "False", "(2,)", s) }
	floats := npyBytes("'<f4'", "False", "(2, 2)", strings.Repeat("\x00", 16))
	for _, test := range []struct{ name, content string }{
		{"Arrow", arrowBytes(`[{"vectors": [1], "target": "x", " Label": "a", "sample": "s", "ID ": "p"}, {"vectors": [1], "target": "x", " Label": "b", "sample": "t", "ID ": "q"}]`,
			field("vectors", arrow.ListOf(arrow.PrimitiveTypes.Float32)), field("target", text), field(" Label", text), field("sample", text), field("ID ", text))},
		{"npz", npzBytes("v.npy", floats, "target.npy", array("xx"), "Label.npy", array("ab"), "sample.npy", array("st"), "ID.npy", array("pq"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := read(t, write(t, test.content), Options{}).samples
			if ids, labels := strings.Join(s.IDs, " "), strings.Join(s.Labels, " "); ids != "p q" || labels != "a b" {
				t.Errorf("ids %s, labels %s: want p q, a b", ids, labels)
			}
			if len(s.Columns) != 2 {
				t.Errorf("metadata %v: want target and sample", s.Columns)
			}
		})
	}
}

// TestColumnName: metadata that would come back as something else are exported under another name.
func TestColumnName(t *testing.T) {
	for name, want := range map[string]string{
		"colour": "colour", "label": "metadata.label", " Label": "metadata. Label", "Sample ID": "metadata.Sample ID", "step": "metadata.step",
		"metadata.x": "metadata.metadata.x", "": "metadata.",
	} {
		if got := columnName(name); got != want {
			t.Errorf("%q is exported as %q, want %q", name, got, want)
		}
	}
}
