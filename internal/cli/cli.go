// Package cli holds the parts that this module's commands share: flags, exit statuses, tables, JSON and the meter of long work.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// App holds the state that subcommands share: where they write, and the flags that all of them take.
type App struct {
	Stdout, Stderr io.Writer
	DB             string // the store that --db names
	JSON           bool
}

// Main runs a command until it ends or is interrupted, and exits with its status.
func Main(run func(ctx context.Context, args []string, stdout, stderr io.Writer) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first Ctrl-C asks, the second one kills
	os.Exit(run(ctx, os.Args[1:], forPeople(os.Stdout), os.Stderr))
}

// Finish completes a root command to which all subcommands were added: the flags --db and --json, help and completion, and
// the messages for a wrong command line.
func (a *App) Finish(root *cobra.Command, args []string) *cobra.Command {
	root.Args = Subcommand
	if root.RunE == nil {
		root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	root.SilenceErrors = true // Run prints them
	root.SilenceUsage = true
	root.SuggestionsMinimumDistance = 2
	root.SetArgs(args)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	db := os.Getenv("ZOETROPE_DB")
	if db == "" {
		db = "zoetrope.db"
	}
	root.PersistentFlags().StringVar(&a.DB, "db", db, "the store: a file, or postgres://user@host/database; $ZOETROPE_DB overrides this default")
	root.PersistentFlags().Lookup("db").DefValue = tracker.WithoutPassword(db) // which --help shows
	root.PersistentFlags().BoolVar(&a.JSON, "json", false, "print the result as JSON")
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return WrongUsage(cmd, err) })
	for _, c := range append(root.Commands(), root) {
		markArgs(c)
	}
	return root
}

// Run executes a root command and returns the exit status: 0, 1 when something failed, 2 when the command line was wrong.
func (a *App) Run(ctx context.Context, root *cobra.Command) int {
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var usage *UsageError
	if errors.As(err, &usage) {
		fmt.Fprintf(a.Stderr, "%s: %s\nRun '%s --help' for how it is used.\n", root.Name(), Visible(err.Error()), usage.command)
		return 2
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("interrupted: %w", err)
	}
	fmt.Fprintf(a.Stderr, "%s: %s\n", root.Name(), Visible(err.Error()))
	return 1
}
