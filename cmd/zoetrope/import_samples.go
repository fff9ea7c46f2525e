package main

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// readSamples makes the samples from all the files. A separate file of labels, thumbnails or metadata takes precedence over
// the file of vectors.
func (in *incoming) readSamples(ctx context.Context, meter *cli.Meter) ([]tracker.Sample, error) {
	d, path := in.main()
	s, o := d.Samples, in.o
	var err error
	if o.metadata != "" {
		if s, err = in.join(s, path); err != nil {
			return nil, err
		}
	}
	if o.labels != "" {
		if s.Labels, err = interchange.ReadLabelsIn(o.labels, o.columns.Encoding); err != nil {
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
	}
	in.columns = s.Columns
	return samples, in.thumbnails(ctx, samples, s, path, meter)
}

// Samples are added a batch at a time, so many or so many values of metadata: as a sample has them, these take many times
// what they do in columns.
const (
	batchSamples = 1 << 16
	batchValues  = 1 << 20
)

// batches are the samples with their metadata.
func (in *incoming) batches() iter.Seq[[]tracker.Sample] {
	return func(yield func([]tracker.Sample) bool) {
		size := min(batchSamples, max(1, batchValues/max(1, len(in.columns))))
		for from := 0; from < len(in.samples); from += size {
			batch := slices.Clone(in.samples[from:min(from+size, len(in.samples))])
			for i := range batch {
				batch[i].Metadata = in.metadata(from + i)
			}
			if !yield(batch) {
				return
			}
		}
	}
}

// metadata is what the columns say of a sample; nil, for nothing.
func (in *incoming) metadata(i int) map[string]any {
	var m map[string]any
	for _, c := range in.columns {
		if v := c.Values[i]; v != nil {
			if m == nil {
				m = make(map[string]any, len(in.columns))
			}
			m[c.Name] = v
		}
	}
	return m
}

// thumbnails adds the pictures.
func (in *incoming) thumbnails(ctx context.Context, samples []tracker.Sample, s interchange.Samples, path string, meter *cli.Meter) error {
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
		meter.Show("reading thumbnails", i, len(samples))
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
