package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// PrintJSON writes v on one line.
func (a *App) PrintJSON(v any) error {
	e := json.NewEncoder(a.Stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Note writes a message for the user that is not part of the result.
func (a *App) Note(format string, args ...any) {
	io.WriteString(a.Stderr, Visible(fmt.Sprintf(format, args...))+"\n")
}

// A Table aligns its columns. Cells are separated by tabs, rows end with a newline.
type Table struct{ w *tabwriter.Writer }

// NewTable returns a table that is written to w.
func NewTable(w io.Writer) Table { return Table{tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)} }

// Row writes one row; cells are printed as [fmt.Sprint] does, and an empty one as a dash.
func (t Table) Row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			io.WriteString(t.w, "\t")
		}
		s := Visible(strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(fmt.Sprint(c)))
		if s == "" {
			s = "-"
		}
		io.WriteString(t.w, s)
	}
	io.WriteString(t.w, "\n")
}

// Flush aligns and writes the rows added so far.
func (t Table) Flush() error { return t.w.Flush() }

// A Number is a float64 whose JSON may also be "NaN", "+Inf" or "-Inf", for which JSON has no numerals.
type Number float64

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.AppendQuote(nil, n.String()), nil
	}
	return json.Marshal(f)
}

// String returns the shortest decimal that identifies the number.
func (n Number) String() string { return strconv.FormatFloat(float64(n), 'g', -1, 64) }

// OrNull returns nil, hence null in JSON, for the empty string.
func OrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Clock formats a time for people, in their zone; a zero time is empty.
func Clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// Stamp formats a time for JSON: RFC 3339 in UTC, or null for a zero time.
func Stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// Plural writes a count with its noun.
func Plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
