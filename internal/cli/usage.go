package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Subcommand returns an error about the first argument of a command that only has subcommands.
func Subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	msg := fmt.Sprintf("there is no command %q", strings.TrimPrefix(cmd.CommandPath()+" "+args[0], cmd.Root().Name()+" "))
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		msg += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("%s", msg)
}

// markArgs makes errors about the arguments of c and its subcommands a [UsageError].
func markArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return WrongUsage(cmd, err)
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

// A UsageError reports a command line that is wrong whatever the store holds.
type UsageError struct {
	command string // the full name of the command whose help to read
	err     error
}

func (e *UsageError) Error() string { return e.err.Error() }
func (e *UsageError) Unwrap() error { return e.err }

// WrongUsage makes err a [UsageError] of cmd.
func WrongUsage(cmd *cobra.Command, err error) error {
	return &UsageError{command: cmd.CommandPath(), err: err}
}

// Usagef is [WrongUsage] with a message.
func Usagef(cmd *cobra.Command, format string, args ...any) error {
	return WrongUsage(cmd, fmt.Errorf(format, args...))
}
