package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// transformOptions say which vectors to place, and how to print the result.
type transformOptions struct {
	which       projectionFlags
	path, from  string // a file or a run, never both
	vectors     string // the column, array or tensor of the file; empty: the one that looks like vectors
	epoch       int
	every       bool // of the run's epochs; epoch is not given
	format, out string
}

func transformCommand(a *app) *cobra.Command {
	var o transformOptions
	cmd := &cobra.Command{
		Use:   "transform [flags] {VECTORS | --from RUN}",
		Short: "Place vectors that are not on a map",
		Long: `Transform places vectors that are not on a map among their neighbours at an epoch of it, and prints the coordinates:
of further inputs to the network, for example, or of another training. The map does not change, and nothing is stored.

The vectors come from a file of one epoch in a format that 'zoetrope import' reads, such as .npy of n×d or .npz, and are
placed at --epoch, by default the map's last. Of several arrays or columns of vectors, the one that --vectors names is
taken, or else the one named like the map's layer; without ids, samples are named 0…n−1. Or, with --from, the vectors are
those of the map's layer in a run that is not on the map: each epoch is placed at the map's epoch of the same number, or
--epoch alone.

The formats of output are those of 'zoetrope points'.`,
		Example: `  zoetrope project transform --epoch 7 more.npy
  zoetrope project transform --vectors fc1 more.npz
  zoetrope project transform --from seed2 --format npy -o seed2.npy
  zoetrope project transform --projection k3v9x2m4qa --from seed2 --epoch 20 --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.path = args[0]
			}
			if (o.path == "") == (o.from == "") {
				return cli.Usagef(cmd, "name either a file of vectors or a run with --from: one of them is to be placed")
			}
			if o.vectors != "" && o.path == "" {
				return cli.Usagef(cmd, "--vectors names vectors of a file, and there is none: a run has those of the map's layer")
			}
			if a.JSON {
				if cmd.Flags().Changed("format") && o.format != "json" {
					return cli.Usagef(cmd, "--json and --format %s contradict each other", o.format)
				}
				o.format = "json"
			}
			if !slices.Contains([]string{"csv", "json", "npy"}, o.format) {
				return cli.Usagef(cmd, "there is no format %q: want csv, json or npy", o.format)
			}
			if o.format == "npy" && o.out == "" && cli.IsTerminal(a.Stdout) {
				return cli.Usagef(cmd, "npy is not for the screen: name a file with -o, or redirect the output")
			}
			o.every = !cmd.Flags().Changed("epoch")
			return a.read(cmd, func(ctx context.Context, store *tracker.Store) error {
				err := a.transform(ctx, store, o)
				if errors.Is(err, projector.ErrOptions) {
					return cli.WrongUsage(cmd, err)
				}
				return err
			})
		},
	}
	o.which.add(cmd)
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "a run whose vectors to place, by name, experiment/name or id")
	f.StringVar(&o.vectors, "vectors", "", "the column, array or tensor of vectors in the file (default what looks so)")
	f.IntVar(&o.epoch, "epoch", 0, "the epoch to place at; 0 is before training")
	f.StringVar(&o.format, "format", "csv", "csv, json or npy")
	f.StringVarP(&o.out, "output", "o", "", "the file to write (default standard output)")
	return cmd
}

func (a *app) transform(ctx context.Context, store *tracker.Store, o transformOptions) error {
	p, at, err := a.findProjection(ctx, store, o.which)
	if err != nil {
		return err
	}
	if runs := p.Info().Runs; at == "" && len(runs) > 1 {
		return fmt.Errorf("projection %s holds %s: choose among whose points to place with --run", p.Info().ID, cli.Plural(len(runs), "run"))
	} else if at == "" {
		at = runs[0]
	}
	if _, err := a.tellProjection(ctx, store, p); err != nil {
		return err
	}
	on, err := p.Coordinates(ctx, projector.Query{Run: at, AllEpochs: true})
	if err != nil {
		return err
	}
	var epochs []int
	for _, e := range on {
		epochs = append(epochs, e.Epoch)
	}
	if !o.every {
		if !slices.Contains(epochs, o.epoch) {
			return fmt.Errorf("projection %s has no epoch %d: it has %d, from %d to %d", p.Info().ID, o.epoch, len(epochs), epochs[0], epochs[len(epochs)-1])
		}
		epochs = []int{o.epoch}
	}
	meter := a.NewMeter()
	defer meter.Close()
	var points []projector.Point
	if o.path != "" {
		points, err = a.placeFile(ctx, p, at, epochs[len(epochs)-1], o)
	} else {
		points, err = a.placeRun(ctx, store, p, at, epochs, o.from, meter)
	}
	meter.Close()
	if err != nil {
		return err
	}
	write := placedWriter(points, p.Info().Dims, o.format)
	if o.out == "" || o.out == "-" {
		return write(a.Stdout)
	}
	if err := toFile(o.out, write); err != nil {
		return err
	}
	a.Note("wrote %s on projection %s to %s", cli.Plural(len(points), "place"), p.Info().ID, o.out)
	return nil
}

// placeFile places the vectors of a file at an epoch.
func (a *app) placeFile(ctx context.Context, p *projector.Projection, at string, epoch int, o transformOptions) ([]projector.Point, error) {
	var from interchange.Options
	if o.vectors != "" {
		from.Vectors = []string{o.vectors}
	}
	d, err := interchange.Open(ctx, o.path, from)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if d.Count > 1 {
		return nil, fmt.Errorf("%s holds %d epochs, and one is placed at a time: import it as a run, and name that with --from", o.path, d.Count)
	}
	for _, n := range d.Notes {
		a.Note("%s", n)
	}
	var points []projector.Point
	for e, err := range d.Epochs(ctx) {
		if err != nil {
			return nil, err
		}
		l, err := layerOf(e, p.Info().Layer, o.path)
		if err != nil {
			return nil, err
		}
		if err := checkColumns(ctx, p, o.path, l.Dim); err != nil {
			return nil, err
		}
		y, err := p.Transform(ctx, at, epoch, l.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.path, err)
		}
		points = placed(y, p.Info().Dims, "", epoch, func(i int) (sample, label string) {
			if l.Rows != nil {
				i = l.Rows[i]
			}
			if sample = strconv.Itoa(i); d.Samples.IDs != nil {
				sample = d.Samples.IDs[i]
			}
			if d.Samples.Labels != nil {
				label = d.Samples.Labels[i]
			}
			return sample, label
		})
	}
	return points, nil
}

// checkColumns refuses vectors with another number of columns than those that the map was made from.
func checkColumns(ctx context.Context, p *projector.Projection, what string, dim int) error {
	columns, err := p.Columns(ctx)
	if err == nil && dim != columns {
		return fmt.Errorf("%s holds vectors of %s, and the map was made from vectors of %d: want those of the same layer", what, cli.Plural(dim, "column"), columns)
	}
	return err
}

// layerOf returns the only layer of an epoch, or the one with the name of the map's layer.
func layerOf(e *interchange.Epoch, name, path string) (interchange.Layer, error) {
	var names []string
	for _, l := range e.Layers {
		if l.Name == name || len(e.Layers) == 1 {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return interchange.Layer{}, fmt.Errorf("%s holds vectors of %s, none of which is the map's layer %s: name one of them with --vectors", path, strings.Join(names, ", "), name)
}

// placeRun places those of the given epochs that the run has.
func (a *app) placeRun(ctx context.Context, store *tracker.Store, p *projector.Projection, at string, epochs []int, name string, meter *cli.Meter) ([]projector.Point, error) {
	run, err := a.findRun(ctx, store, name)
	if err != nil {
		return nil, err
	}
	frames, err := store.Frames(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	samples, err := store.Samples(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	label := make(map[string]string, len(samples))
	for _, s := range samples {
		label[s.ID] = s.Label
	}
	layer := p.Info().Layer
	frames = slices.DeleteFunc(frames, func(f tracker.FrameInfo) bool { return f.Layer != layer || !slices.Contains(epochs, f.Epoch) })
	if len(frames) == 0 {
		return nil, fmt.Errorf("run %s/%s has no vectors of layer %s at an epoch of projection %s: nothing to place", run.Experiment, run.Name, layer, p.Info().ID)
	}
	for _, f := range frames { // before any is placed
		if err := checkColumns(ctx, p, fmt.Sprintf("run %s/%s, epoch %d,", run.Experiment, run.Name, f.Epoch), f.Dim); err != nil {
			return nil, err
		}
	}
	var points []projector.Point
	for i, f := range frames {
		meter.Show("placing", i, len(frames))
		frame, err := store.Frame(ctx, run.ID, layer, f.Epoch)
		if err != nil {
			return nil, err
		}
		y, err := p.Transform(ctx, at, f.Epoch, frame.Vectors)
		if err != nil {
			return nil, fmt.Errorf("run %s/%s, epoch %d: %w", run.Experiment, run.Name, f.Epoch, err)
		}
		points = append(points, placed(y, p.Info().Dims, run.ID, f.Epoch, func(i int) (string, string) { return frame.IDs[i], label[frame.IDs[i]] })...)
	}
	return points, nil
}

// placed makes points from coordinates. who returns the sample and label of a row.
func placed(y []float32, dims int, run string, epoch int, who func(row int) (sample, label string)) []projector.Point {
	points := make([]projector.Point, len(y)/dims)
	for i := range points {
		at := [3]float32{}
		copy(at[:], y[i*dims:(i+1)*dims])
		points[i] = projector.Point{Run: run, Epoch: epoch, X: float64(at[0]), Y: float64(at[1]), Z: float64(at[2])}
		points[i].Sample, points[i].Label = who(i)
	}
	return points
}

// placedWriter returns a function that writes points. In an array, E×n×dims, all epochs must have n points.
func placedWriter(points []projector.Point, dims int, format string) func(io.Writer) error {
	switch format {
	case "json":
		return func(w io.Writer) error { return writeJSON(w, points, dims) }
	case "csv":
		return func(w io.Writer) error { return projector.WriteCSV(w, points, dims) }
	}
	return func(w io.Writer) error {
		count, order := map[int]int{}, []int{}
		var y []float32
		for _, p := range points {
			if count[p.Epoch] == 0 {
				order = append(order, p.Epoch)
			}
			count[p.Epoch]++
			for _, v := range []float64{p.X, p.Y, p.Z}[:dims] {
				y = append(y, float32(v))
			}
		}
		for _, epoch := range order {
			if count[epoch] != count[order[0]] {
				return fmt.Errorf("epochs %d and %d have %d and %d samples, and an array is full: choose an epoch with --epoch, or csv", order[0], epoch, count[order[0]], count[epoch])
			}
		}
		return interchange.Write(w, y, len(order), count[order[0]], dims)
	}
}
