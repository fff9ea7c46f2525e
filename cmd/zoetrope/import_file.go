package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// incoming holds the content of import's files, all of it checked.
type incoming struct {
	o       importOptions
	vectors *interchange.Dataset // nil: there is only a map
	points  []interchange.Layer  // coordinates at each epoch of the map; nil: there is no map
	mapped  *interchange.Dataset // the file of the map
	mapNums []int                // the epochs' numbers in it
	numbers []int                // the epochs of the run
	samples []tracker.Sample     // without their metadata, which [incoming.batches] adds
	columns []interchange.Column // the metadata of the samples
	said    []string             // notes
}

// openImport opens and checks the files. The caller closes the result, also after an error.
func openImport(ctx context.Context, o importOptions, meter *cli.Meter) (in *incoming, err error) {
	in = &incoming{o: o}
	trial, err := tracker.Try(o.config())
	if err != nil {
		return in, err
	}
	if o.path != "" {
		if in.vectors, err = interchange.Open(ctx, o.path, o.columns); err != nil {
			return in, err
		}
		if in.vectors.Numbered && o.numbered {
			return in, fmt.Errorf("%s numbers its epochs itself: leave out --first-epoch", o.path)
		}
	}
	if o.points != "" {
		if err := in.readMap(ctx, meter); err != nil {
			return in, err
		}
	}
	if in.samples, err = in.readSamples(ctx, meter); err != nil {
		return in, err
	}
	for batch := range in.batches() {
		if err := trial.AddSamples(batch); err != nil {
			_, path := in.main()
			return in, fmt.Errorf("%s: %w", path, err)
		}
	}
	if in.vectors != nil {
		err = in.checkVectors(ctx, trial, meter)
	}
	if err == nil && in.mapped != nil {
		err = in.checkMap()
	}
	return in, err
}

// config describes the run to make.
func (o importOptions) config() tracker.RunConfig {
	params := map[string]any{}
	for key, path := range map[string]string{"imported_from": o.path, "points_from": o.points} {
		if path != "" {
			params[key] = filepath.Base(path)
		}
	}
	return tracker.RunConfig{Experiment: o.experiment, Name: o.name, Params: params}
}

func (in *incoming) close() {
	for _, d := range []*interchange.Dataset{in.vectors, in.mapped} {
		if d != nil {
			d.Close()
		}
	}
}

func (in *incoming) notes() []string {
	list := in.said
	for _, d := range []*interchange.Dataset{in.vectors, in.mapped} {
		if d != nil {
			list = append(list, d.Notes...)
		}
	}
	return list
}

// main returns the file that identifies the samples.
func (in *incoming) main() (*interchange.Dataset, string) {
	if in.vectors != nil {
		return in.vectors, in.o.path
	}
	return in.mapped, in.o.points
}

// number returns the number of an epoch in the run.
func (in *incoming) number(d *interchange.Dataset, e *interchange.Epoch) int {
	if d.Numbered {
		return e.Number
	}
	return in.o.firstEpoch + e.Number
}

// checkVectors reads the whole file and tries to log it before anything is stored, so that a bad number deep in it does not
// leave half a run.
func (in *incoming) checkVectors(ctx context.Context, trial *tracker.Trial, meter *cli.Meter) error {
	for e, err := range in.vectors.Epochs(ctx) {
		if err != nil {
			return err
		}
		if len(e.Layers) > 1 && in.o.layer != "" {
			return fmt.Errorf("%s holds %d layers: leave out --layer, or choose one with --vectors", in.o.path, len(e.Layers))
		}
		if err := trial.Log(in.epoch(e)); err != nil {
			return fmt.Errorf("%s: %w", in.o.path, err)
		}
		in.numbers = append(in.numbers, in.number(in.vectors, e))
		meter.Show("checking epochs", len(in.numbers), in.vectors.Count)
	}
	return nil
}

// log makes the samples, logs every epoch, and returns how many it has logged.
func (in *incoming) log(ctx context.Context, run *tracker.Run, meter *cli.Meter) (done *imported, logged int, err error) {
	done = &imported{Run: run.ID(), Experiment: run.Experiment(), Name: run.Name(), Epochs: len(in.numbers), Samples: len(in.samples)}
	done.FirstEpoch, done.LastEpoch = extremes(in.numbers)
	for batch := range in.batches() {
		if err := run.AddSamples(ctx, batch); err != nil {
			return done, 0, err
		}
	}
	in.columns = nil // they are stored
	if in.vectors == nil {
		for _, n := range in.numbers {
			meter.Show("importing epochs", logged, len(in.numbers))
			if err := run.Log(ctx, tracker.Epoch{Number: n}); err != nil {
				return done, logged, fmt.Errorf("%s: %w", in.o.points, err)
			}
			logged++
		}
		return done, logged, nil
	}
	for e, err := range in.vectors.Epochs(ctx) {
		if err != nil {
			return done, logged, err
		}
		meter.Show("importing epochs", logged, in.vectors.Count)
		epoch := in.epoch(e)
		if err := run.Log(ctx, epoch); err != nil {
			return done, logged, fmt.Errorf("%s: %w", in.o.path, err)
		}
		logged++
		if len(epoch.Layers) > 0 {
			done.Layer, done.Dim = epoch.Layers[0].Name, epoch.Layers[0].Dim
		}
		if len(epoch.Layers) > len(done.Layers) && len(epoch.Layers) > 1 {
			done.Layers = nil
			for _, l := range epoch.Layers {
				done.Layers = append(done.Layers, l.Name)
			}
		}
	}
	return done, logged, nil
}

// epoch returns an epoch of the file in the tracker's form.
func (in *incoming) epoch(e *interchange.Epoch) tracker.Epoch {
	epoch := tracker.Epoch{Number: in.number(in.vectors, e)}
	for _, l := range e.Layers {
		name := l.Name
		if in.o.layer != "" {
			name = in.o.layer
		} else if name == "" {
			name = "embedding"
		}
		epoch.Layers = append(epoch.Layers, tracker.Layer{Name: name, Dim: l.Dim, Vectors: l.Data, IDs: in.ids(l.Rows)})
	}
	if o := e.Outputs; o != nil {
		epoch.Outputs = &tracker.Outputs{Predictions: o.Predictions, Losses: o.Losses, Confidences: o.Confidences, IDs: in.ids(o.Rows)}
	}
	return epoch
}

// ids returns the ids of the samples of some rows; nil means all, and stays nil.
func (in *incoming) ids(rows []int) []string {
	if rows == nil {
		return nil
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = in.samples[r].ID
	}
	return ids
}

func extremes(numbers []int) (first, last int) {
	first, last = numbers[0], numbers[0]
	for _, n := range numbers {
		first, last = min(first, n), max(last, n)
	}
	return first, last
}

// names returns 0 to n−1 as texts.
func names(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return list
}
