package main

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

// printJSON writes v on one line.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// note writes a message for the person in front, not part of the result.
func (a *app) note(format string, args ...any) {
	fmt.Fprintf(a.stderr, format+"\n", args...)
}

// A table aligns its columns. Cells are separated by tabs, rows end with a newline.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer) table { return table{tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)} }

// row writes one row; cells are printed as [fmt.Sprint] does, and an empty one as a dash.
func (t table) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			io.WriteString(t.w, "\t")
		}
		s := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(fmt.Sprint(c))
		if s == "" {
			s = "-"
		}
		io.WriteString(t.w, s)
	}
	io.WriteString(t.w, "\n")
}

func (t table) flush() error { return t.w.Flush() }

// A number is a float64 whose JSON keeps what JSON has no numeral for, as the strings "NaN", "+Inf" and "-Inf".
type number float64

// MarshalJSON implements [json.Marshaler].
func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.AppendQuote(nil, n.String()), nil
	}
	return json.Marshal(f)
}

func (n number) String() string { return strconv.FormatFloat(float64(n), 'g', -1, 64) }

// orNull is nil, hence null in JSON, for the empty string.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// clock writes a time for people, in their zone; a zero time as nothing.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// stamp is a time for JSON: RFC 3339 in UTC, or null for a zero time.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// plural writes a count with its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
