package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

// projection returns the options of the map.
func projection() projector.Options {
	o := projector.Defaults()
	o.Layer = train.EmbeddingLayer
	o.NNeighbors, o.MinDist, o.NEpochs = 20, 0.01, 200
	return o
}

// project lays all epochs out on one map and prints the course of training beside the map's measures. A map that has
// grown meanwhile is fitted anew, to the map that a single fit gives.
func (t *training) project(ctx context.Context) error {
	store := t.run.Store()
	var err error
	p := t.live.projection()
	if p != nil {
		p, err = p.RefitFromScratch(ctx, t.display.progress)
	} else {
		p, err = projector.Project(ctx, store, []string{t.run.ID()}, projection(), t.display.progress)
	}
	t.display.clear()
	if ctx.Err() != nil {
		return fmt.Errorf("%w: run %s is trained, the map is missing; to go on: %s", errInterrupted, t.run.Name(), t.again)
	}
	if err != nil {
		return err
	}
	info := p.Info()
	t.display.print("map %s: %d points in %.1f s (%s)\n", info.ID, info.Points, info.Seconds, stages(info.Stages))
	quality, err := p.Quality(ctx)
	if err != nil {
		return err
	}
	metrics, err := store.Metrics(ctx, t.run.ID(), "loss", "accuracy")
	if err != nil {
		return err
	}
	t.display.print("%s", table(quality.Epochs, metrics))
	return nil
}

// table has one row for each epoch: training's numbers, and how well the digits are separated on the
// map and in the original space.
func table(epochs []projector.EpochQuality, metrics []tracker.Metric) string {
	values := map[string]map[int]*float64{"loss": {}, "accuracy": {}}
	for _, m := range metrics {
		values[m.Name][m.Epoch] = &m.Value
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\t\t\tsilhouette\tsilhouette\t")
	fmt.Fprintln(w, "epoch\tloss\taccuracy\ton the map\tin the layer\t")
	for _, e := range epochs {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t\n", e.Epoch, number(values["loss"][e.Epoch]), number(values["accuracy"][e.Epoch]),
			number(e.Map.Silhouette), number(e.Original.Silhouette))
	}
	w.Flush()
	return b.String()
}

// number formats a number that may be missing.
func number(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.4f", *v)
}

func stages(s projector.Stages) string {
	var parts []string
	for _, stage := range s {
		parts = append(parts, fmt.Sprintf("%s %.1f", stage.Name, stage.Seconds))
	}
	return strings.Join(parts, ", ")
}
