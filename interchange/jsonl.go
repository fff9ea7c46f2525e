package interchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
	"github.com/zoetrope-ml/zoetrope/internal/jsontext"
)

// readJSONL reads a text in an encoding with an object on each line. What is made of it is of the ration.
func readJSONL(text string, e texts.Encoding, ration *ration.Ration, o Options) (*Metadata, error) {
	var columns []Column
	place := map[string]int{}
	rows := 0
	in := texts.NewLines(strings.NewReader(text))
	for in.Next() {
		line := strings.TrimPrefix(in.Text, "\ufeff")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := checkJSON(e, line); err != nil {
			return nil, fmt.Errorf("row %d (line %d), %w", rows, in.Number, err)
		}
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if t, err := d.Token(); err != nil || t != json.Delim('{') {
			return nil, fmt.Errorf("line %d: want an object, as {\"id\": \"a\", \"label\": \"cat\"}", in.Number)
		}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", in.Number, err)
			}
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return nil, fmt.Errorf("line %d: %w", in.Number, err)
			}
			name := key.(string)
			k, known := place[name]
			if !known {
				if k = len(columns); k == limits.MaxColumns {
					return nil, fmt.Errorf("line %d: there are more than %d different keys", in.Number, limits.MaxColumns)
				}
				place[name], columns = k, append(columns, Column{Name: name})
			}
			if err := columns[k].fill(rows, ration); err != nil {
				return nil, fmt.Errorf("line %d: %w", in.Number, err)
			}
			if len(columns[k].Values) > rows {
				return nil, fmt.Errorf("line %d: the key %q is there twice", in.Number, name)
			}
			if len(raw) > limits.MaxText {
				return nil, fmt.Errorf("line %d, %q: %w", in.Number, name, limits.TooLong(len(raw)))
			}
			if err := ration.Take(limits.CellBytes + int64(len(raw))); err != nil {
				return nil, fmt.Errorf("line %d: %w", in.Number, err)
			}
			v, err := jsonCell(raw)
			if err != nil {
				return nil, fmt.Errorf("line %d, %q: %w", in.Number, name, err)
			}
			columns[k].Values = append(columns[k].Values, v)
		}
		if _, err := d.Token(); err != nil {
			return nil, fmt.Errorf("line %d: the object does not end: the file is truncated", in.Number)
		}
		if d.More() {
			return nil, fmt.Errorf("line %d: there is more after the object", in.Number)
		}
		rows++
	}
	if in.Err != nil {
		return nil, in.Err
	}
	if rows == 0 {
		return nil, fmt.Errorf("the file is empty: want an object on each line, one for each sample")
	}
	names := make([]string, len(columns))
	for k, c := range columns {
		names[k] = c.Name
	}
	id, label, err := o.columns(names)
	if err != nil {
		return nil, err
	}
	m := &Metadata{Rows: rows}
	for k, c := range columns {
		if err := c.fill(rows, ration); err != nil {
			return nil, err
		}
		switch {
		case k == id:
			m.IDs = make([]string, rows)
			for i, v := range c.Values {
				if m.IDs[i], err = idOf(v, 64); err != nil {
					return nil, fmt.Errorf("row %d, %q: %w", i, c.Name, err)
				}
			}
		case k == label:
			m.Labels = make([]string, rows)
			for i, v := range c.Values {
				if m.Labels[i], err = labelOf(v); err != nil {
					return nil, fmt.Errorf("row %d, %q: %w", i, c.Name, err)
				}
			}
		default:
			for i, v := range c.Values {
				if j, ok := v.(cells.JSON); ok {
					c.Values[i] = string(j)
				}
			}
			m.Columns = append(m.Columns, c)
		}
	}
	return m, nil
}

// fill adds nil to a column until it has a value for each of so many rows.
func (c *Column) fill(rows int, ration *ration.Ration) error {
	missing := rows - len(c.Values)
	if missing <= 0 {
		return nil
	}
	if err := ration.Take(16 * int64(missing)); err != nil {
		return fmt.Errorf("most rows have no key %.40q: %w", c.Name, err)
	}
	c.Values = append(c.Values, make([]any, missing)...)
	return nil
}

// checkJSON refuses strings that are no text, which the decoder would replace.
func checkJSON(e texts.Encoding, line string) error {
	bad, found := errors.AsType[*jsontext.Error](jsontext.Check([]byte(line)))
	switch {
	case found && bad.What == jsontext.Half:
		return bad
	case found && bad.What == jsontext.HasNUL:
		return fmt.Errorf("%s: %w", bad.Path, texts.Encoding{}.Check("\x00"))
	case found:
		return fmt.Errorf("%s: %w", bad.Path, texts.Encoding{}.Check(bad.Text))
	case !e.Sound(line):
		return e.Check(line)
	}
	return nil
}

// jsonCell is a JSON value as metadata.
func jsonCell(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case '{', '[':
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return nil, err
		}
		return cells.JSON(b.String()), nil
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
		return v, nil
	}
	return v, nil
}

// jsonNumber is a number as int64 if it is one, as text with all its digits if it is whole, of which float64 would keep 16,
// as float64 if it is not, or as it stands there if it is beyond float64.
func jsonNumber(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	if cells.IsWhole(n.String()) {
		return n.String()
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return cells.JSON(n.String())
}
