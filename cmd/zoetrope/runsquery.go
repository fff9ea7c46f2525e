package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A listedRun is a run with the last value of each metric that the list needs.
type listedRun struct {
	tracker.RunInfo
	metrics map[string]float64
}

// runFields are the fields of a run, by name. In addition, params.NAME is a param (with more dots, one inside an object), and
// metrics.NAME is the last value of a metric. Each returns a string, a float64, a time.Time, a []string, a JSON value, or nil
// if the run does not have it.
var runFields = map[string]func(listedRun) any{
	"id":         func(r listedRun) any { return r.ID },
	"experiment": func(r listedRun) any { return r.Experiment },
	"name":       func(r listedRun) any { return r.Name },
	"state":      func(r listedRun) any { return string(r.State) },
	"cause":      func(r listedRun) any { return orNil(r.Cause) },
	"epochs":     func(r listedRun) any { return float64(r.Epochs) },
	"last_epoch": func(r listedRun) any {
		if r.Epochs == 0 {
			return nil
		}
		return float64(r.LastEpoch)
	},
	"samples": func(r listedRun) any { return float64(r.Samples) },
	"layers":  func(r listedRun) any { return r.Layers },
	"tags":    func(r listedRun) any { return r.Tags },
	"notes":   func(r listedRun) any { return orNil(r.Notes) },
	"code":    func(r listedRun) any { return orNil(r.Code) },
	"host":    func(r listedRun) any { return orNil(r.Host) },
	"started": func(r listedRun) any { return orNil(r.Started) },
	"seen":    func(r listedRun) any { return orNil(r.Seen) },
	"ended":   func(r listedRun) any { return orNil(r.Ended) },
}

// orNil returns nil for a zero value.
func orNil[T comparable](v T) any {
	if v == *new(T) {
		return nil
	}
	return v
}

const (
	paramPrefix  = "params."
	metricPrefix = "metrics."
)

func checkField(name string) error {
	if runFields[name] != nil || strings.HasPrefix(name, paramPrefix) || strings.HasPrefix(name, metricPrefix) {
		return nil
	}
	return fmt.Errorf("a run has no field %q: want params.NAME, metrics.NAME, %s", name, strings.Join(slices.Sorted(maps.Keys(runFields)), ", "))
}

// value returns a field of the run; nil if it does not have it.
func (r listedRun) value(field string) any {
	if get := runFields[field]; get != nil {
		return get(r)
	}
	if name, ok := strings.CutPrefix(field, metricPrefix); ok {
		if v, ok := r.metrics[name]; ok {
			return v
		}
		return nil
	}
	return paramValue(r.Params, strings.TrimPrefix(field, paramPrefix))
}

// paramValue finds a param by its name, or by a dotted path of names.
func paramValue(params map[string]any, path string) any {
	if v, ok := params[path]; ok {
		return v
	}
	for i := range path {
		if inner, ok := params[path[:i]].(map[string]any); ok && path[i] == '.' {
			return paramValue(inner, path[i+1:])
		}
	}
	return nil
}

// A runFilter is a condition, as params.lr<0.01.
type runFilter struct{ field, op, value string }

// filterOps are the comparisons; longer ones come before their prefixes.
var filterOps = []string{"<=", ">=", "!=", "=", "<", ">", "~"}

func parseFilter(s string) (f runFilter, err error) {
	at := strings.IndexAny(s, "<>!=~")
	if at > 0 {
		for _, op := range filterOps {
			if value, ok := strings.CutPrefix(s[at:], op); ok {
				f = runFilter{strings.TrimSpace(s[:at]), op, strings.TrimSpace(value)}
				return f, checkField(f.field)
			}
		}
	}
	return f, fmt.Errorf("%q is not a condition: want FIELD and one of = != < <= > >= ~, and a value, as params.lr<0.01", s)
}

// matches reports whether the run meets the condition. A run without the field meets != VALUE, and = with an empty value.
func (f runFilter) matches(r listedRun) bool {
	switch v := r.value(f.field).(type) {
	case nil:
		return (f.op == "!=") != (f.value == "")
	case []string: // = needs one equal element, != none
		one := runFilter{f.field, strings.TrimPrefix(f.op, "!"), f.value}
		if f.value == "" {
			return (f.op == "!=") == (len(v) > 0)
		}
		return slices.ContainsFunc(v, one.holds) == (f.op != "!=")
	case string:
		return f.holds(v)
	case time.Time:
		return f.holdsTime(v)
	case float64:
		return f.holdsNumber(v)
	case json.Number:
		if n, err := v.Float64(); err == nil {
			return f.holdsNumber(n)
		}
		return f.holds(v.String())
	default:
		return f.holds(paramText(v))
	}
}

func (f runFilter) holds(v string) bool {
	if f.op == "~" {
		return strings.Contains(strings.ToLower(v), strings.ToLower(f.value))
	}
	return f.compared(strings.Compare(v, f.value))
}

func (f runFilter) holdsNumber(v float64) bool {
	want, err := strconv.ParseFloat(f.value, 64)
	if err != nil || f.op == "~" {
		return f.holds(cli.Number(v).String())
	}
	if math.IsNaN(v) || math.IsNaN(want) { // neither less nor more
		same := math.IsNaN(v) && math.IsNaN(want)
		return f.op == "!=" && !same || same && strings.Contains(f.op, "=") && f.op != "!="
	}
	return f.compared(cmp.Compare(v, want))
}

// holdsTime compares a time with one that people wrote, at the precision of the latter: a day equals each time on it.
func (f runFilter) holdsTime(v time.Time) bool {
	v = v.Local()
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01", "2006"} {
		if want, err := time.ParseInLocation(layout, f.value, time.Local); err == nil && f.op != "~" {
			return f.compared(strings.Compare(v.Format(layout), want.Format(layout)))
		}
	}
	if want, err := time.Parse(time.RFC3339, f.value); err == nil && f.op != "~" {
		return f.compared(v.Compare(want))
	}
	return f.holds(cli.Clock(v))
}

func (f runFilter) compared(order int) bool {
	switch f.op {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// sortRuns sorts by fields, the first one first; a minus means descending. Runs without a field come last in either
// direction.
func sortRuns(runs []listedRun, fields []string) {
	slices.SortStableFunc(runs, func(a, b listedRun) int {
		for _, field := range fields {
			field, down := strings.CutPrefix(field, "-")
			x, y := a.value(field), b.value(field)
			if missing(x) || missing(y) {
				if missing(x) != missing(y) {
					return map[bool]int{true: 1, false: -1}[missing(x)]
				}
				continue
			}
			order := compareValues(x, y)
			if down {
				order = -order
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
}

// missing reports whether a value cannot be ordered.
func missing(v any) bool {
	f, ok := v.(float64)
	return v == nil || ok && math.IsNaN(f)
}

// compareValues puts numbers before texts.
func compareValues(x, y any) int {
	a, isA := numberOf(x)
	b, isB := numberOf(y)
	switch {
	case isA && isB:
		return cmp.Compare(a, b)
	case isA:
		return -1
	case isB:
		return 1
	}
	return strings.Compare(cellText(x), cellText(y))
}

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case time.Time:
		return float64(v.UnixMicro()), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// cellText formats a field for people.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'g', 5, 64)
	case time.Time:
		return cli.Clock(v)
	case []string:
		return strings.Join(v, ",")
	}
	return paramText(v)
}

// columnsOf returns the columns that a list names. params.* and metrics.* stand for all params and metrics of the runs.
func columnsOf(names []string, runs []listedRun) []string {
	var columns []string
	for _, name := range names {
		found := map[string]bool{}
		for _, r := range runs {
			switch name {
			case paramPrefix + "*":
				for k := range r.Params {
					found[paramPrefix+k] = true
				}
			case metricPrefix + "*":
				for k := range r.metrics {
					found[metricPrefix+k] = true
				}
			}
		}
		if name != paramPrefix+"*" && name != metricPrefix+"*" {
			found[name] = true
		}
		columns = append(columns, slices.Sorted(maps.Keys(found))...)
	}
	return columns
}

// runCells are fields of a run, in their order in JSON.
type runCells struct {
	columns []string
	run     listedRun
}

// MarshalJSON implements [json.Marshaler].
func (c runCells) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, column := range c.columns {
		v := c.run.value(column)
		switch x := v.(type) {
		case float64:
			v = cli.Number(x)
		case time.Time:
			v = cli.Stamp(x)
		case []string:
			v = append([]string{}, x...) // never null
		}
		key, err := json.Marshal(column)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, key...), ':'), value...)
	}
	return append(b, '}'), nil
}
