package projector

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/zoetrope-ml/zoetrope/projector/measure"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Quality says how far a projection can be trusted. Its measures are defined in package measure; what is not defined,
// such as a silhouette of samples without labels, is nil, and null in JSON.
type Quality struct {
	Projection string `json:"projection"`
	Revision   int    `json:"revision"`
	Exact      bool   `json:"exact"`      // false: what looks at neighbourhoods and silhouettes was estimated from some samples
	Version    int    `json:"version"`    // of the set of measures: what was stored by an earlier one is measured again
	Unmeasured int    `json:"unmeasured"` // epochs on the map of which the vectors were not there any more: see [Projection.Behind]
	measure.Report
	Epochs      []EpochQuality      `json:"epochs"`      // by run and epoch
	Transitions []TransitionQuality `json:"transitions"` // between consecutive epochs of a run
	Seconds     float64             `json:"seconds"`     // wall time of measuring
}

// EpochQuality is what is known about one epoch of one run.
type EpochQuality struct {
	Run   string `json:"run"` // id
	Epoch int    `json:"epoch"`
	measure.FrameReport
	tracker.Sameness // of the vectors as they were logged
}

// TransitionQuality is what happened between two consecutive epochs of one run.
type TransitionQuality struct {
	Run  string `json:"run"` // id
	From int    `json:"from"`
	To   int    `json:"to"`
	measure.StepReport
}

// Quality returns how faithful the projection is, at the revision that p describes: [ErrChanged] says that it has another by
// now. It was measured and stored with the projection; if it was not, it is measured now, from the run's vectors, and stored
// unless the store is read-only. With many samples per epoch it is an estimate from some of them: see
// [Projection.ExactQuality].
//
// An epoch is compared with the vectors that it was placed by. Where these were replaced or removed before it was measured, it
// is left out, and counted in Unmeasured.
func (p *Projection) Quality(ctx context.Context) (*Quality, error) {
	return p.atLeast(ctx, false)
}

// ExactQuality is Quality from all samples, which takes time that grows with the square of their number. The result is
// stored in place of the estimate.
func (p *Projection) ExactQuality(ctx context.Context) (*Quality, error) {
	return p.atLeast(ctx, true)
}

// measures is the set of measures that there are: 2 since those of time.
const measures = 2

// atLeast returns what is stored if it is all that is asked for, and else measures again. What an earlier version stored of
// epochs whose vectors are not there any more stays good.
func (p *Projection) atLeast(ctx context.Context, exact bool) (*Quality, error) {
	stored, err := p.storedQuality(ctx)
	if err != nil || stored != nil && stored.Version >= measures && (stored.Exact || !exact) {
		return stored, err
	}
	q, err := p.measureAgain(ctx, exact || stored != nil && stored.Exact)
	less := errors.Is(err, tracker.ErrNotFound) || err == nil && q.Unmeasured > 0
	if less && stored != nil && (stored.Exact || !exact) {
		return stored, nil
	}
	return q, err
}

// storedQuality returns what is stored of this revision, nil if nothing is.
func (p *Projection) storedQuality(ctx context.Context) (*Quality, error) {
	var text sql.NullString
	err := p.store.Read(ctx, func(tx *tracker.Tx) error {
		if err := p.unchanged(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT quality FROM projection WHERE id = ?", p.id).Scan(&text)
	})
	if err != nil || !text.Valid {
		return nil, err
	}
	q := new(Quality)
	if err := json.Unmarshal([]byte(text.String), q); err != nil {
		return nil, fmt.Errorf("quality of projection %q: %w", p.info.ID, err)
	}
	if q.Revision != p.info.Revision { // an earlier version stored what it had measured of a map that was extended meanwhile
		return nil, nil
	}
	if q.Transitions == nil { // as was stored before
		q.Transitions = []TransitionQuality{}
	}
	return q, nil
}

// measureAgain measures the projection from what is in the store and stores the result, with the revision it is of, unless the
// projection has another by then.
func (p *Projection) measureAgain(ctx context.Context, exact bool) (*Quality, error) {
	q, err := p.measure(ctx, exact)
	if err != nil {
		return nil, fmt.Errorf("quality of projection %q: %w", p.info.ID, err)
	}
	q.Projection, q.Revision = p.info.ID, p.info.Revision
	text, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	// Of a map that is behind its runs, what was measured before has more epochs.
	query := "UPDATE projection SET quality = ? WHERE id = ? AND revision = ?"
	if q.Unmeasured > 0 {
		query += " AND quality IS NULL"
	}
	err = p.store.Write(ctx, func(tx *tracker.Tx) error {
		_, err := tx.ExecContext(ctx, query, string(text), p.id, p.info.Revision)
		return err
	})
	if err != nil && !errors.Is(err, tracker.ErrReadOnly) {
		return nil, err
	}
	return q, nil
}

func (p *Projection) measure(ctx context.Context, exact bool) (*Quality, error) {
	placed, left, err := p.intact(ctx)
	if err != nil {
		return nil, err
	}
	var q *Quality
	if p.info.Method == MethodGiven {
		q, err = p.measureImported(ctx, placed, exact)
	} else {
		var src *source
		var y []float32
		if src, y, err = p.reopen(ctx, placed); err == nil {
			q, err = measureQuality(ctx, src, y, p.info.Options, exact, nil)
		}
	}
	if err == nil {
		q.Unmeasured = left
	}
	return q, err
}

// intact returns what is on the map of the epochs whose vectors are there as they were placed, and how many are left out.
func (p *Projection) intact(ctx context.Context) (placed []Coordinates, left int, err error) {
	b, err := p.Behind(ctx)
	if err != nil {
		return nil, 0, err
	}
	err = p.read(ctx, Query{AllEpochs: true}, func(r *query, all []Coordinates) error {
		placed = all
		return p.unchanged(ctx, r.tx)
	})
	if err != nil {
		return nil, 0, err
	}
	lost := map[frameKey]bool{}
	for _, e := range b.Epochs {
		lost[frameKey{e.Run, e.Epoch}] = true // one that is new is not on the map
	}
	all := len(placed)
	placed = slices.DeleteFunc(placed, func(at Coordinates) bool { return lost[frameKey{at.Run, at.Epoch}] })
	if left = all - len(placed); len(placed) == 0 {
		return nil, 0, fmt.Errorf("the vectors of all its %d epochs were replaced or removed since: extend it or fit it anew: %w", all, tracker.ErrNotFound)
	}
	return placed, left, nil
}

// reread reads the vectors that some of the projection's epochs were placed by, as they were logged.
func (p *Projection) reread(ctx context.Context, placed []Coordinates) (*source, error) {
	src := &source{layer: p.info.Layer, runs: p.info.Runs, shares: p.shares}
	position := map[string]int{}
	for i, id := range src.runs {
		position[id] = i
	}
	for _, at := range placed {
		src.frames = append(src.frames, sourceFrame{run: position[at.Run], epoch: at.Epoch})
	}
	first, err := p.store.Frame(ctx, placed[0].Run, p.info.Layer, placed[0].Epoch)
	if err != nil {
		return nil, err
	}
	src.dim = first.Dim
	return src, src.read(ctx, p.store, nil)
}

// reopen reads the vectors that some of the projection's epochs were placed by, and their points in the same order.
func (p *Projection) reopen(ctx context.Context, placed []Coordinates) (*source, []float32, error) {
	src, err := p.reread(ctx, placed)
	if err != nil {
		return nil, nil, err
	}
	how, err := p.preparation(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := src.prepare(ctx, how, p.info.Options.Workers); err != nil {
		return nil, nil, err
	}
	frames, err := p.frames(ctx)
	if err != nil {
		return nil, nil, err
	}
	y := make([]float32, src.rows()*p.info.Dims)
	for i, f := range src.frames {
		run := src.runs[f.run]
		if was := frames[frameKey{run, f.epoch}].digest; was != f.digest && was != (tracker.Digest{}) {
			return nil, nil, fmt.Errorf("epoch %d of run %s was logged again while it was measured: %w", f.epoch, titles(ctx, p.store, run), ErrChanged)
		}
		if !src.fill(y, nil, i, placed[i], p.info.Dims) {
			return nil, nil, fmt.Errorf("epoch %d of run %s has other samples than when it was projected", f.epoch, titles(ctx, p.store, run))
		}
	}
	return src, y, nil
}

// pairBudget is how many distances between samples of one epoch are taken without being asked for: all, up to 20 epochs
// of 1,581 samples, which is about half a second on two cores.
const pairBudget = 50e6

// measureQuality compares the rows of src with their coordinates y.
func measureQuality(ctx context.Context, src *source, y []float32, o Options, exact bool, progress Progress) (*Quality, error) {
	began := time.Now()
	progress.report("quality", 0, 1)
	x, dim := []float32(nil), 0
	if !src.bare {
		x, dim = src.x, src.dim
	}
	runs := make([][]measure.Frame, len(src.runs))
	for _, f := range src.frames {
		lo, hi := f.first, f.first+len(f.samples)
		runs[f.run] = append(runs[f.run], measure.Frame{
			X: x[lo*dim : hi*dim], Dim: dim, Y: y[lo*o.Dims : hi*o.Dims], Dims: o.Dims,
			Samples: f.numbers, Classes: f.classes,
		})
	}
	rows := 0
	if !exact {
		rows = sampledRows(src)
	}
	report, err := measure.Compute(ctx, runs, measure.Options{Rows: rows, Workers: o.Workers, Metric: o.Metric})
	if err != nil {
		return nil, err
	}
	q := &Quality{Exact: rows == 0, Version: measures, Report: *report, Transitions: []TransitionQuality{}} // in JSON a list, also for one epoch
	i := 0                                                                                                  // frames stand run by run, epoch by epoch
	for r, run := range src.runs {
		for e, frame := range report.Frames[r] {
			epoch := src.frames[i].epoch
			q.Epochs = append(q.Epochs, EpochQuality{run, epoch, frame, src.frames[i].same})
			if e > 0 {
				q.Transitions = append(q.Transitions, TransitionQuality{run, src.frames[i-1].epoch, epoch, report.Steps[r][e-1]})
			}
			i++
		}
	}
	q.Frames, q.Steps = nil, nil // they are in Epochs and Transitions now
	q.Seconds = time.Since(began).Seconds()
	progress.report("quality", 1, 1)
	return q, nil
}

// sampledRows is how many samples of each epoch keep within pairBudget, 0 for all.
func sampledRows(src *source) int {
	var pairs float64
	for _, f := range src.frames {
		pairs += float64(len(f.samples)) * float64(len(f.samples))
	}
	if pairs <= pairBudget {
		return 0
	}
	return max(256, int(pairBudget/float64(src.rows())))
}

// PointTrust returns, for each sample of one of the projection's runs at an epoch, how far its neighbourhood on the map
// can be trusted: its term in the mean that the epoch's trustworthiness is. Trust is nil where fewer than 3 samples
// leave nothing to measure.
func (p *Projection) PointTrust(ctx context.Context, run string, epoch int) (samples []string, trust []float64, err error) {
	placed, err := p.Coordinates(ctx, Query{Run: run, Epoch: epoch})
	if err != nil {
		return nil, nil, err
	}
	if len(placed) != 1 {
		return nil, nil, fmt.Errorf("epoch %d of run %s is not on projection %q: %w", epoch, run, p.info.ID, tracker.ErrNotFound)
	}
	at := placed[0]
	f, err := p.asPlaced(ctx, at.Run, epoch)
	if err != nil {
		return nil, nil, err
	}
	if !slices.Equal(f.IDs, at.Samples) {
		return nil, nil, fmt.Errorf("epoch %d of run %s has other samples than when it was projected: %w", epoch, run, tracker.ErrNotFound)
	}
	if bad := slices.IndexFunc(at.Coordinates, func(v float32) bool { return math.IsNaN(float64(v)) }); bad >= 0 {
		return nil, nil, fmt.Errorf("projection %q has no place for row %d of epoch %d", p.info.ID, bad, epoch)
	}
	x, dim, err := p.prepared(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	trust, err = measure.PointTrust(ctx, measure.Frame{
		X: x, Dim: dim, Y: at.Coordinates, Dims: p.info.Dims,
	}, measure.Options{Metric: p.info.Options.Metric})
	return f.IDs, trust, err
}
