package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// runSummary is a run as JSON.
type runSummary struct {
	ID         string         `json:"id"`
	Experiment string         `json:"experiment"`
	Name       string         `json:"name"`
	State      string         `json:"state"`
	Cause      *string        `json:"cause"` // why it failed
	Started    *time.Time     `json:"started"`
	Seen       *time.Time     `json:"seen"`
	Ended      *time.Time     `json:"ended"`
	Epochs     int            `json:"epochs"`     // how many are logged
	LastEpoch  *int           `json:"last_epoch"` // null before the first
	Samples    int            `json:"samples"`
	Layers     []string       `json:"layers"`
	Params     map[string]any `json:"params"`
}

func summarize(r tracker.RunInfo) runSummary {
	s := runSummary{
		ID: r.ID, Experiment: r.Experiment, Name: r.Name, State: string(r.State), Cause: orNull(r.Cause),
		Started: stamp(r.Started), Seen: stamp(r.Seen), Ended: stamp(r.Ended),
		Epochs: r.Epochs, Samples: r.Samples, Layers: r.Layers, Params: r.Params,
	}
	if r.Epochs > 0 {
		s.LastEpoch = &r.LastEpoch
	}
	if s.Layers == nil {
		s.Layers = []string{}
	}
	if s.Params == nil {
		s.Params = map[string]any{}
	}
	return s
}

func runsCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "runs",
		Short:   "List the runs in the store, newest first",
		Example: "  zoetrope runs\n  zoetrope runs --json | jq -r '.[].name'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := a.read(cmd)
			if err != nil {
				return err
			}
			defer store.Close()
			runs, err := store.Runs(cmd.Context())
			if err != nil {
				return err
			}
			return a.printRuns(runs)
		},
	}
}

func (a *app) printRuns(runs []tracker.RunInfo) error {
	if a.json {
		list := make([]runSummary, len(runs))
		for i, r := range runs {
			list[i] = summarize(r)
		}
		return a.printJSON(list)
	}
	if len(runs) == 0 {
		a.note("%s holds no run yet: log one with tracker.Log, or import one with 'zoetrope import'", a.db)
		return nil
	}
	t := newTable(a.stdout)
	t.row("EXPERIMENT", "NAME", "STATE", "EPOCHS", "SAMPLES", "LAYERS", "STARTED", "ID")
	for _, r := range runs {
		t.row(r.Experiment, r.Name, r.State, r.Epochs, r.Samples, strings.Join(r.Layers, ","), clock(r.Started), r.ID)
	}
	return t.flush()
}
