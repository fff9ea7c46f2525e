package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// runDetails holds everything that show prints about a run, as JSON.
type runDetails struct {
	runSummary
	Labels      map[string]int `json:"labels"`     // samples by label
	Unlabelled  int            `json:"unlabelled"` // samples without a label a label a label a label a label
	Frames      []frameSpan    `json:"frames"`     // one for each layer
	History     []epochDetails `json:"history"`    // by epoch, ascending
	Projections []shownMap     `json:"projections"`
}

// shownMap is a projection, the names of its runs, and how far it is behind them.
type shownMap struct {
	projector.Info
	RunNames []string          `json:"run_names"` // experiment/name, in the order of runs
	Behind   *projector.Behind `json:"behind"`
}

// frameSpan says at which epochs a layer was logged.
type frameSpan struct {
	Layer            string `json:"layer"`
	Dim              int    `json:"dim"`
	FirstEpoch       int    `json:"first_epoch"`
	LastEpoch        int    `json:"last_epoch"`
	Epochs           int    `json:"epochs"`
	tracker.Sameness        // of the last epoch
}

// epochDetails is one epoch with the last value of each of its metrics.
type epochDetails struct {
	Epoch   int                   `json:"epoch"`
	Step    int                   `json:"step"`
	Time    *time.Time            `json:"time"`
	Metrics map[string]cli.Number `json:"metrics"`
}

func showCommand(a *app) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show one run: its samples, layers, epochs, metrics and projections",
		Example: `  zoetrope show
  zoetrope show mnist/cnn
  zoetrope show cnn --json | jq '.history[] | {epoch, loss: .metrics.loss}'`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd, func(ctx context.Context, store *tracker.Store) error {
				run, err := a.findRun(ctx, store, name)
				if err != nil {
					return err
				}
				d, err := readDetails(ctx, store, run)
				if err != nil {
					return err
				}
				if a.JSON {
					return a.PrintJSON(d)
				}
				return a.printDetails(d, run)
			})
		},
	}
	runFlag(cmd, &name)
	takesRun(cmd, &name)
	return cmd
}

func readDetails(ctx context.Context, store *tracker.Store, run tracker.RunInfo) (*runDetails, error) {
	d := &runDetails{runSummary: summarize(run), Labels: map[string]int{}, Frames: []frameSpan{}}
	samples, err := store.Samples(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range samples {
		if s.Label == "" {
			d.Unlabelled++
		} else {
			d.Labels[s.Label]++
		}
	}
	frames, err := store.Frames(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	for _, f := range frames { // by layer, then by epoch
		if n := len(d.Frames); n == 0 || d.Frames[n-1].Layer != f.Layer {
			d.Frames = append(d.Frames, frameSpan{Layer: f.Layer, Dim: f.Dim, FirstEpoch: f.Epoch})
		}
		span := &d.Frames[len(d.Frames)-1]
		span.LastEpoch, span.Rows = f.Epoch, f.Rows
		span.Epochs++
	}
	for i := range d.Frames {
		span := &d.Frames[i]
		last, err := store.Frame(ctx, run.ID, span.Layer, span.LastEpoch)
		switch {
		case err == nil:
			span.Sameness = tracker.SamenessOf(last.Vectors, last.Dim)
		case !errors.Is(err, tracker.ErrCorrupt) && !errors.Is(err, tracker.ErrNotFound): // damage, or a frame replaced just now, must not hide the run
			return nil, err
		}
	}
	if d.History, err = readHistory(ctx, store, run.ID); err != nil {
		return nil, err
	}
	d.Projections, err = readMaps(ctx, store, run.ID)
	return d, err
}

// readMaps reads the projections of a run, the newest first.
func readMaps(ctx context.Context, store *tracker.Store, run string) ([]shownMap, error) {
	list, err := projector.List(ctx, store, run)
	if err != nil {
		return nil, err
	}
	shown := []shownMap{}
	for _, info := range list {
		m := shownMap{Info: info}
		if m.RunNames, err = titlesOf(ctx, store, info.Runs); err != nil {
			return nil, err
		}
		p, err := projector.Open(ctx, store, info.ID)
		if err != nil {
			return nil, err
		}
		if m.Behind, err = p.Behind(ctx); err != nil {
			return nil, err
		}
		shown = append(shown, m)
	}
	return shown, nil
}

func readHistory(ctx context.Context, store *tracker.Store, run string) ([]epochDetails, error) {
	epochs, err := store.Epochs(ctx, run)
	if err != nil {
		return nil, err
	}
	metrics, err := store.Metrics(ctx, run)
	if err != nil {
		return nil, err
	}
	history := make([]epochDetails, len(epochs))
	at := make(map[int]int, len(epochs))
	for i, e := range epochs {
		history[i] = epochDetails{Epoch: e.Number, Step: e.Step, Time: cli.Stamp(e.Time), Metrics: map[string]cli.Number{}}
		at[e.Number] = i
	}
	for _, m := range metrics { // by name, then by step
		if i, ok := at[m.Epoch]; ok {
			history[i].Metrics[m.Name] = cli.Number(m.Value)
		}
	}
	return history, nil
}

func (a *app) printDetails(d *runDetails, run tracker.RunInfo) error {
	t := cli.NewTable(a.Stdout)
	describe(t, run)
	t.Row("id", run.ID)
	t.Row("state", stateOf(run, time.Now()))
	t.Row("started", cli.Clock(run.Started))
	if !run.Ended.IsZero() {
		t.Row("ended", cli.Clock(run.Ended))
	}
	t.Row("params", params(run.Params))
	t.Row("code", run.Code)
	t.Row("host", run.Host)
	t.Row("samples", fmt.Sprintf("%d (%s, %d unlabelled)", d.Samples, cli.Plural(len(d.Labels), "label"), d.Unlabelled))
	for _, f := range d.Frames {
		if notice := f.Notice(); notice != "" {
			a.Note("layer %s, epoch %d: %s", f.Layer, f.LastEpoch, notice)
		}
		t.Row("layer", fmt.Sprintf("%s: %d×%d, %s from %d to %d", f.Layer, f.Rows, f.Dim, cli.Plural(f.Epochs, "epoch"), f.FirstEpoch, f.LastEpoch))
	}
	for _, p := range d.Projections {
		says := fmt.Sprintf("%s: layer %s, %s %s, %s, made %s", p.ID, p.Layer, p.Method, p.Mode, cli.Plural(p.Points, "point"), cli.Clock(p.Created))
		if len(p.RunNames) > 1 {
			says += ", of " + strings.Join(p.RunNames, ", ")
		}
		if p.Behind.Total() > 0 {
			says += ", behind by " + p.Behind.String()
		}
		t.Row("projection", says)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(d.History) == 0 {
		return nil
	}
	fmt.Fprintln(a.Stdout)
	return a.printHistory(d.History)
}

// describe prints a run's name, tags and notes.
func describe(t cli.Table, run tracker.RunInfo) {
	t.Row("run", run.Experiment+"/"+run.Name)
	if len(run.Tags) > 0 {
		t.Row("tags", strings.Join(run.Tags, ", "))
	}
	if run.Notes != "" {
		t.Row("notes", run.Notes)
	}
}

// printHistory prints a row for each epoch and a column for each metric.
func (a *app) printHistory(history []epochDetails) error {
	names := map[string]bool{}
	for _, e := range history {
		for name := range e.Metrics {
			names[name] = true
		}
	}
	columns := slices.Sorted(maps.Keys(names))
	t := cli.NewTable(a.Stdout)
	head := []any{"EPOCH", "STEP"}
	for _, c := range columns {
		head = append(head, strings.ToUpper(c))
	}
	t.Row(head...)
	for _, e := range history {
		row := []any{e.Epoch, e.Step}
		for _, c := range columns {
			cell := ""
			if v, ok := e.Metrics[c]; ok {
				cell = strconv.FormatFloat(float64(v), 'g', 5, 64)
			}
			row = append(row, cell)
		}
		t.Row(row...)
	}
	return t.Flush()
}

// params formats a run's settings as name=value, sorted by name, strings without quotes.
func params(m map[string]any) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+"="+paramText(m[k]))
	}
	return strings.Join(parts, " ")
}

func paramText(v any) string {
	switch v.(type) {
	case string, json.Number, bool:
	default:
		if b, err := json.Marshal(v); err == nil {
			return string(b)
		}
	}
	return fmt.Sprint(v)
}
