package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// app is what the subcommands share: where they write, and the flags that all of them take.
type app struct {
	stdout, stderr io.Writer
	db             string
	json           bool
}

// newRoot builds the command and all its subcommands.
func newRoot(a *app, args []string) *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "zoetrope",
		Short: "Watch a neural network's hidden layers while it trains",
		Long: `Zoetrope records what a neural network's hidden layer looks like at every epoch of its training,
and draws all epochs on one shared map, so that clusters can be watched forming, splitting and moving.

Runs come from a program that calls tracker.Log, or from 'zoetrope import'.`,
		Example: `  zoetrope import --run reference --labels labels.npy embeddings.npy
  zoetrope project --run reference --n-neighbors 20 --min-dist 0.01
  zoetrope points --epoch 7 --format csv -o epoch7.csv
  zoetrope serve`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return a.printVersion()
			}
			return cmd.Help()
		},
		SilenceErrors:              true, // run prints them
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
	}
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	db := os.Getenv("ZOETROPE_DB")
	if db == "" {
		db = "zoetrope.db"
	}
	root.PersistentFlags().StringVar(&a.db, "db", db, "the store: a file, or postgres://user@host/database; $ZOETROPE_DB overrides this default")
	root.PersistentFlags().Lookup("db").DefValue = tracker.WithoutPassword(db) // which --help shows
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print the result as JSON")
	root.Flags().BoolVar(&version, "version", false, "print which build this is")
	root.AddCommand(
		runsCommand(a), showCommand(a), editCommand(a), importCommand(a), exportCommand(a), plotCommand(a), projectCommand(a), pointsCommand(a),
		neighborsCommand(a), qualityCommand(a), serveCommand(a), doctorCommand(a), backupCommand(a), rmCommand(a), benchCommand(a), versionCommand(a),
	)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return wrongUsage(cmd, err) })
	for _, c := range append(root.Commands(), root) {
		markArgs(c)
	}
	return root
}

// subcommand complains about the first argument of a command that only has subcommands.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	msg := fmt.Sprintf("there is no command %q", strings.TrimPrefix(cmd.CommandPath()+" "+args[0], cmd.Root().Name()+" "))
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		msg += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("%s", msg)
}

// markArgs makes a complaint of c about its arguments, and those of its subcommands, a [usageError].
func markArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return wrongUsage(cmd, err)
			}
			return nil
		}
	}
	if c.HasParent() {
		for _, sub := range c.Commands() {
			markArgs(sub)
		}
	}
}

// A usageError is a command line that was wrong, whatever the store holds.
type usageError struct {
	command string // the full name of the command whose help to read
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func wrongUsage(cmd *cobra.Command, err error) error {
	return &usageError{command: cmd.CommandPath(), err: err}
}

func usagef(cmd *cobra.Command, format string, args ...any) error {
	return wrongUsage(cmd, fmt.Errorf(format, args...))
}
