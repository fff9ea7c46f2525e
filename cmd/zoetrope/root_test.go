package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandHasExamples(t *testing.T) {
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		if c.Name() == "help" || c.Name() == "completion" { // cobra's own
			return
		}
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s has no short description or no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			if !strings.HasPrefix(line, "  zoetrope ") {
				t.Errorf("%s: example %q does not begin with two spaces and zoetrope", c.CommandPath(), line)
			}
		}
		for _, sub := range c.Commands() {
			check(sub)
		}
	}
	check(newRoot(&app{stdout: t.Output(), stderr: t.Output()}, nil))
}

func TestMeter(t *testing.T) {
	var screen bytes.Buffer
	m := &meter{w: &screen}
	m.show("neighbors", 0, 10)
	m.show("neighbors", 5, 10)
	m.show("layout", 1, 200)
	m.close()
	m.close() // close after close is nothing
	for _, want := range []string{"neighbors", "layout"} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("the screen never showed %q: %q", want, screen.String())
		}
	}
	new(meter).show("layout", 1, 2) // elsewhere than on a terminal nothing happens
}
