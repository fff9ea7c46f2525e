package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// read calls f with the store that --db names, opened read-only.
func (a *app) read(cmd *cobra.Command, f func(context.Context, *tracker.Store) error) error {
	return a.with(cmd, tracker.OpenOptions{ReadOnly: true}, f)
}

// with calls f with the store that --db names, and closes it.
func (a *app) with(cmd *cobra.Command, o tracker.OpenOptions, f func(context.Context, *tracker.Store) error) error {
	if a.DB == "" {
		return cli.Usagef(cmd, "--db is empty: name a store")
	}
	store, err := tracker.Open(cmd.Context(), a.DB, o)
	if errors.Is(err, tracker.ErrNoStore) && !strings.Contains(a.DB, "://") {
		return fmt.Errorf("there is no store at %s: name one with --db or $ZOETROPE_DB, or make one with tracker.Log, 'zoetrope import' or 'zoetrope serve --create'", a.DB)
	}
	if err != nil {
		return err
	}
	return errors.Join(f(cmd.Context(), store), store.Close())
}

// shownDB returns --db for messages, without a password.
func (a *app) shownDB() string { return tracker.WithoutPassword(a.DB) }

// runFlag adds --run to a command that is about one run.
func runFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "run", "", "the run: its name, experiment/name or id (default the newest)")
}

// takesRun makes a command that is about one run take it as its argument, too. The command has --run already, which sets name.
func takesRun(cmd *cobra.Command, name *string) {
	cmd.Use += " [RUN]"
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return nil
		case len(args) > 1:
			return fmt.Errorf("%s is about one run, and %d are named: %q", cmd.CommandPath(), len(args), args)
		case args[0] == "":
			return errors.New("the run's name is empty")
		case cmd.Flags().Changed("run") && *name != args[0]:
			return fmt.Errorf("the run is %q as an argument and %q with --run: name it once", args[0], *name)
		}
		*name = args[0]
		return nil
	}
}

// findRun finds the run that --run names, or the newest.
func (a *app) findRun(ctx context.Context, store *tracker.Store, name string) (tracker.RunInfo, error) {
	info, err := store.Run(ctx, name)
	if name == "" && errors.Is(err, tracker.ErrNotFound) {
		return info, fmt.Errorf("%s holds no run yet: log one with tracker.Log, or import one with 'zoetrope import'", a.shownDB())
	}
	return info, err
}

// findRuns finds the runs that --run names, each a run or a list of them, or the newest if there are none; it returns ids.
func (a *app) findRuns(ctx context.Context, store *tracker.Store, names []string) (ids []string, err error) {
	if len(names) == 0 {
		names = []string{""}
	}
	for _, name := range names {
		info, err := a.findRun(ctx, store, name)
		list := splitNames(name)
		if err == nil {
			ids = append(ids, info.ID)
			continue
		}
		if !errors.Is(err, tracker.ErrNotFound) || len(list) == 1 && list[0] == name {
			return nil, err
		}
		for _, name := range list {
			if name == "" {
				return nil, fmt.Errorf("the list of runs %q has an empty name", list)
			}
			if info, err = a.findRun(ctx, store, name); err != nil {
				return nil, err
			}
			ids = append(ids, info.ID)
		}
	}
	return ids, nil
}

// splitNames splits a list of names at its commas. Those within double quotes belong to the name, as in CSV.
func splitNames(list string) []string {
	names, err := csv.NewReader(strings.NewReader(list)).Read()
	if err != nil { // quotes that are not CSV's
		names = strings.Split(list, ",")
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	return names
}
