package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A join by id that is impossible is refused or, where the rows plainly match, reported in a note. When a file has a column
// of ids, nothing is ever joined by row silently.

// join adds the content of the metadata file.
func (in *incoming) join(s interchange.Samples, path string) (interchange.Samples, error) {
	o := in.o
	m, err := in.readMetadata(s.Count)
	if err != nil {
		return s, err
	}
	for _, n := range m.Notes {
		in.say("%s: %s", o.metadata, n)
	}
	row, err := in.rows(&s, m, path)
	if err != nil {
		return s, err
	}
	if m.Labels != nil {
		labels := make([]string, s.Count)
		for i, r := range row {
			if r >= 0 {
				labels[i] = m.Labels[r]
			}
		}
		s.Labels = labels
	}
	s.Columns = slices.Clone(s.Columns)
	for k, c := range m.Columns {
		values := make([]any, s.Count)
		for i, r := range row {
			if r >= 0 {
				values[i] = c.Values[r]
			}
		}
		m.Columns[k].Values = nil // there may be millions
		if k := slices.IndexFunc(s.Columns, func(have interchange.Column) bool { return have.Name == c.Name }); k >= 0 {
			in.say("%s: the column %q replaces that of %s", o.metadata, c.Name, path)
			s.Columns = slices.Delete(s.Columns, k, k+1)
		}
		s.Columns = append(s.Columns, interchange.Column{Name: c.Name, Values: values})
	}
	return s, nil
}

// readMetadata reads the metadata file. Its ids are in the column that --metadata-id-column names, else in the one that
// --id-column names, else in a column with a usual name.
func (in *incoming) readMetadata(samples int) (*interchange.Metadata, error) {
	o := in.o
	columns := interchange.Options{ID: o.metadataID, Encoding: o.columns.Encoding, Delimiter: o.columns.Delimiter, Samples: samples}
	if d, _ := in.main(); d.Format == "npy" || d.Format == "tensorboard" { // formats without columns to which the flags could refer
		columns.Label = o.columns.Label
		if columns.ID == "" {
			columns.ID = o.columns.ID
		}
	}
	if columns.ID == "" && o.columns.ID == interchange.None {
		columns.ID = interchange.None
	}
	m, err := interchange.ReadMetadata(o.metadata, columns)
	if err != nil || columns.ID != "" || o.columns.ID == "" {
		return m, err
	}
	if slices.ContainsFunc(m.Columns, func(c interchange.Column) bool { return c.Name == o.columns.ID }) {
		columns.ID = o.columns.ID
		return interchange.ReadMetadata(o.metadata, columns)
	}
	return m, nil
}

// rows returns the row of metadata of each sample, −1 for none. Rows are joined by their ids, and in order only where no ids
// contradict it; a note says so if one of the files has ids. Samples without ids take those of the metadata.
func (in *incoming) rows(s *interchange.Samples, m *interchange.Metadata, path string) ([]int, error) {
	o := in.o
	ids := s.IDs
	switch {
	case o.join != "row" && s.NoIDs != nil:
		return nil, fmt.Errorf("%w: %s cannot be joined by them; name other ids with --id-column, or join with --join row", s.NoIDs, o.metadata)
	case o.join == "id" && m.IDs == nil:
		return nil, fmt.Errorf("%s has no column of ids to join by: name it with --id-column, or with --metadata-id-column where the other file has another, or join with --join row", o.metadata)
	case o.join == "id" && ids == nil:
		ids = names(s.Count)
	}
	if o.join != "row" && ids != nil && m.IDs != nil {
		return in.match(ids, m.IDs, path)
	}
	if m.Rows != s.Count {
		return nil, fmt.Errorf("%s has %d rows, and %s %d samples: want a row for each in the same order, or ids in both files to join by", o.metadata, m.Rows, path, s.Count)
	}
	if o.join != "row" {
		if err := in.sameOrder(s, m, path); err != nil {
			return nil, err
		}
	}
	if ids == nil {
		s.IDs = m.IDs
	}
	row := make([]int, s.Count)
	for i := range row {
		row[i] = i
	}
	return row, nil
}

// sameOrder refuses to join by row where columns show that the rows are in another order.
func (in *incoming) sameOrder(s *interchange.Samples, m *interchange.Metadata, path string) error {
	o := in.o
	switch {
	case s.IDs != nil:
		for _, c := range m.Columns {
			if shuffled(s.IDs, c) {
				return fmt.Errorf("the column %q of %s holds the ids of %s in another order: join by it with --metadata-id-column %q, or with --join row", c.Name, o.metadata, path, c.Name)
			}
		}
		in.say("%s has no column of ids: it was joined row by row to %s, which has one", o.metadata, path)
	case m.IDs != nil:
		if err := inOrder(m.IDs, o); err != nil {
			return err
		}
		for _, c := range s.Columns {
			if shuffled(m.IDs, c) {
				return fmt.Errorf("the column %q of %s holds the ids of %s in another order: join by it with --id-column %q, or with --join row", c.Name, path, o.metadata, c.Name)
			}
		}
		in.say("%s has no ids: %s, which has a column of them, was joined to it row by row", path, o.metadata)
	default:
		for _, c := range s.Columns {
			for _, d := range m.Columns {
				// Numbers in columns of different names may be two rankings.
				same := strings.EqualFold(strings.TrimSpace(c.Name), strings.TrimSpace(d.Name)) || isText(c) && isText(d)
				if same && shuffled(cells(d), c) {
					return fmt.Errorf("the column %q of %s holds what %q of %s does, in another order: join by them with --id-column %q --metadata-id-column %q, or with --join row",
						c.Name, path, d.Name, o.metadata, c.Name, d.Name)
				}
			}
		}
		for _, c := range m.Columns {
			if isIndex(c.Name) && inOrder(cells(c), o) != nil {
				return fmt.Errorf("the column %q of %s holds the numbers of the rows in another order: join by it with --metadata-id-column %q and --join id, or with --join row", c.Name, o.metadata, c.Name)
			}
		}
	}
	return nil
}

// isIndex reports whether a column may be the index that pandas writes, which numbers the rows of an earlier order.
func isIndex(name string) bool {
	return strings.HasPrefix(name, "Unnamed: ") || strings.EqualFold(name, "index") || name == "__index_level_0__"
}

// mapInOrder checks whether a map without ids can be in the order of the samples.
func (in *incoming) mapInOrder(samples []string) error {
	s := in.mapped.Samples
	switch {
	case s.IDs != nil:
		return nil
	case s.NoIDs != nil:
		return fmt.Errorf("%w: the map cannot be joined by them; name other ids with --id-column", s.NoIDs)
	}
	for _, c := range s.Columns {
		if shuffled(samples, c) || isIndex(c.Name) && inOrder(cells(c), in.o) != nil {
			return fmt.Errorf("the column %q of %s holds the samples' ids in another order: join by it with --id-column %q", c.Name, in.o.points, c.Name)
		}
	}
	return nil
}

func (in *incoming) say(format string, args ...any) {
	in.said = append(in.said, fmt.Sprintf(format, args...))
}

// shuffled reports whether a column holds most of the ids, in another order. Ids that number the rows in order prove
// nothing, because any ranking has the same values.
func shuffled(ids []string, c interchange.Column) bool {
	if slices.Equal(ids, names(len(ids))) {
		return false
	}
	known := make(map[string]bool, len(ids))
	for _, id := range ids {
		known[id] = true
	}
	if len(known) < len(ids) || known[""] {
		return false // no ids
	}
	same, found := true, 0
	for i, text := range cells(c) {
		same = same && text == ids[i]
		if known[text] {
			known[text] = false // only once
			found++
		}
	}
	return !same && 2*found > len(ids)
}

// isText reports whether all values of a column are texts.
func isText(c interchange.Column) bool {
	return !slices.ContainsFunc(c.Values, func(v any) bool { _, ok := v.(string); return !ok })
}

// cells returns the values of a column as texts.
func cells(c interchange.Column) []string {
	texts := make([]string, len(c.Values))
	for i, v := range c.Values {
		texts[i], _ = tracker.Text(v)
	}
	return texts
}

// inOrder refuses ids that number the rows in another order: they are probably meant for a join by id.
func inOrder(ids []string, o importOptions) error {
	sorted := true
	known := make(map[string]bool, len(ids))
	for i, n := range names(len(ids)) {
		known[n] = true
		sorted = sorted && ids[i] == n
	}
	if sorted || slices.ContainsFunc(ids, func(id string) bool { return !known[id] }) {
		return nil
	}
	return fmt.Errorf("the ids in %s are the numbers of the rows in another order: say with --join id or --join row which of them counts", o.metadata)
}

// match returns the row of each sample by its id, −1 for none, and notes the rows and samples without a partner. If none has
// a partner, the ids are of different kinds, which is an error.
func (in *incoming) match(ids, found []string, path string) ([]int, error) {
	row := make([]int, len(ids))
	at := make(map[string]int, len(found))
	for i, id := range found {
		at[id] = i
	}
	bare := 0
	for i, id := range ids {
		r, ok := at[id]
		if !ok {
			r = -1
			bare++
		}
		row[i] = r
		delete(at, id)
	}
	if bare == len(ids) {
		return nil, fmt.Errorf("no sample of %s, as %q, is in %s, which has ids as %q: want the same ids in both files, or join with --join row", path, ids[0], in.o.metadata, found[0])
	}
	if bare > 0 {
		in.say("%s says nothing of %d of %d samples", in.o.metadata, bare, len(ids))
	}
	for _, id := range found {
		if _, left := at[id]; left {
			in.say("%s: %s left out, of samples that %s does not have, as %q", in.o.metadata, cli.Plural(len(at), "row"), path, id)
			break
		}
	}
	return row, nil
}
