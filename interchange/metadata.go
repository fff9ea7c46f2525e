package interchange

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/regular"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
)

// Metadata is a file with a row for each sample.
type Metadata struct {
	Rows    int
	IDs     []string // nil: the file has no column of ids
	Labels  []string // "" for none; nil: the file has no column of labels
	Columns []Column // the others
	Notes   []string // what was left out, and why, for people
}

// ReadMetadata reads a .csv or .tsv file with a head, or a .jsonl file with an object on each line. A column of a file that
// knows no types is read as numbers or truth values if nothing is lost by that, as from 0.50 and 1.25, but not from 1.9 and
// 1.10, 007 or 1e5; an empty field is nil. What a .jsonl file has as text stays text, and what is nested in an object is
// its JSON text. Whole numbers that int64 or float64 do not hold are text, with all their digits. Ids and labels of JSON
// have the text that package value gives a value; a list or an object is none.
//
// What separates the columns shows in the file; a tab makes every line a row, without regard to quotes. Empty lines at the
// end are no rows, nor is a column without a name ids or labels. What is no text is refused, by line and column. Of the
// options, ID, Label, Encoding, Delimiter and Samples count.
func ReadMetadata(path string, o Options) (*Metadata, error) {
	f, size, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := readMetadata(f, strings.ToLower(filepath.Ext(path)), limits.NewRation(size), o)
	if err == nil && m.IDs != nil {
		err = distinct("the file", m.IDs)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func readMetadata(r io.Reader, ext string, ration *ration.Ration, o Options) (*Metadata, error) {
	if !slices.Contains([]string{".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json"}, ext) {
		return nil, fmt.Errorf("want metadata in a .csv, .tsv or .jsonl file")
	}
	text, e, err := readText(r, o.Encoding)
	if err != nil {
		return nil, err
	}
	usual := '\t'
	switch ext {
	case ".jsonl", ".ndjson", ".json":
		return readJSONL(text, e, ration, o)
	case ".csv":
		usual = ','
	}
	g, err := readDelimited(text, usual, ration, o)
	if err != nil {
		return nil, err
	}
	return g.metadata(e, e.Sound(text), o)
}

// readText reads a whole text. Where it has no line feed, its lines end with a carriage return.
func readText(r io.Reader, e texts.Encoding) (string, texts.Encoding, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return "", e, err
	}
	text, e, err := e.Decode(content)
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	return text, e, err
}

// metadata makes metadata of a grid in an encoding; sound, if nothing in it is to be refused.
func (g *grid) metadata(e texts.Encoding, sound bool, o Options) (*Metadata, error) {
	if g.head == nil {
		return nil, fmt.Errorf("the file is empty: want a head with the columns' names, and a row for each sample")
	}
	if !sound {
		if err := g.check(e); err != nil {
			return nil, err
		}
	}
	names := make([]string, len(g.head))
	for k, name := range g.head {
		names[k] = strings.TrimSpace(name)
	}
	return g.named(names, o)
}

// check names the first text that is none.
func (g *grid) check(e texts.Encoding) error {
	for k, name := range g.head {
		if err := e.Check(name); err != nil {
			return fmt.Errorf("line %d, the name of column %d: %w", g.lines[0], k+1, err)
		}
	}
	for i, row := range g.rows {
		for k, s := range row {
			if err := e.Check(s); err != nil {
				return fmt.Errorf("row %d (line %d), column %q: %w", i, g.lines[i+1], g.head[k], err)
			}
		}
	}
	return nil
}

// named makes metadata of a grid whose columns have these names.
func (g *grid) named(names []string, o Options) (*Metadata, error) {
	bare := make([]bool, len(names)) // what has no name
	for k, name := range names {
		if bare[k] = name == "" && !g.exact; bare[k] {
			names[k] = nameless(k, names)
		}
	}
	id, label, err := o.columns(names)
	if err != nil {
		return nil, err
	}
	for k := 0; label < 0 && o.Label == "" && g.firstLabel && k < len(names); k++ {
		if k != id && !bare[k] {
			label = k
		}
	}
	if id < 0 {
		g.trim(o.Samples)
	} else {
		g.trim(0) // every sample has an id
	}
	if len(g.rows) == 0 {
		return nil, fmt.Errorf("the file has a head and no rows")
	}
	m := &Metadata{Rows: len(g.rows)}
	for k, name := range names {
		values := make([]string, len(g.rows))
		for i, row := range g.rows {
			values[i] = strings.Clone(row[k])
		}
		switch {
		case k == id:
			m.IDs = values
			continue
		case k == label:
			m.Labels = values
			continue
		case !bare[k]:
		case !slices.ContainsFunc(values, func(s string) bool { return s != "" }):
			continue // a delimiter at the end of every line
		case slices.Equal(values, cells.Numbers(len(values))):
			m.Notes = append(m.Notes, fmt.Sprintf("column %d has no name and counts the rows: it is left out, and no id", k+1))
			continue
		}
		column := Column{name, make([]any, len(values))}
		if len(g.kinds) == len(names)-2 && k >= 2 {
			for i, s := range values {
				column.Values[i] = cells.OfKind(g.kinds[k-2], s)
			}
		} else {
			column.Values = texts.Typed(values, g.delimiter != ',')
		}
		m.Columns = append(m.Columns, column)
	}
	return m, nil
}

// nameless is what pandas calls the k-th column where it has no name.
func nameless(k int, taken []string) string {
	name := fmt.Sprintf("Unnamed: %d", k)
	for slices.Contains(taken, name) {
		name += ".1"
	}
	return name
}

// columns finds the columns of ids and of labels among the names of all; −1 for none.
func (o Options) columns(names []string) (id, label int, err error) {
	known := make(map[string]bool, len(names))
	for _, name := range names {
		if known[name] {
			return 0, 0, fmt.Errorf("there are two columns %q", name)
		}
		known[name] = true
	}
	find := func(named string, usual []string, what string) int {
		switch named {
		case None:
			return -1
		case "":
			return choose(usual, len(names), func(k int) string { return names[k] }, func(int) bool { return true })
		}
		for _, want := range []string{named, strings.TrimSpace(named)} {
			if k := slices.Index(names, want); k >= 0 && want != "" {
				return k
			}
		}
		if err == nil {
			err = fmt.Errorf("there is no column %q of %s, only %.400s", named, what, quotedList(names))
		}
		return -1
	}
	return find(o.ID, idNames, "ids"), find(o.Label, labelNames, "labels"), err
}

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return strings.Join(quoted, ", ")
}
