package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

func editCommand(a *app) *cobra.Command {
	var run, name, notes string
	var add, remove, set, unset []string
	cmd := &cobra.Command{
		Use:   "edit",
		Short: "Change a run's name, notes, tags or params",
		Long: `Edit changes a run's name, notes, tags and params, also while it is being written. A run is named by its id,
its name or experiment/name; the id never changes. Edit prints the changed run.

The value of a param is JSON if it can be read as JSON, else text: lr=0.1 is a number, and name='"0.1"' is text. Resuming
the run then requires the changed params, except those for the length of training: epochs, max_steps and the like.`,
		Example: `  zoetrope edit --run cnn --name cnn-wide
  zoetrope edit --run mnist/cnn --add-tag best --remove-tag todo
  zoetrope edit cnn --set-param epochs=20 --remove-param comment
  zoetrope edit --notes "the learning rate was too high"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e := tracker.RunEdit{AddTags: add, RemoveTags: remove, SetParams: map[string]any{}, RemoveParams: unset}
			for _, text := range set {
				name, value, ok := strings.Cut(text, "=")
				if !ok || name == "" {
					return cli.Usagef(cmd, "--set-param is %q: want NAME=VALUE", text)
				}
				e.SetParams[name] = parseParam(value)
			}
			if cmd.Flags().Changed("name") {
				e.Name = &name
			}
			if cmd.Flags().Changed("notes") {
				e.Notes = &notes
			}
			if e.Name == nil && e.Notes == nil && len(add)+len(remove)+len(set)+len(unset) == 0 {
				return cli.Usagef(cmd, "say what to change: --name, --notes, --add-tag, --remove-tag, --set-param or --remove-param")
			}
			return a.with(cmd, tracker.OpenOptions{}, func(ctx context.Context, store *tracker.Store) error {
				info, err := a.findRun(ctx, store, run)
				if err != nil {
					return err
				}
				if err := store.Edit(ctx, info.ID, e); err != nil {
					return err
				}
				if info, err = store.Run(ctx, info.ID); err != nil {
					return err
				}
				if a.JSON {
					return a.PrintJSON(summarize(info))
				}
				t := cli.NewTable(a.Stdout)
				describe(t, info)
				if len(set)+len(unset) > 0 {
					t.Row("params", params(info.Params))
				}
				return t.Flush()
			})
		},
	}
	runFlag(cmd, &run)
	takesRun(cmd, &run)
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "the run's new name, unique within its experiment")
	f.StringVar(&notes, "notes", "", "new notes, which replace the present ones; empty for none")
	f.StringArrayVar(&add, "add-tag", nil, "a tag to add; may be given several times")
	f.StringArrayVar(&remove, "remove-tag", nil, "a tag to remove; may be given several times")
	f.StringArrayVar(&set, "set-param", nil, "a param to set, as `NAME=VALUE`; may be given several times")
	f.StringArrayVar(&unset, "remove-param", nil, "the `name` of a param to remove; may be given several times")
	return cmd
}

// parseParam reads a param's value: JSON, or else text.
func parseParam(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return text
	}
	return v
}
