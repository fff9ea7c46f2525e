package interchange

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// Metadata is a file with a row for each sample.
type Metadata struct {
	Rows    int
	IDs     []string // nil: the file has no column of ids
	Labels  []string // "" for none; nil: the file has no column of labels
	Columns []Column // the others
}

// ReadMetadata reads a .csv or .tsv file with a head, or a .jsonl file with an object on each line. A column of which
// every value is a whole number, a number or true and false is read as such; an empty field is nil, and what is nested in
// an object is its JSON text. Of the options, ID and Label count.
func ReadMetadata(path string, o Options) (*Metadata, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := readMetadata(f, size, strings.ToLower(filepath.Ext(path)), o)
	if err == nil && m.IDs != nil {
		err = distinct("the file", m.IDs)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func readMetadata(r io.Reader, size int64, ext string, o Options) (*Metadata, error) {
	switch ext {
	case ".csv", ".tsv", ".txt":
		return readCSV(r, ext != ".csv", o)
	case ".jsonl", ".ndjson", ".json":
		return readJSONL(r, size, o)
	}
	return nil, fmt.Errorf("want metadata in a .csv, .tsv or .jsonl file")
}

func readCSV(r io.Reader, tabs bool, o Options) (*Metadata, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if bom, _ := b.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		b.Discard(3)
	}
	c := csv.NewReader(b)
	if tabs {
		c.Comma = '\t'
	}
	var rows [][]string
	for {
		row, err := c.Read() // which gives every row as many fields as the first
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err // it names line and column
		}
		for i, f := range row {
			row[i] = text(f)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("the file is empty: want a head with the columns' names, and a row for each sample")
	}
	if len(rows) == 1 {
		return nil, fmt.Errorf("the file has a head and no rows")
	}
	return named(rows[0], rows[1:], o)
}

// named makes metadata of rows, all as long as the head.
func named(head []string, rows [][]string, o Options) (*Metadata, error) {
	m := &Metadata{Rows: len(rows)}
	for k, name := range head {
		values := make([]string, len(rows))
		for i, row := range rows {
			values[i] = row[k]
		}
		if err := m.add(name, o, func() Column { return typed(name, values) }, func() []string { return values }); err != nil {
			return nil, err
		}
	}
	return m, m.missing(o)
}

// add adds a column as what its name says it is.
func (m *Metadata) add(name string, o Options, column func() Column, texts func() []string) error {
	for _, c := range m.Columns {
		if c.Name == name {
			return fmt.Errorf("there are two columns %q", name)
		}
	}
	switch {
	case m.IDs == nil && (name == o.ID || o.ID == "" && usual(idNames, name)):
		m.IDs = texts()
	case m.Labels == nil && (name == o.Label || o.Label == "" && usual(labelNames, name)):
		m.Labels = texts()
	default:
		m.Columns = append(m.Columns, column())
	}
	return nil
}

func (m *Metadata) missing(o Options) error {
	if o.ID != "" && o.ID != None && m.IDs == nil {
		return fmt.Errorf("there is no column %q of ids", o.ID)
	}
	if o.Label != "" && o.Label != None && m.Labels == nil {
		return fmt.Errorf("there is no column %q of labels", o.Label)
	}
	return nil
}

// typed makes a column of texts: of whole numbers, numbers or truth values if all of them are, and else of strings.
func typed(name string, texts []string) Column {
	for _, kind := range []func(string) any{
		func(s string) any {
			if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
				return n
			}
			return nil
		},
		func(s string) any {
			plain := strings.TrimLeft(s, "-")
			if plain == "" || plain[0] < '0' || plain[0] > '9' || len(plain) > 1 && plain[0] == '0' && plain[1] != '.' || strings.ContainsAny(s, "_xXpP") {
				return nil // 007 and 0x10 are names
			}
			if f, err := strconv.ParseFloat(s, 64); err == nil {
				return f
			}
			return nil
		},
		func(s string) any {
			switch s {
			case "true", "True", "TRUE":
				return true
			case "false", "False", "FALSE":
				return false
			}
			return nil
		},
		func(s string) any { return s },
	} {
		values, ok, some := make([]any, len(texts)), true, false
		for i, s := range texts {
			if s == "" {
				continue
			}
			if values[i] = kind(s); values[i] == nil {
				ok = false
				break
			}
			some = true
		}
		if ok && some {
			return Column{name, values}
		}
	}
	return Column{name, make([]any, len(texts))}
}

const maxColumns = 4096

func readJSONL(r io.Reader, size int64, o Options) (*Metadata, error) {
	var columns []Column
	place := map[string]int{}
	rows := 0
	in := newLines(r)
	for in.next() {
		line := strings.TrimPrefix(in.text, "\ufeff")
		if strings.TrimSpace(line) == "" {
			continue
		}
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if t, err := d.Token(); err != nil || t != json.Delim('{') {
			return nil, fmt.Errorf("line %d: want an object, as {\"id\": \"a\", \"label\": \"cat\"}", in.number)
		}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", in.number, err)
			}
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return nil, fmt.Errorf("line %d: %w", in.number, err)
			}
			name := text(key.(string))
			k, known := place[name]
			if !known {
				if k = len(columns); k == maxColumns {
					return nil, fmt.Errorf("line %d: there are more than %d different keys", in.number, maxColumns)
				}
				place[name], columns = k, append(columns, Column{Name: name})
			}
			for len(columns[k].Values) < rows {
				columns[k].Values = append(columns[k].Values, nil)
			}
			if len(columns[k].Values) > rows {
				return nil, fmt.Errorf("line %d: the key %q is there twice", in.number, name)
			}
			v, err := jsonCell(raw)
			if err != nil {
				return nil, fmt.Errorf("line %d, %q: %w", in.number, name, err)
			}
			columns[k].Values = append(columns[k].Values, v)
		}
		if _, err := d.Token(); err != nil {
			return nil, fmt.Errorf("line %d: the object does not end: the file is truncated", in.number)
		}
		if d.More() {
			return nil, fmt.Errorf("line %d: there is more after the object", in.number)
		}
		rows++
		if int64(rows)*int64(len(columns)) > 1<<20+4*size {
			return nil, fmt.Errorf("line %d: there are %d different keys, of which hardly a line has one", in.number, len(columns))
		}
	}
	if in.err != nil {
		return nil, in.err
	}
	if rows == 0 {
		return nil, fmt.Errorf("the file is empty: want an object on each line, one for each sample")
	}
	m := &Metadata{Rows: rows}
	for _, c := range columns {
		for len(c.Values) < rows {
			c.Values = append(c.Values, nil)
		}
		texts := func() []string {
			list := make([]string, rows)
			for i, v := range c.Values {
				list[i] = plain(v)
			}
			return list
		}
		if err := m.add(c.Name, o, func() Column { return c }, texts); err != nil {
			return nil, err
		}
	}
	return m, m.missing(o)
}

// jsonCell is a JSON value as metadata; lists and objects are their text.
func jsonCell(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case '{', '[':
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return nil, err
		}
		return text(b.String()), nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case json.Number:
		return jsonNumber(v), nil
	case string:
		return text(v), nil
	}
	return v, nil
}

// jsonNumber is a number as int64 if it is one, as float64, or as text if it is neither.
func jsonNumber(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return n.String()
}
