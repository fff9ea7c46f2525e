package tracker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A crashState is the content of a run: which attempt at each epoch.
type crashState map[int]int

// String writes the state as the writer says it: "1:7 2:9".
func (s crashState) String() string {
	var parts []string
	for _, e := range slices.Sorted(maps.Keys(s)) {
		parts = append(parts, fmt.Sprintf("%d:%d", e, s[e]))
	}
	return strings.Join(parts, " ")
}

func parseCrashState(t *testing.T, text string) crashState {
	s := crashState{}
	for part := range strings.FieldsSeq(text) {
		var e, attempt int
		if _, err := fmt.Sscanf(part, "%d:%d", &e, &attempt); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		s[e] = attempt
	}
	return s
}

// A crashOp is one call of the writer's: "new" or "replace" logs an epoch, "cut" truncates after it.
type crashOp struct {
	kind           string
	epoch, attempt int
}

func parseCrashOp(t *testing.T, text string) (op crashOp) {
	if _, err := fmt.Sscan(text, &op.kind, &op.epoch, &op.attempt); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return op
}

func (op crashOp) String() string { return fmt.Sprint(op.kind, " ", op.epoch, " ", op.attempt) }

func (op crashOp) apply(s crashState) crashState {
	s = maps.Clone(s)
	if s == nil {
		s = crashState{}
	}
	if op.kind == "cut" {
		maps.DeleteFunc(s, func(epoch, _ int) bool { return epoch > op.epoch })
	} else {
		s[op.epoch] = op.attempt
	}
	return s
}

// A crashModel is what the store must hold.
type crashModel struct {
	acked   crashState
	pending []crashOp // begun, in this order, and not acknowledged
}

func (m *crashModel) acknowledge() {
	for _, op := range m.pending {
		m.acked = op.apply(m.acked)
	}
	m.pending = nil
}

// possible returns what the store may hold: nothing of the pending calls, the first, the first two, …
func (m *crashModel) possible() []crashState {
	states := []crashState{m.acked}
	for _, op := range m.pending {
		states = append(states, op.apply(states[len(states)-1]))
	}
	return states
}
