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

	"github.com/zoetrope-ml/zoetrope/internal/seal"
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

	// Unsealed says which parts an earlier version has stored: their checksums say that their bytes are whole, and not that they
	// are what an index takes them for.
	Unsealed []string
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
	case r.Engine == "sqlite" && (errors.Is(err, refusal.ErrCorrupt) || errors.Is(err, refusal.ErrNotAStore)):
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
	steps := []func() error{c.schema, c.runs, c.samples, c.rosters, c.maps, c.orphans}
	if r.Engine == "sqlite" {
		steps = append(steps, c.file, c.leftovers)
	}
	for _, step := range steps {
		if err := c.note("", step()); err != nil {
			return r, err
		}
	}
	return r, nil
}

// note puts an error about something into the report. What says nothing of the store's bytes is no damage, but a reason to
// stop, and is returned: a full disk, a server that is away, a ctx that was cancelled.
func (c *checker) note(what string, err error) error {
	switch {
	case err == nil:
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case errors.Is(err, refusal.ErrNoSpace) || errors.Is(err, refusal.ErrUnreachable) || errors.Is(err, refusal.ErrBusy) ||
		errors.Is(err, refusal.ErrDenied) || errors.Is(err, refusal.ErrIO):
		return err
	case what == "":
		c.r.damaged("%v", err)
	default:
		c.r.damaged("%s: %v", what, err)
	}
	return nil
}

// damage is an error that says what is wrong with bytes of the store.
func damage(format string, args ...any) error {
	return refusal.New(refusal.ErrCorrupt, format, args...)
}

// sealColumn is a column of seals, or what stands for it in a store of an earlier schema.
func (c *checker) sealColumn(name string) string {
	if c.r.Schema < 6 {
		return fmt.Sprint(seal.None)
	}
	return name
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
	number, damaged, err := c.db.Schema(c.ctx)
	if c.r.Schema = number; err != nil {
		return err
	}
	return damaged
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
		if err := c.note(fmt.Sprintf("run %s/%s", r.Experiment, r.Name), c.run(ids[i], &r)); err != nil {
			return err
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
	unsealed := 0
	for i, f := range frames {
		c.progress("vectors of "+r.Name, i, len(frames))
		f.run = r.ID
		err := c.frame(f)
		if f.seal == seal.None {
			unsealed++
		}
		switch {
		case errors.Is(err, errReplaced):
			r.Frames--
		case err == nil:
			r.Readable++
		default:
			if err := c.note(fmt.Sprintf("run %s/%s, layer %q, epoch %d", r.Experiment, r.Name, f.layer, f.epoch), err); err != nil {
				return err
			}
		}
	}
	if unsealed > 0 {
		c.r.Unsealed = append(c.r.Unsealed, fmt.Sprintf("run %s/%s: %d of %d frames", r.Experiment, r.Name, unsealed, len(frames)))
	}
	if err := c.sums(id, r); err != nil {
		return err
	}
	for _, e := range epochs {
		if err := c.db.Read(c.ctx, func(tx *database.Tx) error { return c.reads.Outputs(c.ctx, tx, id, e.id) }); err != nil {
			if err := c.note(fmt.Sprintf("run %s/%s, outputs of epoch %d", r.Experiment, r.Name, e.number), err); err != nil {
				return err
			}
		}
	}
	return c.db.Read(c.ctx, func(tx *database.Tx) error { return c.reads.Metrics(c.ctx, tx, id) })
}

// sums compares the samples of a run with what the run knows of them.
func (c *checker) sums(id int64, r *RunReport) error {
	if c.r.Schema < 6 {
		c.r.Unsealed = append(c.r.Unsealed, fmt.Sprintf("run %s/%s: its samples", r.Experiment, r.Name))
		return nil
	}
	var want, got [3]int64
	err := c.rows("SELECT ids_sum, labels_sum, metadata_sum FROM run WHERE id = ?", id, func(rows *sql.Rows) error {
		return rows.Scan(&want[0], &want[1], &want[2])
	})
	if err != nil {
		return err
	}
	if want[0] == seal.None {
		c.r.Unsealed = append(c.r.Unsealed, fmt.Sprintf("run %s/%s: its samples", r.Experiment, r.Name))
		return nil
	}
	const query = `SELECT s.uid, coalesce(s.label, ''), coalesce(s.metadata, '') FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set
		WHERE rs.run = ? ORDER BY rs.first_position, s.position`
	err = c.rows(query, id, func(rows *sql.Rows) error {
		var texts [3]string
		err := rows.Scan(&texts[0], &texts[1], &texts[2])
		for i, text := range texts {
			got[i] = int64(seal.Texts(uint32(got[i]), 1, func(int) string { return text }))
		}
		return err
	})
	if err == nil && got != want {
		err = damage("the ids, labels or metadata of its samples are not those that were logged")
	}
	return err
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
			if err := c.note("samples", err); err != nil {
				return err
			}
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
			if err := c.note("lists of samples", err); err != nil {
				return err
			}
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
	folder := filepath.Dir(c.db.Path())
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if database.IsLeftover(e.Name()) {
			c.r.Orphans = append(c.r.Orphans, fmt.Sprintf("%s: left by a process that was killed while it made a store or a backup; remove it unless one is being made",
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
