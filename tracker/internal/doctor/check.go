// Package doctor checks whether a store is what was logged, and saves what can be read of a damaged one.
package doctor

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// A Report says what [Check] has found.
type Report struct {
	Path    string
	Engine  string // "sqlite" or "postgresql"
	Schema  int    // 0 if it could not be read
	Bytes   int64  // of the file and its log; 0 for a server
	Free    int64  // bytes of the file that hold nothing: what is logged next takes them, or Compact gives them back
	Runs    []RunReport
	Damage  []string // what is wrong, for people
	Orphans []string // what takes room and belongs to nothing; does no harm
}

// A RunReport says what can be read of a run.
type RunReport struct {
	ID, Experiment, Name string
	State                content.State
	Epochs               int
	Frames, Readable     int // layers of epochs; of them, those that are whole and right
}

// Reads are how package tracker reads what has no checksum: an error is damage.
type Reads struct {
	Outputs func(ctx context.Context, tx *database.Tx, run, epoch int64) error
	Metrics func(ctx context.Context, tx *database.Tx, run int64) error
}

// Check does the work of tracker.Check.
func Check(ctx context.Context, path string, reads Reads, progress func(stage string, done, total int)) (Report, error) {
	r := Report{Path: path, Engine: "sqlite"}
	if database.IsPostgres(path) {
		r.Engine = "postgresql"
	}
	if progress == nil {
		progress = func(string, int, int) {}
	}
	db, err := database.Open(ctx, path, database.Options{ReadOnly: true, Old: true})
	switch {
	case err == nil:
	case r.Engine == "sqlite" && (errors.Is(err, refusal.ErrCorrupt) || errors.Is(err, refusal.ErrNotAStore) || errors.Is(err, refusal.ErrIO)):
		r.damaged("%v", err)
		if info, err := os.Stat(path); err == nil {
			r.Bytes = info.Size()
		}
		return r, nil
	default:
		return r, err
	}
	defer db.Close()
	r.Path = db.Path()
	c := &checker{ctx: ctx, db: db, reads: reads, r: &r, progress: progress}
	steps := []func() error{c.schema, c.runs, c.samples, c.rosters, c.orphans}
	if r.Engine == "sqlite" {
		steps = append(steps, c.file, c.leftovers)
	}
	for _, step := range steps {
		if err := step(); ctx.Err() != nil {
			return r, ctx.Err()
		} else if err != nil {
			r.damaged("%v", err)
		}
	}
	return r, nil
}

func (r *Report) damaged(format string, args ...any) {
	r.Damage = append(r.Damage, fmt.Sprintf(format, args...))
}

// A checker works on a report.
type checker struct {
	ctx      context.Context
	db       *database.DB
	reads    Reads
	r        *Report
	progress func(stage string, done, total int)
}

func (c *checker) schema() error {
	return c.db.Read(c.ctx, func(tx *database.Tx) error {
		return tx.QueryRowContext(c.ctx, "SELECT coalesce(max(number), 0) FROM migration").Scan(&c.r.Schema)
	})
}

// runs reads everything that belongs to a run.
func (c *checker) runs() error {
	var ids []int64
	var list []RunReport
	err := c.rows("SELECT id, uid, experiment, name, state FROM run ORDER BY started, id", nil, func(rows *sql.Rows) error {
		var id int64
		var r RunReport
		err := rows.Scan(&id, &r.ID, &r.Experiment, &r.Name, &r.State)
		ids, list = append(ids, id), append(list, r)
		return err
	})
	if err != nil {
		return err
	}
	for i, r := range list {
		c.progress("runs", i, len(list))
		if err := c.run(ids[i], &r); c.ctx.Err() != nil {
			return c.ctx.Err()
		} else if err != nil {
			c.r.damaged("run %s/%s: %v", r.Experiment, r.Name, err)
		}
		c.r.Runs = append(c.r.Runs, r)
	}
	return nil
}

func (c *checker) run(id int64, r *RunReport) error {
	epochs, err := c.epochs(id)
	if err != nil {
		return err
	}
	r.Epochs = len(epochs)
	frames, err := c.frames(id)
	if err != nil {
		return err
	}
	r.Frames = len(frames)
	for i, f := range frames {
		c.progress("vectors of "+r.Name, i, len(frames))
		switch err := c.frame(f); {
		case c.ctx.Err() != nil:
			return c.ctx.Err()
		case errors.Is(err, errReplaced):
			r.Frames--
		case err != nil:
			c.r.damaged("run %s/%s, layer %q, epoch %d: %v", r.Experiment, r.Name, f.layer, f.epoch, err)
		default:
			r.Readable++
		}
	}
	for _, e := range epochs {
		if err := c.db.Read(c.ctx, func(tx *database.Tx) error { return c.reads.Outputs(c.ctx, tx, id, e.id) }); err != nil {
			c.r.damaged("run %s/%s, outputs of epoch %d: %v", r.Experiment, r.Name, e.number, err)
		}
	}
	return c.db.Read(c.ctx, func(tx *database.Tx) error { return c.reads.Metrics(c.ctx, tx, id) })
}

// samples compares each set of samples with the hash of its content.
func (c *checker) samples() error {
	sets, err := c.hashes("SELECT id, hash, rows FROM sample_set ORDER BY id")
	if err != nil {
		return err
	}
	for i, set := range sets {
		c.progress("samples", i, len(sets))
		var batch []content.SampleRow
		err := c.rows("SELECT uid, label, metadata, thumbnail FROM sample WHERE sample_set = ? ORDER BY position", set.id, func(rows *sql.Rows) error {
			var s content.SampleRow
			err := rows.Scan(&s.UID, &s.Label, &s.Metadata, &s.Thumbnail)
			batch = append(batch, s)
			return err
		})
		switch {
		case err != nil:
			c.r.damaged("samples: %v", err)
		case len(batch) != set.rows:
			c.r.damaged("samples: %d of %d of a set are there", len(batch), set.rows)
		case len(batch) > 0 && !bytes.Equal(content.HashSamples(batch), set.hash):
			c.r.damaged("samples: the ids, labels, metadata or thumbnails of %d samples (%s … %s) are not what was logged", len(batch), batch[0].UID, batch[len(batch)-1].UID)
		}
	}
	return nil
}

// rosters compares each list of samples with its hash.
func (c *checker) rosters() error {
	rosters, err := c.hashes("SELECT id, hash, rows FROM roster ORDER BY id")
	if err != nil {
		return err
	}
	for i, roster := range rosters {
		c.progress("lists of samples", i, len(rosters))
		var samples []int64
		err := c.rows("SELECT sample FROM roster_row WHERE roster = ? ORDER BY position", roster.id, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			samples = append(samples, id)
			return err
		})
		switch {
		case err != nil:
			c.r.damaged("lists of samples: %v", err)
		case len(samples) != roster.rows || !bytes.Equal(content.HashRoster(samples), roster.hash):
			c.r.damaged("lists of samples: which samples the rows of some frames are (%d of %d, list %d) is not what was logged", len(samples), roster.rows, roster.id)
		}
	}
	return nil
}

// orphans counts what belongs to nothing.
func (c *checker) orphans() error {
	for _, o := range []struct{ what, query string }{
		{"set", "SELECT count(*) FROM sample_set WHERE id NOT IN (SELECT sample_set FROM run_sample_set)"},
		{"list", "SELECT count(*) FROM roster WHERE id NOT IN (SELECT roster FROM frame)"},
		{"map", "SELECT count(*) FROM projection WHERE id NOT IN (SELECT projection FROM projection_run)"},
	} {
		var n int
		err := c.db.Read(c.ctx, func(tx *database.Tx) error { return tx.QueryRowContext(c.ctx, o.query).Scan(&n) })
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		c.r.Orphans = append(c.r.Orphans, fmt.Sprintf(map[string]string{
			"set":  "%d sets of samples that no run has: they go when the next run is removed",
			"list": "%d lists of samples of frames that were replaced: they go when the next run is removed",
			"map":  "%d projections of no run: remove them with 'zoetrope rm --projection'",
		}[o.what], n))
	}
	return nil
}

// leftovers finds files beside the store that nobody needs.
func (c *checker) leftovers() error {
	folder, base := filepath.Split(c.db.Path())
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "."+base+"-new-") {
			c.r.Orphans = append(c.r.Orphans, fmt.Sprintf("%s: left by a process that was killed while it made a store; remove it unless one is being made",
				filepath.Join(folder, e.Name())))
		}
	}
	known := map[string]bool{database.QueueFile: true}
	for _, r := range c.r.Runs {
		known[r.ID+".lock"] = true
	}
	locks, err := os.ReadDir(database.LockFolder(c.db.Path()))
	if err != nil || len(c.r.Damage) > 0 { // there are none, or the runs are not all known
		return nil
	}
	for _, e := range locks {
		if !known[e.Name()] {
			c.r.Orphans = append(c.r.Orphans, fmt.Sprintf("%s: the lock of a run that is not there", filepath.Join(c.db.Path()+"-locks", e.Name())))
		}
	}
	return nil
}
