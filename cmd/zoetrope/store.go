package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// read calls f with the store that --db names, opened for looking only.
func (a *app) read(cmd *cobra.Command, f func(context.Context, *tracker.Store) error) error {
	return a.with(cmd, tracker.OpenOptions{ReadOnly: true}, f)
}

// with calls f with the store that --db names, and closes it.
func (a *app) with(cmd *cobra.Command, o tracker.OpenOptions, f func(context.Context, *tracker.Store) error) error {
	if a.db == "" {
		return usagef(cmd, "--db is empty: name a store")
	}
	store, err := tracker.Open(cmd.Context(), a.db, o)
	if errors.Is(err, tracker.ErrNoStore) && !strings.Contains(a.db, "://") {
		return fmt.Errorf("there is no store at %s: name one with --db or $ZOETROPE_DB, or make one with tracker.Log, 'zoetrope import' or 'zoetrope serve --create'", a.db)
	}
	if err != nil {
		return err
	}
	return errors.Join(f(cmd.Context(), store), store.Close())
}

// shownDB is --db for messages.
func (a *app) shownDB() string { return tracker.WithoutPassword(a.db) }

// runFlag adds --run to a command that is about one run.
func runFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "run", "", "the run: its name, experiment/name or id (default the newest)")
}

// findRun finds the run that --run names, or the newest.
func (a *app) findRun(ctx context.Context, store *tracker.Store, name string) (tracker.RunInfo, error) {
	info, err := store.Run(ctx, name)
	if name == "" && errors.Is(err, tracker.ErrNotFound) {
		return info, fmt.Errorf("%s holds no run yet: log one with tracker.Log, or import one with 'zoetrope import'", a.shownDB())
	}
	return info, err
}
