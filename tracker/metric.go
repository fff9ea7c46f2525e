package tracker

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// Metrics are named numbers; a name has at most [MaxText] bytes. NaN and infinities are kept.
type Metrics map[string]float64

// A Metric is one number of a series.
type Metric struct {
	Name  string
	Step  int
	Epoch int // the epoch that it was logged with, or that was in training when it was logged
	Time  time.Time
	Value float64
	Seq   int64 // grows at every write in the store, see [Store.MetricsSince]
}

// LogMetrics writes metrics at a step, between two epochs. The same name at the same step again replaces the value; what
// was logged with an epoch is apart from that.
func (r *Run) LogMetrics(ctx context.Context, step int, m Metrics) (err error) {
	defer r.recoverToOnError(&err)
	return r.log(ctx, Batch{Metrics: []StepMetrics{{step, m}}})
}

func (m StepMetrics) check() error {
	if m.Step < 0 {
		return refuseValue("step", 0, "", "must not be negative")
	}
	return m.Values.check()
}

func (m Metrics) check() error {
	for name := range m {
		if err := checkLength("metric name", name, MaxText); err != nil {
			return &ValueError{Field: "metric", Name: name, err: err}
		}
		if name == "" || !content.Storable(name) {
			return &ValueError{Field: "metric", Name: name, err: refuse(ErrInvalid, "metric name %q must be text", name)}
		}
	}
	return nil
}

// insertMetrics stores the metrics of an epoch that has none.
func (r *Run) insertMetrics(t *txn, m Metrics, step, epoch int) error {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		kind, value := kindOf(m[name])
		if err := t.exec(insertMetricSQL, r.id, name, step, epoch, t.time, kind, value, t.seq); err != nil {
			return err
		}
	}
	return nil
}

// upsertMetrics stores the metrics between epochs of several writes, many by one statement. Of those with the same name and
// step, the last one stays.
func (r *Run) upsertMetrics(t *txn, list []*pending) error {
	type key struct {
		name string
		step int
	}
	type row struct {
		key
		epoch int
		value float64
	}
	var rows []row
	place := map[key]int{}
	for _, w := range list {
		for _, m := range w.Metrics {
			for _, name := range slices.Sorted(maps.Keys(m.Values)) {
				next := row{key{name, m.Step}, w.training, m.Values[name]}
				if at, known := place[next.key]; known {
					rows[at] = next
					continue
				}
				place[next.key] = len(rows)
				rows = append(rows, next)
			}
		}
	}
	for part := range slices.Chunk(rows, database.BatchRows) {
		args := make([]any, 0, 8*len(part))
		for _, m := range part {
			kind, value := kindOf(m.value)
			args = append(args, r.id, m.name, m.step, m.epoch, t.time, kind, value, t.seq)
		}
		if err := t.exec(upsertMetrics(len(part)), args...); err != nil {
			return err
		}
	}
	return nil
}

// kindOf splits a number into what a database can hold: a value, or the kind of a number without one.
func kindOf(v float64) (kind string, value any) {
	switch {
	case math.IsNaN(v):
		return "nan", nil
	case math.IsInf(v, 1):
		return "+inf", nil
	case math.IsInf(v, -1):
		return "-inf", nil
	}
	return "number", v
}

func ofKind(kind string, value float64) float64 {
	switch kind {
	case "nan":
		return math.NaN()
	case "+inf":
		return math.Inf(1)
	case "-inf":
		return math.Inf(-1)
	}
	return value
}

// Metrics returns the metrics of a run, by name, then by step and epoch; of these names, or of all if there are none.
func (s *Store) Metrics(ctx context.Context, run string, names ...string) ([]Metric, error) {
	return s.metrics(ctx, run, 0, names)
}

// MetricsSince returns the metrics of a run that were written after seq, a [Metric.Seq] or a cursor of [Store.Changes].
func (s *Store) MetricsSince(ctx context.Context, run string, seq int64) ([]Metric, error) {
	return s.metrics(ctx, run, seq, nil)
}

// LastMetrics returns the last value of each metric, by step, then by epoch, of every run, by its id: of these names, or of all
// if there are none.
func (s *Store) LastMetrics(ctx context.Context, names ...string) (map[string]map[string]float64, error) {
	last := map[string]map[string]float64{}
	err := s.Read(ctx, func(tx *Tx) error {
		only, args := namedMetrics("WHERE", names)
		rows, err := tx.QueryContext(ctx, `SELECT r.uid, l.name, l.kind, coalesce(l.value, 0) FROM run r JOIN (
			SELECT run, name, kind, value, row_number() OVER (PARTITION BY run, name ORDER BY step DESC, epoch DESC, id DESC) AS place
			FROM metric`+only+`) l ON l.run = r.id WHERE l.place = 1`, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var run, name, kind string
			var value float64
			if err := rows.Scan(&run, &name, &kind, &value); err != nil {
				return err
			}
			if last[run] == nil {
				last[run] = map[string]float64{}
			}
			last[run][name] = ofKind(kind, value)
		}
		return rows.Err()
	})
	return last, err
}

// namedMetrics is a condition on a metric's name; none without names.
func namedMetrics(word string, names []string) (condition string, args []any) {
	if len(names) == 0 {
		return "", nil
	}
	for _, n := range names {
		args = append(args, n)
	}
	return " " + word + " name IN (?" + strings.Repeat(", ?", len(names)-1) + ")", args
}

func (s *Store) metrics(ctx context.Context, run string, after int64, names []string) (list []Metric, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		list, err = readMetrics(ctx, tx, r.id, after, names)
		return err
	})
	return list, err
}

func readMetrics(ctx context.Context, tx *Tx, run, after int64, names []string) (list []Metric, err error) {
	query, args := "SELECT name, step, epoch, time, kind, coalesce(value, 0), seq FROM metric WHERE run = ? AND seq > ?", []any{run, after}
	only, more := namedMetrics("AND", names)
	query, args = query+only, append(args, more...)
	rows, err := tx.QueryContext(ctx, query+" ORDER BY name, step, epoch, id", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m Metric
		var at int64
		var kind string
		if err := rows.Scan(&m.Name, &m.Step, &m.Epoch, &at, &kind, &m.Value, &m.Seq); err != nil {
			return list, err
		}
		m.Time, m.Value = time.UnixMicro(at), ofKind(kind, m.Value)
		list = append(list, m)
	}
	return list, rows.Err()
}
