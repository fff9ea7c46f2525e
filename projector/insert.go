package projector

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/usage"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// insert stores the projection: coordinates y, rows×dims, in the order of the rows of src. It fills in what is only
// known now: id, time and cost.
func (p *Projection) insert(ctx context.Context, src *source, y []float32, q *Quality, watch *stopwatch, progress Progress) error {
	i := &p.info
	i.ID = strings.ToLower(rand.Text()[:10])
	i.Created = time.Now().UTC().Truncate(time.Microsecond) // as it is read back
	i.PeakRSS = usage.PeakRSS()
	q.Projection, q.Revision = i.ID, i.Revision
	quality, err := json.Marshal(q)
	if err != nil {
		return err
	}
	options, err := json.Marshal(i.Options)
	if err != nil {
		return err
	}
	return p.store.Write(ctx, func(tx *tracker.Tx) error {
		const query = `INSERT INTO projection (uid, layer, method, mode, dims, revision, created, points, seconds, peak_rss, options, stages, quality)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, '{}', ?) RETURNING id`
		err := tx.QueryRowContext(ctx, query, i.ID, i.Layer, i.Method, i.Mode, i.Dims, i.Revision, i.Created.UnixMicro(), i.Points,
			i.PeakRSS, string(options), string(quality)).Scan(&p.id)
		if err != nil {
			return err
		}
		for position, uid := range src.runs {
			const query = "INSERT INTO projection_run (projection, run, position) SELECT ?, id, ? FROM run WHERE uid = ?"
			if _, err := tx.ExecContext(ctx, query, p.id, position, uid); err != nil {
				return err
			}
		}
		if err := p.insertFrames(ctx, tx, src, y, func(int) bool { return true }, false, progress); err != nil {
			return err
		}
		watch.lap("store")
		i.Stages, i.Seconds = watch.stages, watch.total()
		stages, err := json.Marshal(i.Stages)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE projection SET seconds = ?, stages = ? WHERE id = ?", i.Seconds, string(stages), p.id)
		return err
	})
}

// insertFrames stores the points of those frames of src that are wanted; extended says that they were placed on a map
// that was there.
func (p *Projection) insertFrames(ctx context.Context, tx *tracker.Tx, src *source, y []float32, wanted func(frame int) bool, extended bool, progress Progress) error {
	runs := make([]int64, len(src.runs))          // run.id
	samples := make([][]sampleRow, len(src.runs)) // in their order
	rows := make([]map[string]int, len(src.runs)) // by the sample's own id; only where it is needed
	for i, uid := range src.runs {
		if err := tx.QueryRowContext(ctx, "SELECT id FROM run WHERE uid = ?", uid).Scan(&runs[i]); err != nil {
			return fmt.Errorf("run %s: %w", uid, err)
		}
		var err error
		if samples[i], err = readSamples(ctx, tx, runs[i]); err != nil {
			return err
		}
	}
	dims := p.info.Dims
	columns := []string{"projection", "run", "epoch", "sample", "x", "y", "z"}
	for i, f := range src.frames {
		progress.report("store", i+1, len(src.frames))
		if !wanted(i) {
			continue
		}
		const query = "INSERT INTO projection_frame (projection, run, epoch, rows, seq, extended) VALUES (?, ?, ?, ?, ?, ?)"
		if _, err := tx.ExecContext(ctx, query, p.id, runs[f.run], f.epoch, len(f.samples), f.seq, flag(extended)); err != nil {
			return err
		}
		at, err := rowsOf(samples[f.run], f.samples, &rows[f.run])
		if err != nil {
			return fmt.Errorf("run %s: %w", src.runs[f.run], err)
		}
		block := make([]float32, len(samples[f.run])*dims)
		for j := range block {
			block[j] = float32(math.NaN())
		}
		for j, row := range at {
			copy(block[row*dims:(row+1)*dims], y[(f.first+j)*dims:])
		}
		// In the order of the table's key, whatever the samples' is: rows go in faster at its end.
		slices.SortFunc(at, func(a, b int) int { return cmp.Compare(samples[f.run][a].id, samples[f.run][b].id) })
		err = tx.Insert(ctx, "point", columns, len(at), func(args []any, j int) []any {
			c := block[at[j]*dims:]
			var z any
			if dims == 3 {
				z = float64(c[2])
			}
			return append(args, p.id, runs[f.run], f.epoch, samples[f.run][at[j]].id, float64(c[0]), float64(c[1]), z)
		})
		if err != nil {
			return err
		}
		if err := p.insertBlock(ctx, tx, runs[f.run], f.epoch, block); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf returns the place of each of some samples among a run's. They are nearly always in its order, so that few are
// looked up by id; known keeps what that needs.
func rowsOf(all []sampleRow, some []string, known *map[string]int) ([]int, error) {
	rows := make([]int, len(some))
	next := 0
	for i, uid := range some {
		if next == len(all) || all[next].uid != uid {
			if *known == nil {
				*known = make(map[string]int, len(all))
				for j, s := range all {
					(*known)[s.uid] = j
				}
			}
			var ok bool
			if next, ok = (*known)[uid]; !ok {
				return nil, fmt.Errorf("sample %q is gone", uid)
			}
		}
		rows[i] = next
		next++
	}
	return rows, nil
}

// flag is a bool as the store keeps it.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
