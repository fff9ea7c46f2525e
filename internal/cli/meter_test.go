package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestMeter(t *testing.T) {
	var screen bytes.Buffer
	m := &Meter{w: &screen}
	m.Show("neighbors", 0, 10)
	m.Show("neighbors", 5, 10)
	m.Show("layout", 1, 200)
	m.Close()
	m.Close() // close after close is nothing
	for _, want := range []string{"neighbors", "layout"} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("the screen never showed %q: %q", want, screen.String())
		}
	}
	new(Meter).Show("layout", 1, 2) // elsewhere than on a terminal nothing happens
}
