package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// readMap reads the coordinates of a map that another program computed.
func (in *incoming) readMap(ctx context.Context, meter *cli.Meter) error {
	o := in.o.columns
	o.Points, o.Vectors = true, nil
	var err error
	if in.mapped, err = interchange.Open(ctx, in.o.points, o); err != nil {
		return err
	}
	if in.mapped.Numbered && in.o.numbered {
		return fmt.Errorf("%s numbers its epochs itself: leave out --first-epoch", in.o.points)
	}
	dims := 0
	for e, err := range in.mapped.Epochs(ctx) {
		if err != nil {
			return err
		}
		if dims != 0 && e.Points.Dim != dims {
			return fmt.Errorf("%s has places of %d and of %d dimensions", in.o.points, dims, e.Points.Dim)
		}
		dims = e.Points.Dim
		in.points, in.mapNums = append(in.points, *e.Points), append(in.mapNums, in.number(in.mapped, e))
		meter.Show("reading the map", len(in.points), in.mapped.Count)
	}
	if !slices.ContainsFunc(in.points, func(l interchange.Layer) bool { return len(l.Data) > 0 }) {
		return fmt.Errorf("%s holds no place: each is missing", in.o.points)
	}
	if in.vectors == nil {
		in.numbers = in.mapNums
	}
	return nil
}

// align gives the map's epochs the numbers of the embeddings' epochs, unless the map numbers them.
func (in *incoming) align() error {
	if in.mapped.Numbered || !in.vectors.Numbered {
		return nil
	}
	if len(in.mapNums) != len(in.numbers) {
		return fmt.Errorf("%s holds %s and %s %s: want the same, or a map that numbers its epochs", in.o.points,
			cli.Plural(len(in.mapNums), "epoch"), in.o.path, cli.Plural(len(in.numbers), "epoch"))
	}
	in.mapNums = slices.Sorted(slices.Values(in.numbers))
	return nil
}

// checkMap compares the map with the embeddings that are imported with it, if any.
func (in *incoming) checkMap() error {
	if in.vectors == nil {
		return nil
	}
	if err := in.align(); err != nil {
		return err
	}
	for _, n := range in.mapNums {
		if !slices.Contains(in.numbers, n) {
			return fmt.Errorf("%s holds places of epoch %d, and %s has no such epoch", in.o.points, n, in.o.path)
		}
	}
	ids := in.mapped.Samples.IDs
	if ids == nil {
		if n := in.mapped.Samples.Count; n != len(in.samples) {
			return fmt.Errorf("%s holds places of %d samples, and %s has %d: want the same, or a map with ids", in.o.points, n, in.o.path, len(in.samples))
		}
		return in.mapInOrder(sampleIDs(in.samples))
	}
	known := make(map[string]bool, len(in.samples))
	for _, s := range in.samples {
		known[s.ID] = true
	}
	for _, id := range ids {
		if !known[id] {
			return fmt.Errorf("%s holds places of sample %q, and %s has no such sample", in.o.points, id, in.o.path)
		}
	}
	return nil
}

// storeMap stores the map of the run that was made from the same samples.
func (in *incoming) storeMap(ctx context.Context, store *tracker.Store, run string, done *imported, meter *cli.Meter) error {
	samples := sampleIDs(in.samples)
	in.samples = nil // they are stored, and a million of them take much memory
	return in.giveMap(ctx, store, run, samples, done, meter)
}

// addMap adds the map to an existing run.
func (in *incoming) addMap(ctx context.Context, store *tracker.Store, meter *cli.Meter) (*imported, error) {
	o := in.o
	if o.labels != "" || o.thumbnails != "" || o.metadata != "" {
		return nil, fmt.Errorf("the run %s exists already, and its samples do not change: leave out --labels, --thumbnails and --metadata, or import under another name with --run", o.run)
	}
	info, err := store.Run(ctx, o.experiment+"/"+o.name)
	if err != nil {
		return nil, err
	}
	list, err := store.Samples(ctx, info.ID)
	if err != nil {
		return nil, err
	}
	samples := sampleIDs(list)
	if err := in.mapInOrder(samples); err != nil {
		return nil, err
	}
	epochs, err := store.Epochs(ctx, info.ID)
	if err != nil {
		return nil, err
	}
	if !in.mapped.Numbered && !o.numbered {
		if len(in.mapNums) != len(epochs) {
			return nil, fmt.Errorf("%s holds %s, and the run %s %s: say which they are with --first-epoch", o.points,
				cli.Plural(len(in.mapNums), "epoch"), o.run, cli.Plural(len(epochs), "epoch"))
		}
		for i, e := range epochs {
			in.mapNums[i] = e.Number
		}
	}
	done := &imported{Run: info.ID, Experiment: info.Experiment, Name: info.Name, Epochs: len(in.mapNums), Samples: len(samples)}
	done.FirstEpoch, done.LastEpoch = extremes(in.mapNums)
	return done, in.giveMap(ctx, store, info.ID, samples, done, meter)
}

// giveMap stores a map of a run with the given samples.
func (in *incoming) giveMap(ctx context.Context, store *tracker.Store, run string, samples []string, done *imported, meter *cli.Meter) error {
	ids := in.mapped.Samples.IDs // nil: they stand in the order of the samples
	if n := in.mapped.Samples.Count; ids == nil && n != len(samples) {
		return fmt.Errorf("%s holds places of %d samples, and the run has %d: want the same, or a map with ids", in.o.points, n, len(samples))
	}
	if ids == nil {
		ids = samples
	}
	var placed []projector.Coordinates
	for i, l := range in.points {
		p := projector.Coordinates{Epoch: in.mapNums[i], Coordinates: l.Data, Samples: ids}
		if l.Rows != nil {
			p.Samples = make([]string, len(l.Rows))
			for j, r := range l.Rows {
				p.Samples[j] = ids[r]
			}
		}
		placed = append(placed, p)
	}
	dims := in.points[0].Dim
	p, err := projector.Given(ctx, store, run, in.o.layer, dims, placed, meter.Show)
	if err != nil {
		return fmt.Errorf("%s: %w", in.o.points, err)
	}
	done.Projection, done.Dims = p.Info().ID, dims
	return nil
}

func sampleIDs(samples []tracker.Sample) []string {
	ids := make([]string, len(samples))
	for i, s := range samples {
		ids[i] = s.ID
	}
	return ids
}
