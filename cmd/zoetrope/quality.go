package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

func qualityCommand(a *app) *cobra.Command {
	var which projectionFlags
	var exact bool
	cmd := &cobra.Command{
		Use:   "quality",
		Short: "Print how far a map can be trusted",
		Long: `Quality prints how faithful a map is to the vectors that it was made from, over all epochs, and for each
epoch on the map and in the original space. If samples have no labels, or all the same label, the measures of
labels are missing: a dash, and null in JSON.

With many samples, some measures are estimated from a part of them; --exact uses all.`,
		Example: `  zoetrope quality
  zoetrope quality --exact
  zoetrope quality --run cnn --json | jq '{trust_epoch, knn15, knn50}'`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := tracker.OpenOptions{ReadOnly: !exact} // exact measures are stored
			return a.with(cmd, o, func(ctx context.Context, store *tracker.Store) error {
				p, _, err := a.findProjection(ctx, store, which)
				if err != nil {
					return err
				}
				if _, err := a.tellProjection(ctx, store, p); err != nil {
					return err
				}
				measure := p.Quality
				if exact {
					measure = p.ExactQuality
				}
				q, err := measure(ctx)
				if err != nil {
					return err
				}
				titles, err := titlesOf(ctx, store, p.Info().Runs)
				if err != nil {
					return err
				}
				a.tellSameness(p.Info(), q, titles)
				if a.JSON {
					return a.PrintJSON(q)
				}
				return a.printQuality(ctx, store, q)
			})
		},
	}
	which.add(cmd)
	takesRun(cmd, &which.run)
	cmd.Flags().BoolVar(&exact, "exact", false, "measure from all samples, and keep the result")
	return cmd
}

func (a *app) printQuality(ctx context.Context, store *tracker.Store, q *projector.Quality) error {
	t := cli.NewTable(a.Stdout)
	for _, m := range explained(q) {
		t.Row(m.name, m.value, m.says)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if q.Unmeasured > 0 {
		a.Note("left out, because the vectors that placed them were replaced or removed since: %s of the map", cli.Plural(q.Unmeasured, "epoch"))
	}
	if !q.Exact {
		a.Note("estimated from a part of the samples; 'zoetrope quality --exact' takes all")
	}
	fmt.Fprintln(a.Stdout)
	if text := tempo(q); text != "" {
		fmt.Fprintf(a.Stdout, "%s\n\n", text)
	}
	return a.printEpochQuality(ctx, store, q)
}

// printEpochQuality prints a row for each epoch: its measures, then the changes since the previous epoch.
func (a *app) printEpochQuality(ctx context.Context, store *tracker.Store, q *projector.Quality) error {
	type key struct {
		run   string
		epoch int
	}
	since := map[key]projector.TransitionQuality{}
	for _, s := range q.Transitions {
		since[key{s.Run, s.To}] = s
	}
	titles := map[string]string{}
	for _, e := range q.Epochs {
		if titles[e.Run] != "" {
			continue
		}
		title, err := titlesOf(ctx, store, []string{e.Run})
		if err != nil {
			return err
		}
		titles[e.Run] = title[0]
	}
	t := cli.NewTable(a.Stdout)
	row := func(run string, cells ...any) {
		if len(titles) > 1 {
			cells = append([]any{run}, cells...)
		}
		t.Row(cells...)
	}
	row("RUN", "EPOCH", "TRUST", "CONTINUITY", "OWN15", "DUST", "SIL_MAP", "SIL_ORIG", "PURITY_MAP", "PURITY_ORIG", "SEP_MAP", "SEP_ORIG",
		"CKA_MAP", "CKA_ORIG", "CHURN_MAP", "CHURN_ORIG", "SHARE_MAP", "SHARE_ORIG", "PACE", "MOTION")
	for _, e := range q.Epochs {
		s := since[key{e.Run, e.Epoch}]
		row(titles[e.Run], e.Epoch, measured(e.Trustworthiness), measured(e.Continuity), measured(e.Own15), fine(e.Dust),
			measured(e.Map.Silhouette), measured(e.Original.Silhouette), measured(e.Map.Purity), measured(e.Original.Purity),
			measured(e.Map.Separation), measured(e.Original.Separation),
			measured(s.Map.CKA), measured(s.Original.CKA), measured(s.Map.Churn), measured(s.Original.Churn),
			measured(s.Map.Share), measured(s.Original.Share), measured(s.Pace), measured(s.Motion))
	}
	return t.Flush()
}

// measured formats a measure; an undefined one is empty.
func measured(v *float64) string { return rounded(v, 3) }

// fine formats a small share like measured, with a digit more.
func fine(v *float64) string { return rounded(v, 4) }

func rounded(v *float64, digits int) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', digits, 64)
}
