package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// rm holds the flags of 'zoetrope rm', and its arguments.
type rm struct {
	projections []string
	yes         bool
	keepSpace   bool
}

func rmCommand(a *app) *cobra.Command {
	var o rm
	cmd := &cobra.Command{
		Use:   "rm [flags] [RUN…]",
		Short: "Remove runs or projections, and give their space back",
		Long: `Rm removes runs, named by id, name or experiment/name, with everything logged for them, the projections made of
these runs alone, and the samples that no other run has; or, with --projection, single projections. Only a backup
can bring them back. Rm asks first, unless --yes is given, and refuses while a run is being written.

The space is then returned to the disk, for which the store is rewritten and needs that much space meanwhile. While
any run is being written, or with --keep-space, the space stays in the store for later epochs.`,
		Example: `  zoetrope rm cnn-first-try
  zoetrope rm --yes mnist/a mnist/b
  zoetrope rm --projection 3k5zvw2mrt --keep-space`,
		RunE: func(cmd *cobra.Command, runs []string) error {
			if len(runs) == 0 && len(o.projections) == 0 {
				return cli.Usagef(cmd, "name the runs to remove, or projections with --projection")
			}
			return a.with(cmd, tracker.OpenOptions{}, func(ctx context.Context, store *tracker.Store) error {
				return a.rm(ctx, cmd, store, runs, o)
			})
		},
	}
	cmd.Flags().StringArrayVar(&o.projections, "projection", nil, "the `id` of a projection to remove; may be given several times")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&o.keepSpace, "keep-space", false, "keep the space in the store for later epochs")
	return cmd
}

// rmResult lists the runs and projections that were removed, as JSON.
type rmResult struct {
	Runs        []runSummary `json:"runs"`
	Projections []string     `json:"projections"`
	Freed       int64        `json:"freed_bytes"` // given back to the disk
	Compacted   bool         `json:"compacted"`   // false: later epochs use the space
}

func (a *app) rm(ctx context.Context, cmd *cobra.Command, store *tracker.Store, runs []string, o rm) error {
	r := rmResult{Runs: []runSummary{}, Projections: []string{}}
	var what []string
	for _, name := range runs {
		if name == "" {
			return cli.Usagef(cmd, "a run's name is empty")
		}
		info, err := store.Run(ctx, name)
		if err != nil {
			return err
		}
		what = append(what, fmt.Sprintf("run %s/%s (%s, started %s)", info.Experiment, info.Name, cli.Plural(info.Epochs, "epoch"), cli.Clock(info.Started)))
		r.Runs = append(r.Runs, summarize(info))
	}
	for _, id := range o.projections {
		p, err := projector.Open(ctx, store, id)
		if err != nil {
			return err
		}
		what = append(what, fmt.Sprintf("projection %s (%s)", p.Info().ID, cli.Plural(p.Info().Points, "point")))
		r.Projections = append(r.Projections, p.Info().ID)
	}
	if !o.yes {
		if err := a.confirm(cmd, "Remove "+strings.Join(what, ", ")+" for good?"); err != nil {
			return err
		}
	}
	for _, run := range r.Runs {
		if err := store.RemoveRun(ctx, run.ID); err != nil {
			return err
		}
	}
	for _, id := range r.Projections {
		if err := projector.Delete(ctx, store, id); err != nil && !errors.Is(err, tracker.ErrNotFound) { // it may have been removed with its run
			return err
		}
	}
	why := "with --keep-space"
	if !o.keepSpace {
		freed, err := store.Compact(ctx)
		switch {
		case errors.Is(err, tracker.ErrRunActive):
			why = "because a run is being written"
		case err != nil:
			return fmt.Errorf("removed, but the space cannot be given back: %w", err)
		default:
			r.Freed, r.Compacted = freed, true
		}
	}
	if a.JSON {
		return a.PrintJSON(r)
	}
	for _, w := range what {
		fmt.Fprintf(a.Stdout, "removed %s\n", w)
	}
	if r.Compacted {
		a.Note("%.1f MB are given back to the disk", float64(r.Freed)/1e6)
	} else {
		a.Note("the space is left to what is logged next, %s", why)
	}
	return nil
}

// confirm asks, and returns an error for any answer but yes.
func (a *app) confirm(cmd *cobra.Command, question string) error {
	if !cli.IsTerminal(os.Stdin) || !cli.IsTerminal(a.Stderr) {
		return cli.Usagef(cmd, "cannot ask for confirmation here: confirm with --yes")
	}
	fmt.Fprintf(a.Stderr, "%s [y/N] ", cli.Visible(question))
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was removed")
}
