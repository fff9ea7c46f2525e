package tracker

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	State                State
	Epochs               int
	Frames, Readable     int // layers of epochs; of them, those that are whole and right
}

// Check reads all of the store at path, and compares it with the checksums that were made when it was logged: vectors, samples
// with their labels, metadata and thumbnails, and which sample each row is. Of a file, it also has SQLite look at the structure.
// It changes nothing, and runs may be written meanwhile. What is damaged is no error but part of the report; the error is for
// a store that is not there, or a ctx that was cancelled. progress, which may be nil, is called for each stage.
func Check(ctx context.Context, path string, progress func(stage string, done, total int)) (Report, error) {
	r := Report{Path: path, Engine: "sqlite"}
	if isPostgres(path) {
		r.Engine = "postgresql"
	}
	if progress == nil {
		progress = func(string, int, int) {}
	}
	s, err := openStore(ctx, path, OpenOptions{ReadOnly: true}, true)
	switch {
	case err == nil:
	case r.Engine == "sqlite" && (errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNotAStore) || errors.Is(err, ErrIO)):
		r.damaged("%v", err)
		if info, err := os.Stat(path); err == nil {
			r.Bytes = info.Size()
		}
		return r, nil
	default:
		return r, err
	}
	defer s.Close()
	r.Path = s.path
	c := &checker{ctx: ctx, s: s, r: &r, progress: progress}
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
	s        *Store
	r        *Report
	progress func(stage string, done, total int)
}

func (c *checker) schema() error {
	return c.s.Read(c.ctx, func(tx *Tx) error {
		return tx.QueryRowContext(c.ctx, "SELECT coalesce(max(number), 0) FROM migration").Scan(&c.r.Schema)
	})
}

// runs reads everything that belongs to a run.
func (c *checker) runs() error {
	var list []runRow
	states := map[int64]State{}
	err := c.s.Read(c.ctx, func(tx *Tx) (err error) {
		if list, err = listRuns(c.ctx, tx, "SELECT id, uid, experiment, name FROM run ORDER BY started, id"); err != nil {
			return err
		}
		for _, row := range list {
			var state State
			if err := tx.QueryRowContext(c.ctx, "SELECT state FROM run WHERE id = ?", row.id).Scan(&state); err != nil {
				return err
			}
			states[row.id] = state
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, row := range list {
		c.progress("runs", i, len(list))
		r := RunReport{ID: row.uid, Experiment: row.experiment, Name: row.name, State: states[row.id]}
		if err := c.run(&r); c.ctx.Err() != nil {
			return c.ctx.Err()
		} else if err != nil {
			c.r.damaged("run %s: %v", row.title(), err)
		}
		c.r.Runs = append(c.r.Runs, r)
	}
	return nil
}

func (c *checker) run(r *RunReport) error {
	epochs, err := c.s.Epochs(c.ctx, r.ID)
	if err != nil {
		return err
	}
	r.Epochs = len(epochs)
	frames, err := c.s.frames(c.ctx, r.ID)
	if err != nil {
		return err
	}
	r.Frames = len(frames)
	for i, f := range frames {
		c.progress("vectors of "+r.Name, i, len(frames))
		switch err := c.s.checkFrame(c.ctx, f); {
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
		if _, err := c.s.Outputs(c.ctx, r.ID, e.Number); err != nil && !errors.Is(err, ErrNotFound) {
			c.r.damaged("run %s/%s, outputs of epoch %d: %v", r.Experiment, r.Name, e.Number, err)
		}
	}
	_, err = c.s.Metrics(c.ctx, r.ID)
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
		var batch []sampleRow
		err := c.rows("SELECT uid, label, metadata, thumbnail FROM sample WHERE sample_set = ? ORDER BY position", set.id, func(rows *sql.Rows) error {
			var s sampleRow
			err := rows.Scan(&s.uid, &s.label, &s.metadata, &s.thumbnail)
			batch = append(batch, s)
			return err
		})
		switch {
		case err != nil:
			c.r.damaged("samples: %v", err)
		case len(batch) != set.rows:
			c.r.damaged("samples: %d of %d of a set are there", len(batch), set.rows)
		case len(batch) > 0 && !bytes.Equal(hashSamples(batch), set.hash):
			c.r.damaged("samples: the ids, labels, metadata or thumbnails of %d samples (%s … %s) are not what was logged", len(batch), batch[0].uid, batch[len(batch)-1].uid)
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
		case len(samples) != roster.rows || !bytes.Equal(hashRoster(samples), roster.hash):
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
		err := c.s.Read(c.ctx, func(tx *Tx) error { return tx.QueryRowContext(c.ctx, o.query).Scan(&n) })
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
	folder, base := filepath.Split(c.s.path)
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
	known := map[string]bool{queueFile: true}
	for _, r := range c.r.Runs {
		known[r.ID+".lock"] = true
	}
	locks, err := os.ReadDir(c.s.path + "-locks")
	if err != nil || len(c.r.Damage) > 0 { // there are none, or the runs are not all known
		return nil
	}
	for _, e := range locks {
		if !known[e.Name()] {
			c.r.Orphans = append(c.r.Orphans, fmt.Sprintf("%s: the lock of a run that is not there", filepath.Join(c.s.path+"-locks", e.Name())))
		}
	}
	return nil
}
