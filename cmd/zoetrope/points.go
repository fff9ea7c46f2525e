package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// pointRow is a point as JSON; its keys are the columns of the CSV.
type pointRow struct {
	Run        string   `json:"run"`
	Epoch      int      `json:"epoch"`
	Sample     string   `json:"sample"`
	Label      *string  `json:"label"`
	Prediction *string  `json:"prediction"`
	X          float32  `json:"x"`
	Y          float32  `json:"y"`
	Z          *float32 `json:"z,omitempty"` // only on a map of three dimensions
}

func pointsCommand(a *app) *cobra.Command {
	var which projectionFlags
	var epoch int
	var samples []string
	var format, out string
	cmd := &cobra.Command{
		Use:   "points",
		Short: "Print the points of a map, of all epochs or of one, of all samples or of some",
		Long: `Points prints the coordinates of each sample on the map at each epoch; with --sample, only of that one. A note names the
map and says if it is behind its run.

csv has the columns run,epoch,sample,label,prediction,x,y and, in three dimensions, z. json is an array of
objects with the same keys. npy is one array of float32, E×n×dims: epochs ascending, samples in the order in
which they were added to the run, NaN where a sample is missing.`,
		Example: `  zoetrope points --epoch 7 --format csv
  zoetrope points --sample 42 --sample 43
  zoetrope points --format npy -o map.npy
  zoetrope points --run cnn --epoch 20 --json | jq '.[] | select(.label == "3")'`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.JSON {
				if cmd.Flags().Changed("format") && format != "json" {
					return cli.Usagef(cmd, "--json and --format %s contradict each other", format)
				}
				format = "json"
			}
			if !slices.Contains([]string{"csv", "json", "npy"}, format) {
				return cli.Usagef(cmd, "there is no format %q: want csv, json or npy", format)
			}
			if format == "npy" && out == "" && cli.IsTerminal(a.Stdout) {
				return cli.Usagef(cmd, "npy is not for the screen: name a file with -o, or redirect the output")
			}
			query := projector.Query{Epoch: epoch, AllEpochs: !cmd.Flags().Changed("epoch"), Samples: samples}
			return a.read(cmd, func(ctx context.Context, store *tracker.Store) error {
				return a.points(ctx, store, which, query, format, out)
			})
		},
	}
	which.add(cmd)
	takesRun(cmd, &which.run)
	f := cmd.Flags()
	f.IntVar(&epoch, "epoch", 0, "the epoch; 0 is before training (default all)")
	f.StringArrayVar(&samples, "sample", nil, "the sample's id, as it is; may be given several times (default all)")
	f.StringVar(&format, "format", "csv", "csv, json or npy")
	f.StringVarP(&out, "output", "o", "", "the file to write (default standard output)")
	return cmd
}

func (a *app) points(ctx context.Context, store *tracker.Store, which projectionFlags, query projector.Query, format, out string) error {
	p, run, err := a.findProjection(ctx, store, which)
	if err != nil {
		return err
	}
	if _, err := a.tellProjection(ctx, store, p); err != nil {
		return err
	}
	query.Run = run
	write, err := pointWriter(ctx, p, query, format)
	if err != nil {
		return err
	}
	if out == "" || out == "-" {
		return write(a.Stdout)
	}
	if err := toFile(out, write); err != nil {
		return err
	}
	a.Note("wrote projection %s to %s", p.Info().ID, out)
	return nil
}

// pointWriter reads the points that the query selects, and returns a function that writes them.
func pointWriter(ctx context.Context, p *projector.Projection, q projector.Query, format string) (func(io.Writer) error, error) {
	if format == "npy" {
		if runs := p.Info().Runs; q.Run == "" && len(runs) > 1 {
			return nil, fmt.Errorf("projection %s holds %s, and an array has room for one: choose it with --run", p.Info().ID, cli.Plural(len(runs), "run"))
		}
		a, err := p.Array(ctx, q)
		if err != nil {
			return nil, err
		}
		return func(w io.Writer) error { return interchange.Write(w, a.Values, a.Epochs, a.Samples, a.Dims) }, nil
	}
	points, err := p.Points(ctx, q)
	if err != nil {
		return nil, err
	}
	dims := p.Info().Dims
	if format == "json" {
		return func(w io.Writer) error { return writeJSON(w, points, dims) }, nil
	}
	return func(w io.Writer) error { return projector.WriteCSV(w, points, dims) }, nil
}

// writeJSON writes an array, one point a line.
func writeJSON(w io.Writer, points []projector.Point, dims int) error {
	b := bufio.NewWriter(w)
	b.WriteByte('[')
	for i, p := range points {
		row := pointRow{Run: p.Run, Epoch: p.Epoch, Sample: p.Sample, Label: cli.OrNull(p.Label), Prediction: cli.OrNull(p.Prediction), X: float32(p.X), Y: float32(p.Y)}
		if dims == 3 {
			z := float32(p.Z)
			row.Z = &z
		}
		line, err := json.Marshal(row)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteString(",\n")
		}
		b.Write(line)
	}
	b.WriteString("]\n")
	return b.Flush()
}

// toFile writes a file whole: one that is there stays as it was if that fails. What is no file, as /dev/stdout, is written to.
func toFile(path string, write func(io.Writer) error) error {
	if err := writeOver(path, write); err != nil {
		if named := new(fs.PathError); errors.As(err, &named) {
			err = named.Err // the name is that of a file that becomes this one
		}
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

func writeOver(path string, write func(io.Writer) error) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().IsRegular() {
		return interchange.WriteFile(path, write)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
