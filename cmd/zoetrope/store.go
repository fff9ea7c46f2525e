package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// open opens the store that --db names. Its errors say what to do about a store that is not there.
func (a *app) open(cmd *cobra.Command, o tracker.OpenOptions) (*tracker.Store, error) {
	if a.db == "" {
		return nil, usagef(cmd, "--db is empty: name a store")
	}
	store, err := tracker.Open(cmd.Context(), a.db, o)
	if errors.Is(err, tracker.ErrNoStore) {
		return nil, fmt.Errorf("there is no store at %s: name one with --db or $ZOETROPE_DB, or make one with tracker.Log or 'zoetrope import'", a.db)
	}
	return store, err
}

// read opens the store for a command that only looks.
func (a *app) read(cmd *cobra.Command) (*tracker.Store, error) {
	return a.open(cmd, tracker.OpenOptions{ReadOnly: true})
}

// runFlag adds --run to a command that is about one run.
func runFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "run", "", "the run: its name, experiment/name or id (default the newest)")
}

// findRun finds the run that --run names, or the newest.
func (a *app) findRun(ctx context.Context, store *tracker.Store, name string) (tracker.RunInfo, error) {
	info, err := store.Run(ctx, name)
	if name == "" && errors.Is(err, tracker.ErrNotFound) {
		return info, fmt.Errorf("%s holds no run yet: log one with tracker.Log, or import one with 'zoetrope import'", a.db)
	}
	return info, err
}
