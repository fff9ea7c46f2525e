package main

import (
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

func TestStateOf(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name string
		run  tracker.RunInfo
		want string
	}{
		{"alive", tracker.RunInfo{State: tracker.Running, Seen: now.Add(-6 * time.Second)}, "running"},
		{"killed", tracker.RunInfo{State: tracker.Running, Seen: now.Add(-90 * time.Minute)}, "running, but silent for 1h30m0s"},
		{"failed", tracker.RunInfo{State: tracker.Failed, Cause: "loss is NaN", Seen: now.Add(-time.Hour)}, "failed: loss is NaN"},
		{"finished", tracker.RunInfo{State: tracker.Finished, Seen: now.Add(-time.Hour)}, "finished"},
	} {
		if got := stateOf(test.run, now); got != test.want {
			t.Errorf("%s: stateOf = %q, want %q", test.name, got, test.want)
		}
	}
}
