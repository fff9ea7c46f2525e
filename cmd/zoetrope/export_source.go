package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// outgoing holds the part of a run that export writes.
type outgoing struct {
	store      *tracker.Store
	run        tracker.RunInfo
	projection *projector.Projection // nil: no map
	layer      string
	dim        int // 0: no vectors
	epochs     []int
	spoken     bool // the run has outputs of the network
	samples    []tracker.Sample
	at         map[string]int // position of a sample, by id
}

func (a *app) openOutgoing(ctx context.Context, store *tracker.Store, o exportOptions) (*outgoing, error) {
	out := &outgoing{store: store, at: map[string]int{}}
	if err := a.findMap(ctx, store, o, out); err != nil {
		return nil, err
	}
	var err error
	if out.samples, err = store.Samples(ctx, out.run.ID); err != nil {
		return nil, err
	}
	for i, s := range out.samples {
		out.at[s.ID] = i
	}
	frames, err := store.Frames(ctx, out.run.ID)
	if err != nil {
		return nil, err
	}
	return out, out.choose(ctx, frames, o)
}

// findMap finds the run and its map.
func (a *app) findMap(ctx context.Context, store *tracker.Store, o exportOptions, out *outgoing) (err error) {
	which := o.which
	if which.id != "" && which.id != "none" {
		p, run, err := a.findProjection(ctx, store, which)
		if err != nil {
			return err
		}
		if runs := p.Info().Runs; run == "" && len(runs) > 1 {
			return fmt.Errorf("projection %s holds %s: choose one with --run", which.id, cli.Plural(len(runs), "run"))
		} else if run == "" {
			run = runs[0]
		}
		out.projection = p
		out.run, err = store.Run(ctx, run)
		return err
	}
	if out.run, err = a.findRun(ctx, store, which.run); err != nil || which.id == "none" {
		return err
	}
	id, err := newestProjection(ctx, store, out.run.ID, which.layer)
	if err == nil && id != "" {
		out.projection, err = projector.Open(ctx, store, id)
	}
	return err
}

// choose finds the layer and the epochs.
func (out *outgoing) choose(ctx context.Context, frames []tracker.FrameInfo, o exportOptions) error {
	title := out.run.Experiment + "/" + out.run.Name
	layers := out.run.Layers
	out.layer = o.which.layer
	if out.layer == "" && out.projection != nil {
		out.layer = out.projection.Info().Layer
	}
	if out.layer == "" && len(layers) > 1 {
		return fmt.Errorf("run %s has layers %s: choose one with --layer", title, strings.Join(layers, ", "))
	}
	if out.layer == "" && len(layers) == 1 {
		out.layer = layers[0]
	}
	if out.layer != "" && !slices.Contains(layers, out.layer) && (out.projection == nil || out.projection.Info().Layer != out.layer) {
		return fmt.Errorf("run %s has no layer %q, only %s", title, out.layer, strings.Join(layers, ", "))
	}
	var have []int
	for _, f := range frames {
		if f.Layer == out.layer {
			have, out.dim = append(have, f.Epoch), f.Dim
		}
	}
	if out.projection != nil {
		placed, err := out.projection.Epochs(ctx, out.run.ID)
		if err != nil {
			return err
		}
		have = append(have, placed...)
	}
	slices.Sort(have)
	if have = slices.Compact(have); len(have) == 0 {
		return fmt.Errorf("run %s has neither vectors nor a map: there is nothing to export", title)
	}
	var err error
	if out.epochs, err = pickEpochs(o.epochs, have); err != nil {
		return err
	}
	for _, e := range out.epochs {
		said, err := out.outputs(ctx, e)
		if out.spoken = out.spoken || said != nil; out.spoken || err != nil {
			return err
		}
	}
	return nil
}

// source returns the run in the form that the file formats take.
func (out *outgoing) source() *interchange.Source {
	src := &interchange.Source{
		Samples: interchange.Samples{Count: len(out.samples), Columns: metadataColumns(out.samples), Thumbnails: out.thumbnail},
		Epochs:  out.epochs, Layer: out.layer, Dim: out.dim, Vectors: out.vectors, Points: out.points,
	}
	if out.spoken {
		src.Outputs = out.outputs
	}
	labelled := false
	labels := make([]string, len(out.samples))
	for i, s := range out.samples {
		src.Samples.IDs = append(src.Samples.IDs, s.ID)
		labels[i] = s.Label
		labelled = labelled || s.Label != ""
	}
	if labelled {
		src.Samples.Labels = labels
	}
	if out.projection != nil {
		src.Dims = out.projection.Info().Dims
	}
	return src
}

func (out *outgoing) thumbnail(i int) ([]byte, error) {
	png, err := out.store.Thumbnail(context.Background(), out.run.ID, out.samples[i].ID)
	if errors.Is(err, tracker.ErrNotFound) {
		return nil, nil
	}
	return png, err
}

func (out *outgoing) vectors(ctx context.Context, epoch int) (*interchange.Layer, error) {
	f, err := out.store.Frame(ctx, out.run.ID, out.layer, epoch)
	if errors.Is(err, tracker.ErrNotFound) {
		return nil, nil // an epoch that only the map has
	}
	if err != nil {
		return nil, err
	}
	return &interchange.Layer{Name: out.layer, Dim: f.Dim, Data: f.Vectors, Rows: out.rows(f.IDs)}, nil
}

func (out *outgoing) points(ctx context.Context, epoch int) (*interchange.Layer, error) {
	placed, err := out.projection.Coordinates(ctx, projector.Query{Run: out.run.ID, Epoch: epoch})
	if errors.Is(err, tracker.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &interchange.Layer{Dim: out.projection.Info().Dims, Data: placed[0].Coordinates, Rows: out.rows(placed[0].Samples)}, nil
}

func (out *outgoing) outputs(ctx context.Context, epoch int) (*interchange.Outputs, error) {
	o, err := out.store.Outputs(ctx, out.run.ID, epoch)
	if errors.Is(err, tracker.ErrNotFound) || err == nil && len(o.IDs) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &interchange.Outputs{Predictions: o.Predictions, Losses: o.Losses, Confidences: o.Confidences, Rows: out.rows(o.IDs)}, nil
}

// rows returns the positions of the samples with the given ids; nil means all, in their order.
func (out *outgoing) rows(ids []string) []int {
	rows, all := make([]int, len(ids)), len(ids) == len(out.samples)
	for i, id := range ids {
		rows[i] = out.at[id]
		all = all && rows[i] == i
	}
	if all {
		return nil
	}
	return rows
}

// metadataColumns makes columns of the samples' metadata, in the order of their names.
func metadataColumns(samples []tracker.Sample) []interchange.Column {
	place := map[string]int{}
	var columns []interchange.Column
	for i, s := range samples {
		for name, v := range s.Metadata {
			k, ok := place[name]
			if !ok {
				k = len(columns)
				place[name] = k
				columns = append(columns, interchange.Column{Name: name, Values: make([]any, len(samples))})
			}
			columns[k].Values[i] = metadataValue(v)
		}
	}
	slices.SortFunc(columns, func(a, b interchange.Column) int { return strings.Compare(a.Name, b.Name) })
	return columns
}

func metadataValue(v any) any {
	switch v := v.(type) {
	case nil, bool, string, int64, float64:
		return v
	case json.Number:
		if v == "-0" {
			return math.Copysign(0, -1)
		}
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err == nil && (strings.ContainsAny(v.String(), ".eE") || strconv.FormatFloat(f, 'f', -1, 64) == v.String()) {
			return f
		}
		return interchange.JSON(v.String()) // whole, with more digits than a float64 keeps
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return interchange.JSON(text)
}
