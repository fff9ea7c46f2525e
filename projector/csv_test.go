package projector

import (
	"strings"
	"testing"
)

// TestWriteCSVFormulas: no spreadsheet runs a text of a table, and numbers stay numbers.
func TestWriteCSVFormulas(t *testing.T) {
	for text, want := range map[string]string{
		`=HYPERLINK("http://x","y")`: `"'=HYPERLINK(""http://x"",""y"")"`,
		"+1+1":                       "'+1+1",
		"-2+3":                       "'-2+3",
		"@SUM(A1)":                   "'@SUM(A1)",
		"\t=1":                       "'\t=1",
		"-7":                         "-7",
		"-7.25":                      "-7.25",
		"a=b":                        "a=b",
		"":                           "",
	} {
		var b strings.Builder
		p := Point{Run: "r", Epoch: 1, Sample: text, Label: text, Prediction: text}
		if err := WriteCSV(&b, []Point{p}, 2); err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(b.String(), "\n")
		if full := "r,1," + want + "," + want + "," + want + ",0,0\n"; line != full {
			t.Errorf("%q is written %q, want %q", text, line, full)
		}
	}
}
