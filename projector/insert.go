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

	"github.com/zoetrope-ml/zoetrope/internal/seal"
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
		if err := p.keepShares(ctx, tx); err != nil {
			return err
		}
		if err := p.keepPreparation(ctx, tx, src); err != nil {
			return err
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

// keepShares stores which samples of each run are on the map.
func (p *Projection) keepShares(ctx context.Context, tx *tracker.Tx) error {
	for i, run := range p.info.Runs {
		var share any
		if p.shares != nil {
			share = p.shares[i]
		}
		const query = "UPDATE projection_run SET share = ? WHERE projection = ? AND run = (SELECT id FROM run WHERE uid = ?)"
		if _, err := tx.ExecContext(ctx, query, share, p.id, run); err != nil {
			return err
		}
	}
	return nil
}

// insertFrames stores the points of those frames of src that are wanted; extended says that they were placed on a map
// that was there.
func (p *Projection) insertFrames(ctx context.Context, tx *tracker.Tx, src *source, y []float32, wanted func(frame int) bool, extended bool, progress Progress) error {
	runs := make([]int64, len(src.runs)) // run.id
	lists := make([]*sampleSet, len(src.runs))
	ids := make([][]int64, len(src.runs)) // sample.id of those on the lists
	for i, uid := range src.runs {
		if err := tx.QueryRowContext(ctx, "SELECT id FROM run WHERE uid = ?", uid).Scan(&runs[i]); err != nil {
			return fmt.Errorf("run %s: %w", uid, err)
		}
		var err error
		if lists[i], ids[i], err = src.lists[i].currentIDs(ctx, tx, runs[i]); err != nil {
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
		id, at := ids[f.run], lists[f.run].find(f.samples)
		if j := slices.Index(at, -1); j >= 0 {
			return fmt.Errorf("run %s: sample %q is gone", src.runs[f.run], f.samples[j])
		}
		block := make([]float32, len(id)*dims)
		for j := range block {
			block[j] = float32(math.NaN())
		}
		for j, row := range at {
			copy(block[row*dims:(row+1)*dims], y[(f.first+j)*dims:])
		}
		whole := seal.NewBlock(block, dims)
		const query = "INSERT INTO projection_frame (projection, run, epoch, rows, seq, extended, digest, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
		_, err := tx.ExecContext(ctx, query, p.id, runs[f.run], f.epoch, len(f.samples), f.seq, asInteger(extended), stored(f.digest),
			p.sealOf(src.runs[f.run], f.epoch, whole.Extremes, len(whole.Data), int64(seal.Checksum(whole.Data))))
		if err != nil {
			return err
		}
		// In the order of the table's key, whatever the samples' is: rows go in faster at its end.
		slices.SortFunc(at, func(a, b int) int { return cmp.Compare(id[a], id[b]) })
		err = tx.Insert(ctx, "point", columns, len(at), func(args []any, j int) []any {
			c := block[at[j]*dims:]
			var z any
			if dims == 3 {
				z = float64(c[2])
			}
			return append(args, p.id, runs[f.run], f.epoch, id[at[j]], float64(c[0]), float64(c[1]), z)
		})
		if err != nil {
			return err
		}
		if err := p.insertBlock(ctx, tx, runs[f.run], f.epoch, whole); err != nil {
			return err
		}
	}
	return tracker.KeepMapSum(ctx, tx, p.id)
}

// stored is a digest as the store keeps it; the zero one is not known.
func stored(d tracker.Digest) []byte {
	if d == (tracker.Digest{}) {
		return nil
	}
	return d[:]
}

// asInteger is a bool as the store keeps it.
func asInteger(b bool) int {
	if b {
		return 1
	}
	return 0
}
