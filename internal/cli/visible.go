package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
)

// Visible writes characters as escapes that a terminal would obey or that change the order of the others: all control characters but
// line breaks and tabs, and those that set a direction of writing. What was logged by others must not move the cursor, set the
// window's title or hide a part of a name.
func Visible(text string) string {
	if !strings.ContainsFunc(text, obeyed) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !obeyed(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func obeyed(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}

// forPeople returns a file for results, which are made visible where it is a terminal.
func forPeople(f *os.File) io.Writer {
	if !IsTerminal(f) {
		return f
	}
	return visibleWriter{f}
}

// A visibleWriter makes what is written visible. Each text must be written whole.
type visibleWriter struct{ w io.Writer }

func (v visibleWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(v.w, Visible(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
