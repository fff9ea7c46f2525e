package tracker

import (
	"context"
	"fmt"
	"math"
	"testing"
)

// TestLastMetrics: the last value is that of the highest step, whenever it was logged, and may be no number.
func TestLastMetrics(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	a, b := newRun(t, s, "a", 1), newRun(t, s, "b", 1)
	newRun(t, s, "c", 1)
	must(t, a.LogMetrics(ctx, 5, Metrics{"loss": 5, "only a": 1}))
	must(t, a.LogMetrics(ctx, 2, Metrics{"loss": 2}))
	must(t, b.Log(ctx, Epoch{Number: 1, Step: 7, Metrics: Metrics{"loss": 7}}))
	must(t, b.LogMetrics(ctx, 8, Metrics{"loss": math.Inf(-1), "nan": math.NaN()}))
	for _, test := range []struct {
		names []string
		want  string
	}{
		{nil, "map[a:map[loss:5 only a:1] b:map[loss:-Inf nan:NaN]]"},
		{[]string{"loss"}, "map[a:map[loss:5] b:map[loss:-Inf]]"},
		{[]string{"nan", "only a"}, "map[a:map[only a:1] b:map[nan:NaN]]"},
		{[]string{"unknown"}, "map[]"},
	} {
		last, err := s.LastMetrics(ctx, test.names...)
		must(t, err)
		byName := map[string]map[string]float64{}
		for id, values := range last {
			info, err := s.Run(ctx, id)
			must(t, err)
			byName[info.Name] = values
		}
		if got := fmt.Sprint(byName); got != test.want {
			t.Errorf("LastMetrics(%q) = %s, want %s", test.names, got, test.want)
		}
	}
}
