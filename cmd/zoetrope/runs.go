package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// runSummary is a run as JSON.
type runSummary struct {
	ID         string         `json:"id"`
	Experiment string         `json:"experiment"`
	Name       string         `json:"name"`
	State      string         `json:"state"`
	Quiet      bool           `json:"quiet"` // running, without a heartbeat for a while
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
	Host       string         `json:"host"` // the machine on which that ran
}

func summarize(r tracker.RunInfo) runSummary {
	s := runSummary{
		ID: r.ID, Experiment: r.Experiment, Name: r.Name, State: string(r.State), Quiet: quietFor(r, time.Now()) > 0, Cause: cli.OrNull(r.Cause),
		Started: cli.Stamp(r.Started), Seen: cli.Stamp(r.Seen), Ended: cli.Stamp(r.Ended),
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

// runsOptions are the flags of runs.
type runsOptions struct {
	filters, sort []string
	columns       string
	limit         int
}

// runColumns are the columns that runs prints by default.
const runColumns = "experiment,name,state,epochs,samples,layers,tags,started,id"

func runsCommand(a *app) *cobra.Command {
	var o runsOptions
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the runs in the store, newest first, or those that meet conditions, in a chosen order",
		Long: `Runs lists the runs in the store, newest first.

--filter, --sort and --columns name fields: ` + strings.Join(slices.Sorted(maps.Keys(runFields)), ", ") + `;
params.NAME is a param (params.A.B is B inside A), and metrics.NAME is the last value of a metric.

A condition is a field, one of = != < <= > >= ~, and a value. ~ finds a part of a text, in upper or lower case. Numbers are
compared as numbers, and times at the precision written: started=2026-07-01 is that day. At least one of the tags or
layers must meet a condition on them. A run without the field meets only !=; 'FIELD=' finds runs without it, 'FIELD!='
those that have it. All conditions must be met.

With --columns, JSON has objects of these fields, in this order.`,
		Example: `  zoetrope runs
  zoetrope runs --filter state=finished --filter 'params.lr<0.01' --sort -metrics.accuracy --limit 5
  zoetrope runs --columns 'name,epochs,params.*,metrics.loss' --filter tags=best
  zoetrope runs --json | jq -r '.[].name'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var filters []runFilter
			for _, text := range o.filters {
				f, err := parseFilter(text)
				if err != nil {
					return cli.Usagef(cmd, "--filter: %w", err)
				}
				filters = append(filters, f)
			}
			columns := splitNames(o.columns)
			for _, field := range columns {
				if err := checkField(field); err != nil {
					return cli.Usagef(cmd, "--columns: %w", err)
				}
			}
			for _, field := range o.sort {
				if err := checkField(strings.TrimPrefix(field, "-")); err != nil {
					return cli.Usagef(cmd, "--sort: %w", err)
				}
			}
			if o.limit < 0 {
				return cli.Usagef(cmd, "--limit is %d: want how many runs to list, or 0 for all", o.limit)
			}
			whole := a.JSON && !cmd.Flags().Changed("columns")
			return a.read(cmd, func(ctx context.Context, store *tracker.Store) error {
				runs, err := listRuns(ctx, store, filters, o.sort, columns)
				if err != nil {
					return err
				}
				if len(runs) == 0 && len(filters) > 0 {
					a.Note("no run meets the conditions")
				} else if len(runs) == 0 {
					a.Note("%s holds no run yet: log one with tracker.Log, or import one with 'zoetrope import'", a.shownDB())
				}
				if o.limit > 0 && len(runs) > o.limit {
					runs = runs[:o.limit]
				}
				return a.printRuns(runs, columnsOf(columns, runs), whole)
			})
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.filters, "filter", nil, "a `condition` that runs must meet, as params.lr<0.01; may be given several times")
	f.StringArrayVar(&o.sort, "sort", nil, "a `field` to sort by, with a minus the largest first; may be given several times (default the newest first)")
	f.IntVarP(&o.limit, "limit", "n", 0, "how many runs to list; 0 is all")
	f.StringVar(&o.columns, "columns", runColumns, "the `fields` to print, separated by commas; params.* and metrics.* are all of them")
	return cmd
}

// listRuns returns the runs that meet the filters, with the metrics that are asked for, sorted.
func listRuns(ctx context.Context, store *tracker.Store, filters []runFilter, order, columns []string) ([]listedRun, error) {
	all, err := store.Runs(ctx)
	if err != nil {
		return nil, err
	}
	fields := slices.Concat(order, columns)
	for _, f := range filters {
		fields = append(fields, f.field)
	}
	var names []string
	for _, field := range fields {
		if name, ok := strings.CutPrefix(strings.TrimPrefix(field, "-"), metricPrefix); ok {
			names = append(names, name)
		}
	}
	var metrics map[string]map[string]float64
	if len(names) > 0 {
		if slices.Contains(names, "*") {
			names = nil
		}
		if metrics, err = store.LastMetrics(ctx, names...); err != nil {
			return nil, err
		}
	}
	var runs []listedRun
	for _, info := range all {
		r := listedRun{info, metrics[info.ID]}
		if !slices.ContainsFunc(filters, func(f runFilter) bool { return !f.matches(r) }) {
			runs = append(runs, r)
		}
	}
	sortRuns(runs, order)
	return runs, nil
}

// printRuns prints the columns of runs or, as JSON, everything about them.
func (a *app) printRuns(runs []listedRun, columns []string, whole bool) error {
	if a.JSON {
		list := make([]any, len(runs))
		for i, r := range runs {
			if list[i] = (runCells{columns, r}); whole {
				list[i] = summarize(r.RunInfo)
			}
		}
		return a.PrintJSON(list)
	}
	if len(runs) == 0 {
		return nil
	}
	t := cli.NewTable(a.Stdout)
	row := func(cell func(column string) string) {
		cells := make([]any, len(columns))
		for i, c := range columns {
			cells[i] = cell(c)
		}
		t.Row(cells...)
	}
	row(heading)
	for _, r := range runs {
		row(func(column string) string {
			if column == "state" {
				return stateOf(r.RunInfo, time.Now())
			}
			return cellText(r.value(column))
		})
	}
	return t.Flush()
}

// heading returns the title of a column: a field's name in capitals, or the name of a param or metric unchanged.
func heading(field string) string {
	if runFields[field] != nil {
		return strings.ToUpper(field)
	}
	return field
}

// silence is how long the heartbeat of a running run, sent every 5 s, may be missing before the list says so.
const silence = 20 * time.Second

// quietFor returns how long a running run has been without a heartbeat; 0 if not longer than silence.
func quietFor(r tracker.RunInfo, now time.Time) time.Duration {
	if d := now.Sub(r.Seen); r.State == tracker.Running && d > silence {
		return d
	}
	return 0
}

// stateOf formats a run's state for people.
func stateOf(r tracker.RunInfo, now time.Time) string {
	switch d := quietFor(r, now); {
	case d > 0:
		return fmt.Sprintf("running, but silent for %s", d.Round(time.Second))
	case r.Cause != "":
		return string(r.State) + ": " + r.Cause
	}
	return string(r.State)
}
