package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// toldFrom is the size in bytes from which a page is announced: it takes a while, and mail servers refuse it.
const toldFrom = 10e6

// exportHTML writes the page of a run as one file.
func (a *app) exportHTML(ctx context.Context, store *tracker.Store, o exportOptions) error {
	out := &outgoing{}
	if err := a.findMap(ctx, store, o, out); err != nil {
		return err
	}
	epochs, err := store.Epochs(ctx, out.run.ID)
	if err != nil {
		return err
	}
	var have []int
	for _, e := range epochs {
		have = append(have, e.Number)
	}
	if len(have) == 0 {
		return fmt.Errorf("run %s/%s has no epochs: there is nothing to export", out.run.Experiment, out.run.Name)
	}
	whole := page.HTMLOptions{Run: out.run.ID}
	if whole.Epochs, err = pickEpochs(o.epochs, have); err != nil {
		return err
	}
	e := exported{
		Run: out.run.ID, Experiment: out.run.Experiment, Name: out.run.Name, Epochs: whole.Epochs,
		Samples: out.run.Samples, Rows: out.run.Samples * len(whole.Epochs), Format: o.format, Path: o.out,
	}
	if p := out.projection; p != nil {
		info := p.Info()
		e.Projection, e.Layer, e.Dims = info.ID, info.Layer, info.Dims
		whole.Projections = []string{info.ID}
	} else if len(out.run.Layers) > 0 {
		e.Layer = out.run.Layers[0]
	}
	if o.which.id == "" { // all of the run
		list, err := projector.List(ctx, store, out.run.ID)
		if err != nil {
			return err
		}
		whole.Projections = nil
		for _, info := range list {
			whole.Projections = append(whole.Projections, info.ID)
		}
	}
	for _, id := range whole.Projections {
		p, err := projector.Open(ctx, store, id)
		if err != nil {
			return err
		}
		if _, err := a.tellBehind(ctx, p); err != nil {
			return err
		}
	}
	meter := a.NewMeter()
	defer meter.Close()
	whole.Forecast = func(bytes int64) {
		if bytes >= toldFrom {
			a.Note("the page will have about %.0f MB: --epochs and --projection choose what is in it", float64(bytes)/1e6)
		}
	}
	whole.Progress = func(done, total int) { meter.Show("writing the page", done, total) }
	err = interchange.WriteFile(o.out, func(f io.Writer) error {
		b := bufio.NewWriterSize(f, 1<<20)
		if err := page.WriteHTML(ctx, b, store, whole); err != nil {
			return err
		}
		return b.Flush()
	})
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", o.out, err)
	}
	meter.Close()
	info, err := os.Stat(o.out)
	if err != nil {
		return err
	}
	e.Bytes = info.Size()
	if a.JSON {
		return a.PrintJSON(e)
	}
	maps := cli.Plural(len(whole.Projections), "map")
	if len(whole.Projections) == 0 {
		maps = "the provisional map"
		if o.which.id == "" {
			a.Note("run %s has no projection yet: 'zoetrope project --run %s' makes one", e.Name, e.Run)
		}
	}
	_, err = fmt.Fprintf(a.Stdout, "exported %s of run %s to %s: a page with %s of %s, %.1f MB\nIt opens in any browser, without a server.\n",
		cli.Plural(len(e.Epochs), "epoch"), e.Name, e.Path, maps, cli.Plural(e.Samples, "sample"), float64(e.Bytes)/1e6)
	return err
}
