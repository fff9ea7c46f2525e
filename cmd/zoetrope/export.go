package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/internal/epochs"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// exportOptions are the flags of export.
type exportOptions struct {
	which  projectionFlags // layer: of the vectors, too
	epochs string
	format string
	out    string
}

var exportFormats = append(slices.Clone(interchange.Formats), "html")

// exported describes the file that export wrote, as JSON.
type exported struct {
	Run        string `json:"run"`
	Experiment string `json:"experiment"`
	Name       string `json:"name"`
	Layer      string `json:"layer"`
	Dim        int    `json:"dim"`        // 0: no vectors
	Projection string `json:"projection"` // "": no map
	Dims       int    `json:"dims"`
	Epochs     []int  `json:"epochs"`
	Samples    int    `json:"samples"`
	Rows       int    `json:"rows"`
	Format     string `json:"format"`
	Path       string `json:"path"`
	Bytes      int64  `json:"bytes"`
}

func exportCommand(a *app) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export -o FILE",
		Short: "Write a run's page, or its vectors, map and metadata for other programs",
		Long: `Export writes the vectors of one layer of a run, the newest map of that layer, and its samples:

  .npz          arrays vectors (epochs × samples × columns) and points, epochs, ids, labels, predictions, losses,
                confidences, layer, and metadata/NAME; NaN and the empty string where something is missing
  .parquet      a row for each epoch and sample: epoch, id, label, prediction, loss, confidence, vector, x, y, z, and a
  .arrow        column for each piece of metadata, called metadata.NAME where NAME is one of these; .arrows is a stream
  .html         the page, as one file that opens without a server or a network: all maps of the run, or the one that
                --projection names, with all their data
  tensorboard   a folder for TensorBoard's projector, with a tensor for each epoch; tensorboard-tsv has them as text.
                In metadata.tsv, which has no quotes, \t, \n, \r and \\ stand for tab, line ends and backslash

Metadata keep their values and types when they are imported again. A column that fits no type of the format, such as one
of numbers and texts, is written as JSON text and marked as such (.npz: metadata.json/NAME).

The ending of FILE gives the format; a path without one is a folder for TensorBoard. The file appears when it is complete.
'zoetrope import' reads all of these but .html; with --points FILE, it imports the map.`,
		Example: `  zoetrope export -o run.parquet
  zoetrope export --run mnist/cnn --layer fc1 --epochs 0,5-10,last --projection none -o fc1.npz
  zoetrope export -o map.html
  zoetrope export --run mnist/cnn -o projector && tensorboard --logdir projector`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.out == "" || o.out == "-" {
				return cli.Usagef(cmd, "name the file to write with -o")
			}
			if o.format == "" {
				if o.format = interchange.FormatOf(o.out); slices.Contains([]string{".html", ".htm"}, strings.ToLower(filepath.Ext(o.out))) {
					o.format = "html"
				}
				if o.format == "" {
					if i := strings.LastIndexByte(o.out, '.'); i > strings.LastIndexAny(o.out, `/\`)+1 {
						return cli.Usagef(cmd, "the ending of %s names no format: want .npz, .parquet, .arrow, .arrows or .html, or name one with --format", o.out)
					}
					o.format = "tensorboard"
				}
			}
			if !slices.Contains(exportFormats, o.format) {
				return cli.Usagef(cmd, "there is no format %q: want %s", o.format, strings.Join(exportFormats, ", "))
			}
			if o.format == "html" && o.which.layer != "" {
				return cli.Usagef(cmd, "a page shows the layers of its maps: choose one with --projection instead of --layer")
			}
			if _, err := epochs.Parse(o.epochs); err != nil {
				return cli.WrongUsage(cmd, err)
			}
			return a.read(cmd, func(ctx context.Context, store *tracker.Store) error { return a.export(ctx, store, o) })
		},
	}
	o.which.add(cmd)
	takesRun(cmd, &o.which.run)
	f := cmd.Flags()
	f.Lookup("projection").Usage = "the map's id, or none (default the newest of the run; for .html, all of them)"
	f.Lookup("layer").Usage = "the layer of the vectors, and of the map (default that of the newest map, or the only one)"
	f.StringVar(&o.epochs, "epochs", "", "epochs and ranges of them, as 0,5-10,last, or every 50th as 0-900:50 (default all)")
	f.StringVar(&o.format, "format", "", strings.Join(exportFormats, ", ")+" (default by the ending of the file)")
	f.StringVarP(&o.out, "output", "o", "", "the file or folder to write (required)")
	return cmd
}

func (a *app) export(ctx context.Context, store *tracker.Store, o exportOptions) error {
	if o.format == "html" {
		return a.exportHTML(ctx, store, o)
	}
	out, err := a.openOutgoing(ctx, store, o)
	if err != nil {
		return err
	}
	meter := a.NewMeter()
	defer meter.Close()
	src := out.source()
	written, err := interchange.Export(ctx, o.out, o.format, src, func(done, total int) { meter.Show("exporting epochs", done, total) })
	if err != nil {
		return err
	}
	meter.Close()
	if out.projection != nil {
		if _, err := a.tellBehind(ctx, out.projection); err != nil {
			return err
		}
	}
	for _, n := range written.Notes {
		a.Note("%s", n)
	}
	e := exported{
		Run: out.run.ID, Experiment: out.run.Experiment, Name: out.run.Name, Layer: src.Layer, Dim: src.Dim, Dims: src.Dims,
		Epochs: src.Epochs, Samples: src.Samples.Count, Rows: written.Rows, Format: o.format, Path: o.out, Bytes: written.Bytes,
	}
	if out.projection != nil {
		e.Projection = out.projection.Info().ID
	}
	return a.printExported(e)
}

func (a *app) printExported(e exported) error {
	if a.JSON {
		return a.PrintJSON(e)
	}
	var what []string
	if e.Dim > 0 {
		what = append(what, fmt.Sprintf("%d×%d vectors of layer %s", e.Samples, e.Dim, e.Layer))
	}
	if e.Dims > 0 {
		what = append(what, "the map "+e.Projection)
	}
	_, err := fmt.Fprintf(a.Stdout, "exported %s of run %s to %s: %s, %.1f MB\n", cli.Plural(len(e.Epochs), "epoch"), e.Name, e.Path,
		strings.Join(what, " and "), float64(e.Bytes)/1e6)
	return err
}

// pickEpochs returns those of the given epochs, ascending, that a list names; the empty list names all.
func pickEpochs(text string, have []int) ([]int, error) {
	list, err := epochs.Parse(text)
	if err == nil {
		err = list.Check(have)
	}
	return list.Of(have), err
}
