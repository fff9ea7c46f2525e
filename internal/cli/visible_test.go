package cli

import (
	"strings"
	"testing"
)

// TestVisible: nothing that a terminal obeys is left in a text, and nothing else is changed.
func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b]0;owned\x07": `\x1b]0;owned\x07`,
		"a\rb\x00\x7f":     `a\x0db\x00\x7f`,
		"\u009b2J":         `\u009b2J`,
		"txt\u202egnp":     `txt\u202egnp`,
		"ä 数 😀\tb\n":       "ä 数 😀\tb\n",
	} {
		if got := Visible(text); got != want {
			t.Errorf("Visible(%q) = %q, want %q", text, got, want)
		}
	}
	var b strings.Builder
	n, err := visibleWriter{&b}.Write([]byte("\x1b[2Jx"))
	if n != 5 || err != nil || b.String() != `\x1b[2Jx` {
		t.Errorf("Write = %d, %v, and %q is written", n, err, &b)
	}
	b.Reset()
	table := NewTable(&b)
	table.Row("\x1b[31mred", "x")
	table.Flush()
	if b.String() != `\x1b[31mred`+"  x\n" {
		t.Errorf("a row is %q", &b)
	}
}
