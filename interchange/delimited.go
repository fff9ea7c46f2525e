package interchange

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
)

// delimiterNames are what --delimiter may say instead of the character.
var delimiterNames = map[string]rune{"tab": '\t', `\t`: '\t', "comma": ',', "semicolon": ';', "pipe": '|', "space": ' '}

// ParseDelimiter finds the character that separates columns: one, or tab, comma, semicolon, pipe or space.
func ParseDelimiter(s string) (rune, error) {
	if d, ok := delimiterNames[s]; ok {
		return d, nil
	}
	d, n := utf8.DecodeRuneInString(s)
	if n == 0 || n != len(s) || d == utf8.RuneError || strings.ContainsRune("\"\r\n\x00", d) {
		return 0, fmt.Errorf("%.40q is no delimiter: want one character, or tab, comma, semicolon, pipe or space", s)
	}
	return d, nil
}

// A grid is a text of rows and columns.
type grid struct {
	delimiter rune
	head      []string
	rows      [][]string
	lines     []int // of the text, from 1: where each row begins, and first the head

	exact      bool // names are what they are, also an empty one
	firstLabel bool // without a column that is called so, the first one is the label

	kinds []cells.Kind // of the columns after the first two, where they are known

	ration *ration.Ration
	held   int64 // bytes of it
}

// readDelimited reads a text with a head. What separates its columns is what the options or a first line sep=; say, or
// else what gives every line as many columns as the head, the usual one before others.
func readDelimited(text string, usual rune, ration *ration.Ration, o Options) (*grid, error) {
	text, said := sepLine(text)
	if o.Delimiter != 0 {
		said = o.Delimiter
	}
	if said != 0 {
		g, err := parseDelimited(text, said, ration)
		return g, hint(err, said)
	}
	first := firstLine(text)
	var wide, even []attempt // of several columns, and what of them is even
	var single attempt
	why := map[rune]error{}
	var at *grid // of the last attempt: there is memory for one
	again := func(a attempt) (*grid, error) {
		if at.delimiter == a.delimiter {
			return at, a.err
		}
		at.drop()
		return parseDelimited(text, a.delimiter, ration)
	}
	for _, d := range []rune{usual, ',', ';', '\t', '|'} {
		if _, again := why[d]; again || d != usual && !strings.ContainsRune(first, d) {
			continue
		}
		if at != nil {
			at.drop()
		}
		var err error
		at, err = parseDelimited(text, d, ration)
		if why[d] = err; len(at.head) > 1 {
			wide = append(wide, attempt{d, at.head, err})
		} else {
			single = attempt{d, at.head, err}
		}
	}
	if len(wide) == 0 {
		g, err := again(single)
		return g, cmp.Or(why[usual], err, g.perhapsMore(o))
	}
	unknown := func(a attempt) bool { return !slices.ContainsFunc(a.head, o.known) }
	if slices.ContainsFunc(wide, func(a attempt) bool { return !unknown(a) }) {
		wide = slices.DeleteFunc(wide, unknown)
	}
	for _, a := range wide {
		if a.err == nil {
			even = append(even, a)
		}
	}
	switch {
	case len(even) == 0:
		a := slices.MaxFunc(wide, func(a, b attempt) int { return len(a.head) - len(b.head) })
		return at, hint(a.err, a.delimiter)
	case len(even) == 1 || even[0].delimiter == usual:
		return again(even[0])
	}
	return nil, fmt.Errorf("%q and %q could both separate the columns: say which does with --delimiter", even[0].delimiter, even[1].delimiter)
}

// An attempt is what reading a text with one delimiter gave.
type attempt struct {
	delimiter rune
	head      []string
	err       error
}

// known reports whether a column of this name would be the ids or the labels.
func (o Options) known(name string) bool {
	name = strings.TrimSpace(name)
	return usual(idNames, name) || usual(labelNames, name) || o.ID != "" && name == o.ID || o.Label != "" && name == o.Label
}

// perhapsMore refuses a single column in whose head a name of ids or labels stands beside something else, and whose rows
// all have what is between them: it is likely several columns.
func (g *grid) perhapsMore(o Options) error {
	if len(g.head) != 1 {
		return nil
	}
	between := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.", r)
	}
	name := strings.TrimSpace(g.head[0])
	at := strings.IndexFunc(name, between)
	if at < 0 {
		return nil
	}
	d, _ := utf8.DecodeRuneInString(name[at:])
	if !slices.ContainsFunc(strings.FieldsFunc(name, between), func(part string) bool { return o.known(part) && (d != ' ' || !usual(labelNames, part)) }) {
		return nil // a class label is one column
	}
	for _, row := range g.rows {
		if !strings.ContainsRune(row[0], d) {
			return nil
		}
	}
	return fmt.Errorf("the file has one column, %.80q: if %q separates columns, say --delimiter %q, and if it is one column, --delimiter comma", name, d, string(d))
}

// hint adds to an error that another delimiter may be the remedy.
func hint(err error, d rune) error {
	if _, ok := errors.AsType[*raggedError](err); ok {
		return fmt.Errorf("%w; if %q does not separate the columns, say with --delimiter what does", err, d)
	}
	return err
}

// sepLine takes off a first line sep=; by which spreadsheets say what separates columns, and leaves it empty.
func sepLine(text string) (string, rune) {
	line, _, more := strings.Cut(text, "\n")
	said := strings.Trim(strings.TrimSuffix(line, "\r"), `"`)
	if !more || len(said) < 5 || !strings.EqualFold(said[:4], "sep=") {
		return text, 0
	}
	d, err := ParseDelimiter(said[4:])
	if err != nil {
		return text, 0
	}
	return text[len(line):], d
}

// parseDelimited reads a text with one delimiter. The grid is never nil, and has the head at least, if there is one.
func parseDelimited(text string, d rune, ration *ration.Ration) (*grid, error) {
	if d == '\t' {
		return parseTabs(text, ration)
	}
	g, err := quotedRows(text, d, ration)
	if err == nil {
		err = g.even()
	}
	return g, err
}

// parseTabs reads columns separated by tabs, which have no quotes: a " is a character, and every line is a row. Files that
// programs for CSV wrote with tabs show it: all names in the head are in quotes, or all that is in quotes doubles those
// within, or the lines alone would be no rows of equal length.
func parseTabs(text string, ration *ration.Ration) (*grid, error) {
	g, err := tabRows(text, ration)
	if err != nil {
		return g, err
	}
	err = g.even()
	if err != nil || len(g.head) > 0 && !slices.ContainsFunc(g.head, func(s string) bool { return !inQuotes(s) }) {
		g.drop()
		if q, quoted := quotedRows(text, '\t', ration); quoted == nil && q.even() == nil && len(q.head) >= len(g.head) {
			return q, nil
		} else {
			q.drop()
		}
		if err == nil {
			g, err = tabRows(text, ration)
		}
	}
	if err != nil {
		return g, err
	}
	for _, row := range append([][]string{g.head}, g.rows...) {
		for _, s := range row {
			if strings.Contains(s, `"`) && !(inQuotes(s) && strings.Contains(s[1:len(s)-1], `""`)) {
				return g, nil
			}
		}
	}
	for _, row := range append([][]string{g.head}, g.rows...) {
		for i, s := range row {
			if strings.Contains(s, `"`) {
				row[i] = strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
			}
		}
	}
	return g, nil
}

// inQuotes reports whether a field is in quotes as CSV has them.
func inQuotes(s string) bool {
	return len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' && !strings.Contains(strings.ReplaceAll(s[1:len(s)-1], `""`, ""), `"`)
}

// tabRows cuts a text at its line ends and tabs, and nothing else.
func tabRows(text string, ration *ration.Ration) (*grid, error) {
	g := &grid{delimiter: '\t', ration: ration}
	line := 0
	for s := range strings.Lines(text) {
		line++
		if strings.Count(s, "\t") >= limits.MaxColumns {
			return g, tooWide(line)
		}
		if err := g.add(line, strings.Split(strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r"), "\t")); err != nil {
			return g, err
		}
	}
	return g, nil
}

func tooWide(line int) error {
	return fmt.Errorf("record on line %d: there are more than %d columns", line, limits.MaxColumns)
}

// checkWidth checks that no row has too many columns, before there is memory for them.
func checkWidth(text string, d rune) error {
	delimiter := string(d)
	quoted, line, columns := false, 1, 1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\n':
			line++
			if !quoted {
				columns = 1
			}
		case c == delimiter[0] && !quoted && strings.HasPrefix(text[i:], delimiter):
			if columns++; columns > limits.MaxColumns {
				return tooWide(line)
			}
		}
	}
	return nil
}

// quotedRows reads a text by the rules of CSV. Unlike [csv.Reader], it keeps empty lines, as rows of an empty field.
func quotedRows(text string, d rune, ration *ration.Ration) (*grid, error) {
	g := &grid{delimiter: d, ration: ration}
	if err := checkWidth(text, d); err != nil {
		return g, err
	}
	c := csv.NewReader(strings.NewReader(text))
	c.Comma, c.FieldsPerRecord = d, -1
	c.TrimLeadingSpace = d != ' ' && d != '\t' && spaced(text, d)
	line := 1 // the next that is not read
	empty := []string{""}
	blanks := func(until int) (err error) {
		for ; line < until && err == nil; line++ {
			err = g.add(line, empty)
		}
		return err
	}
	for {
		row, err := c.Read()
		if err == io.EOF {
			return g, blanks(1 + strings.Count(text, "\n"))
		}
		if err != nil {
			return g, err // it names line and column
		}
		at, _ := c.FieldPos(0)
		if err := blanks(at); err != nil {
			return g, err
		}
		if err := g.add(line, row); err != nil {
			return g, err
		}
		for _, s := range row {
			line += strings.Count(s, "\n")
		}
		line++
	}
}

// spaced reports whether the head has a space behind every delimiter, as the rows of such a file do.
func spaced(text string, d rune) bool {
	names := strings.Split(firstLine(text), string(d))
	return len(names) > 1 && !slices.ContainsFunc(names[1:], func(s string) bool { return !strings.HasPrefix(s, " ") })
}

// firstLine is the first line that is not empty.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	return line
}

// add adds a row. Empty lines before the head are none, nor those among rows of several columns.
func (g *grid) add(line int, row []string) error {
	if blank(row) && len(g.head) != 1 {
		return nil
	}
	for k, s := range row {
		if len(s) > limits.MaxText {
			return fmt.Errorf("record on line %d, column %d: %w", line, k+1, limits.TooLong(len(s)))
		}
	}
	n := limits.CellBytes*int64(len(row)) + rowBytes
	if err := g.ration.Take(n); err != nil {
		return fmt.Errorf("record on line %d: %w", line, err)
	}
	g.held += n
	switch {
	case g.head == nil:
		g.head = row
	default:
		g.rows = append(g.rows, row)
	}
	g.lines = append(g.lines, line)
	return nil
}

// rowBytes is what a row of a grid takes beside its cells.
const rowBytes = 96

// drop forgets the rows, and gives what they took back.
func (g *grid) drop() {
	g.ration.Give(g.held)
	g.held, g.rows, g.lines = 0, nil, nil
}

// blank reports whether a row has one column and nothing in it.
func blank(row []string) bool { return len(row) == 1 && strings.TrimSpace(row[0]) == "" }

// even checks that every row is as long as the head.
func (g *grid) even() error {
	for i, row := range g.rows {
		if len(row) != len(g.head) {
			return &raggedError{g.lines[i+1], len(row), g.lines[0], len(g.head)}
		}
	}
	return nil
}

// trim takes off last rows in which nothing stands, which programs and people leave behind; but not those that are needed
// to have as many rows as there are samples.
func (g *grid) trim(samples int) {
	for n := len(g.rows); n > samples && n > 0 && !slices.ContainsFunc(g.rows[n-1], func(s string) bool { return s != "" }); n-- {
		g.rows, g.lines = g.rows[:n-1], g.lines[:n]
	}
}

// A raggedError is a row that is not as long as the head.
type raggedError struct{ line, have, headLine, want int }

func (e *raggedError) Error() string {
	return fmt.Sprintf("record on line %d: wrong number of fields: %d, and the head on line %d has %d", e.line, e.have, e.headLine, e.want)
}
