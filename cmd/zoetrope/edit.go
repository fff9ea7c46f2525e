package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

func editCommand(a *app) *cobra.Command {
	var run, name, notes string
	var add, remove []string
	cmd := &cobra.Command{
		Use:   "edit [flags]",
		Short: "Change a run's name, notes or tags",
		Long: `Edit changes what people say about a run, also while it is being written. A run is named by its id,
its name or experiment/name; the id never changes. Prints the run as it then is.`,
		Example: `  zoetrope edit --run cnn --name cnn-wide
  zoetrope edit --run mnist/cnn --add-tag best --remove-tag todo
  zoetrope edit --notes "the learning rate was too high"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e := tracker.RunEdit{AddTags: add, RemoveTags: remove}
			if cmd.Flags().Changed("name") {
				e.Name = &name
			}
			if cmd.Flags().Changed("notes") {
				e.Notes = &notes
			}
			if e.Name == nil && e.Notes == nil && len(add) == 0 && len(remove) == 0 {
				return usagef(cmd, "say what to change: --name, --notes, --add-tag or --remove-tag")
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
				if a.json {
					return a.printJSON(summarize(info))
				}
				t := newTable(a.stdout)
				describe(t, info)
				return t.flush()
			})
		},
	}
	runFlag(cmd, &run)
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "the run's new name, unique within its experiment")
	f.StringVar(&notes, "notes", "", "new notes, in place of those that it has; empty for none")
	f.StringArrayVar(&add, "add-tag", nil, "a tag to add; may be given several times")
	f.StringArrayVar(&remove, "remove-tag", nil, "a tag to remove; may be given several times")
	return cmd
}
