package main

import (
	"context"
	"fmt"
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
	Quiet      bool           `json:"quiet"` // running, and no sign of life for a while
	Cause      *string        `json:"cause"` // why it failed
	Started    *time.Time     `json:"started"`
	Seen       *time.Time     `json:"seen"`
	Ended      *time.Time     `json:"ended"`
	Epochs     int            `json:"epochs"`     // how many are logged
	LastEpoch  *int           `json:"last_epoch"` // null before the first
	Samples    int            `json:"samples"`
	Layers     []string       `json:"layers"`
	Params     map[string]any `json:"params"`
	Tags       []string       `json:"tags"`
	Notes      string         `json:"notes"`
	Code       string         `json:"code"` // main package and revision of the program that wrote it last
	Host       string         `json:"host"` // where that ran
}

func summarize(r tracker.RunInfo) runSummary {
	s := runSummary{
		ID: r.ID, Experiment: r.Experiment, Name: r.Name, State: string(r.State), Quiet: quietFor(r, time.Now()) > 0, Cause: orNull(r.Cause),
		Started: stamp(r.Started), Seen: stamp(r.Seen), Ended: stamp(r.Ended),
		Epochs: r.Epochs, Samples: r.Samples, Layers: r.Layers, Params: r.Params,
		Tags: r.Tags, Notes: r.Notes, Code: r.Code, Host: r.Host,
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
			return a.read(cmd, func(ctx context.Context, store *tracker.Store) error {
				runs, err := store.Runs(ctx)
				if err != nil {
					return err
				}
				return a.printRuns(runs)
			})
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
		a.note("%s holds no run yet: log one with tracker.Log, or import one with 'zoetrope import'", a.shownDB())
		return nil
	}
	t := newTable(a.stdout)
	t.row("EXPERIMENT", "NAME", "STATE", "EPOCHS", "SAMPLES", "LAYERS", "TAGS", "STARTED", "ID")
	for _, r := range runs {
		t.row(r.Experiment, r.Name, stateOf(r, time.Now()), r.Epochs, r.Samples, strings.Join(r.Layers, ","), strings.Join(r.Tags, ","), clock(r.Started), r.ID)
	}
	return t.flush()
}

// silence is how long a running run may give no sign of life, which its writer does every 5 s, before that is said.
const silence = 20 * time.Second

// quietFor returns for how long a running run has been silent; 0 if that is no reason to wonder.
func quietFor(r tracker.RunInfo, now time.Time) time.Duration {
	if d := now.Sub(r.Seen); r.State == tracker.Running && d > silence {
		return d
	}
	return 0
}

// stateOf writes a run's state for people.
func stateOf(r tracker.RunInfo, now time.Time) string {
	switch d := quietFor(r, now); {
	case d > 0:
		return fmt.Sprintf("running, but silent for %s", d.Round(time.Second))
	case r.Cause != "":
		return string(r.State) + ": " + r.Cause
	}
	return string(r.State)
}
