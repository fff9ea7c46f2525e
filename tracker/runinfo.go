package tracker

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// RunInfo is what a store knows of a run.
type RunInfo struct {
	ID         string
	Experiment string
	Name       string
	State      State
	Cause      string         // why it failed
	Params     map[string]any // numbers are [encoding/json.Number]
	Started    time.Time
	Seen       time.Time // when the writer last gave a sign of life
	Ended      time.Time // zero while running
	Epochs     int       // how many
	LastEpoch  int       // the highest number; 0 also if there is none
	LastStep   int       // of that epoch
	Samples    int
	Layers     []string // in the order in which they first appeared
	Tags       []string // in order
	Notes      string
	Code       string // main package and revision of the program that wrote it last
	Host       string // where that ran
	Seq        int64  // grows whenever anything of the run is written
}

// Runs returns all runs, the newest first.
func (s *Store) Runs(ctx context.Context) ([]RunInfo, error) {
	var list []RunInfo
	err := s.Read(ctx, func(tx *Tx) (err error) {
		list, err = readRuns(ctx, tx, "ORDER BY r.started DESC, r.id DESC")
		return err
	})
	return list, err
}

// Run returns one run, named by its id, its name or "experiment/name". An empty name means the newest by start.
func (s *Store) Run(ctx context.Context, run string) (RunInfo, error) {
	var info RunInfo
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		list, err := readRuns(ctx, tx, "WHERE r.id = ?", r.id)
		if err == nil {
			info = list[0]
		}
		return err
	})
	return info, err
}

func readRuns(ctx context.Context, tx *Tx, where string, args ...any) ([]RunInfo, error) {
	const query = `SELECT r.id, r.uid, r.experiment, r.name, r.state, coalesce(r.cause, ''), r.params, r.started, r.seen, r.ended, r.seq,
			r.tags, r.notes, r.code, r.host,
			(SELECT count(*) FROM epoch e WHERE e.run = r.id),
			coalesce(l.number, 0), coalesce(l.step, 0),
			(SELECT CAST(coalesce(sum(ss.rows), 0) AS BIGINT) FROM run_sample_set rs JOIN sample_set ss ON ss.id = rs.sample_set WHERE rs.run = r.id)
		FROM run r LEFT JOIN epoch l ON l.run = r.id AND l.number = (SELECT max(e.number) FROM epoch e WHERE e.run = r.id) `
	rows, err := tx.QueryContext(ctx, query+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []RunInfo
	var ids []int64
	for rows.Next() {
		var r RunInfo
		var id, started, seen int64
		var ended sql.NullInt64
		var params, tags string
		if err := rows.Scan(&id, &r.ID, &r.Experiment, &r.Name, &r.State, &r.Cause, &params, &started, &seen, &ended, &r.Seq,
			&tags, &r.Notes, &r.Code, &r.Host,
			&r.Epochs, &r.LastEpoch, &r.LastStep, &r.Samples); err != nil {
			return nil, err
		}
		r.Started, r.Seen = time.UnixMicro(started), time.UnixMicro(seen)
		if ended.Valid {
			r.Ended = time.UnixMicro(ended.Int64)
		}
		if r.Params, err = content.DecodeJSONObject(params); err != nil {
			return nil, refuse(ErrCorrupt, "params of run %s/%s: %v", r.Experiment, r.Name, err)
		}
		if r.Tags, err = decodeTags(tags); err != nil {
			return nil, refuse(ErrCorrupt, "tags of run %s/%s: %v", r.Experiment, r.Name, err)
		}
		list, ids = append(list, r), append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i, id := range ids {
		if list[i].Layers, err = readLayers(ctx, tx, id); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func readLayers(ctx context.Context, tx *Tx, run int64) ([]string, error) {
	const query = "SELECT f.layer FROM epoch e JOIN frame f ON f.epoch = e.id WHERE e.run = ? GROUP BY f.layer ORDER BY min(f.id)"
	rows, err := tx.QueryContext(ctx, query, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// A runRow is the identity of a run.
type runRow struct {
	id                    int64
	uid, experiment, name string
}

func (r runRow) title() string { return r.experiment + "/" + r.name }

// findRun looks a run up by id, name or experiment/name; empty means the newest by start.
func findRun(ctx context.Context, tx *Tx, name string) (runRow, error) {
	const columns = "SELECT id, uid, experiment, name FROM run "
	query, args := columns+"WHERE uid = ?", []any{name}
	if name == "" {
		query, args = columns+"ORDER BY started DESC, id DESC LIMIT 1", nil
	}
	var r runRow
	err := tx.QueryRowContext(ctx, query, args...).Scan(&r.id, &r.uid, &r.experiment, &r.name)
	switch {
	case err == nil && name != "":
		return r, r.check(ctx, tx)
	case !errors.Is(err, sql.ErrNoRows):
		return r, err
	case name == "":
		return r, refuse(ErrNotFound, "the store has no runs yet")
	}
	found, err := listRuns(ctx, tx, columns+"WHERE name = ? OR experiment || '/' || name = ? ORDER BY started DESC", name, name)
	switch {
	case err != nil:
		return r, err
	case len(found) > 1:
		return r, refuse(ErrAmbiguous, "several runs are named %q, say which: %s", name, titles(found))
	case len(found) == 1:
		return found[0], nil
	}
	newest, err := listRuns(ctx, tx, columns+"ORDER BY started DESC, id DESC LIMIT 5")
	switch {
	case err != nil:
		return r, err
	case len(newest) == 0:
		return r, refuse(ErrNotFound, "no run %q: the store has no runs yet", name)
	}
	return r, refuse(ErrNotFound, "no run %q: the newest are %s", name, titles(newest))
}

// check sees that the row of a run that an index has led to is the run's.
func (r runRow) check(ctx context.Context, tx *Tx) error {
	var uid string
	err := tx.QueryRowContext(ctx, "SELECT uid FROM run WHERE id = ?", r.id).Scan(&uid)
	if errors.Is(err, sql.ErrNoRows) || err == nil && uid != r.uid {
		return refuse(ErrCorrupt, "run %s: an index of the store leads to another run: 'zoetrope doctor' tells what can be read of it", r.uid)
	}
	return err
}

func listRuns(ctx context.Context, tx *Tx, query string, args ...any) ([]runRow, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []runRow
	for rows.Next() {
		var r runRow
		if err := rows.Scan(&r.id, &r.uid, &r.experiment, &r.name); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func titles(list []runRow) string {
	var names []string
	for _, r := range list {
		names = append(names, r.title())
	}
	return strings.Join(names, ", ")
}
