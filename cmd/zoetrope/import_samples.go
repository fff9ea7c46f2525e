package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// readSamples makes the samples of all that the files say of them. A file of its own counts for more than what stands
// with the vectors.
func (in *incoming) readSamples(ctx context.Context, meter *meter) ([]tracker.Sample, error) {
	d, path := in.main()
	s, o := d.Samples, in.o
	columns := s.Columns
	var err error
	if o.metadata != "" {
		if s, err = in.join(s, path); err != nil {
			return nil, err
		}
		columns = s.Columns
	}
	if o.labels != "" {
		if s.Labels, err = interchange.ReadLabels(o.labels); err != nil {
			return nil, err
		}
		if len(s.Labels) != s.Count {
			return nil, fmt.Errorf("%s holds %d labels, and %s %d samples: want one label for each", o.labels, len(s.Labels), path, s.Count)
		}
	}
	ids := s.IDs
	if ids == nil {
		ids = names(s.Count)
	}
	samples := make([]tracker.Sample, s.Count)
	for i := range samples {
		samples[i].ID = ids[i]
		if s.Labels != nil {
			samples[i].Label = s.Labels[i]
		}
		for _, c := range columns {
			if v := c.Values[i]; v != nil {
				if samples[i].Metadata == nil {
					samples[i].Metadata = make(map[string]any, len(columns))
				}
				samples[i].Metadata[c.Name] = v
			}
		}
	}
	return samples, in.thumbnails(ctx, samples, s, path, meter)
}

// thumbnails adds the pictures.
func (in *incoming) thumbnails(ctx context.Context, samples []tracker.Sample, s interchange.Samples, path string, meter *meter) error {
	next := s.Thumbnails
	if name := in.o.thumbnails; name != "" {
		images, err := interchange.OpenImages(name)
		if err != nil {
			return err
		}
		defer images.Close()
		if images.Count != len(samples) {
			return fmt.Errorf("%s holds %d pictures, and %s %d samples: want one picture for each", name, images.Count, path, len(samples))
		}
		next = func(int) ([]byte, error) { return images.NextPNG() }
	}
	if next == nil {
		return nil
	}
	for i := range samples {
		meter.show("reading thumbnails", i, len(samples))
		if err := ctx.Err(); err != nil {
			return err
		}
		png, err := next(i)
		if err != nil {
			return err
		}
		samples[i].Thumbnail = png
	}
	return nil
}

// join adds what the file of metadata says.
func (in *incoming) join(s interchange.Samples, path string) (interchange.Samples, error) {
	o := in.o
	columns := interchange.Options{}
	if d, _ := in.main(); d.Format == "npy" || d.Format == "tensorboard" { // which have no columns of their own that the flags could mean
		columns = interchange.Options{ID: o.columns.ID, Label: o.columns.Label}
	}
	m, err := interchange.ReadMetadata(o.metadata, columns)
	if err != nil {
		return s, err
	}
	byID := o.join == "id" || o.join == "auto" && s.IDs != nil && m.IDs != nil
	row := make([]int, s.Count) // of each sample, −1 for none
	switch {
	case byID && m.IDs == nil:
		return s, fmt.Errorf("%s has no column of ids to join by: name it with --id-column, or join with --join row", o.metadata)
	case byID:
		ids := s.IDs
		if ids == nil {
			ids = names(s.Count)
		}
		in.match(row, ids, m.IDs, path)
	default:
		if m.Rows != s.Count {
			return s, fmt.Errorf("%s has %d rows, and %s %d samples: want a row for each in the same order, or ids in both files to join by", o.metadata, m.Rows, path, s.Count)
		}
		if s.IDs == nil && m.IDs != nil {
			if err := inOrder(m.IDs, o); err != nil {
				return s, err
			}
			s.IDs = m.IDs
		}
		for i := range row {
			row[i] = i
		}
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
	for _, c := range m.Columns {
		values := make([]any, s.Count)
		for i, r := range row {
			if r >= 0 {
				values[i] = c.Values[r]
			}
		}
		if k := slices.IndexFunc(s.Columns, func(have interchange.Column) bool { return have.Name == c.Name }); k >= 0 {
			in.said = append(in.said, fmt.Sprintf("%s: the column %q replaces that of %s", o.metadata, c.Name, path))
			s.Columns = slices.Delete(s.Columns, k, k+1)
		}
		s.Columns = append(s.Columns, interchange.Column{Name: c.Name, Values: values})
	}
	return s, nil
}

// inOrder refuses ids that are the rows' own numbers in another order: they are likely meant to be joined by.
func inOrder(ids []string, o importOptions) error {
	if o.join == "row" {
		return nil
	}
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

// match finds the row of each sample by its id, and notes what has no partner.
func (in *incoming) match(row []int, ids, found []string, path string) {
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
	if bare > 0 {
		in.said = append(in.said, fmt.Sprintf("%s says nothing of %d of %d samples", in.o.metadata, bare, len(ids)))
	}
	for _, id := range found {
		if _, left := at[id]; left {
			in.said = append(in.said, fmt.Sprintf("%s: %s left out, of samples that %s does not have, as %q", in.o.metadata, plural(len(at), "row"), path, id))
			break
		}
	}
}
