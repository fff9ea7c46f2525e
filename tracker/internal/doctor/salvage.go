package doctor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/rawsqlite"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// Salvaged says what was saved of a damaged store.
type Salvaged struct {
	Runs []SalvagedRun
	Lost []string // what was not, for people: frames, rows, pages
}

// A SalvagedRun is a run as it is in the new store.
type SalvagedRun struct {
	ID, Experiment, Name string
	Epochs, Frames       int
	Samples              int
}

// Salvage does the work of tracker.Salvage.
func Salvage(ctx context.Context, path, dest string, progress func(done, total int)) (Salvaged, error) {
	var result Salvaged
	if database.IsPostgres(path) || database.IsPostgres(dest) {
		return result, refusal.New(refusal.ErrInvalid, "only a store in a file can be salvaged, to a file; a PostgreSQL server has pg_dump and its backups")
	}
	dest, err := filepath.Abs(dest)
	if err != nil {
		return result, err
	}
	if _, err := os.Lstat(dest); err == nil {
		return result, refusal.New(fs.ErrExist, "%s exists: what is salvaged never goes over anything; give another path", dest)
	}
	f, err := rawsqlite.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return result, refusal.New(refusal.ErrNoStore, "there is no file at %s", path)
	} else if err != nil {
		return result, fmt.Errorf("cannot read %s: %w", path, database.Cause(err))
	}
	defer f.Close()
	err = database.NewFile(dest, "make a store", func(tmp string) error {
		db, err := database.OpenNew(tmp)
		if err != nil {
			return err
		}
		result, err = salvageInto(ctx, db, f, progress)
		return errors.Join(err, db.Close())
	})
	return result, err
}

// salvageInto fills an empty database. Its schema is first that of the file, so that the rows fit, and then brought up to date.
func salvageInto(ctx context.Context, db *sql.DB, f *rawsqlite.File, progress func(done, total int)) (Salvaged, error) {
	number, latest := 0, database.LatestSchema()
	for row, err := range f.Table("migration") {
		if err != nil || len(row.Values) < 2 {
			continue
		}
		if name, ok := row.Values[1].(string); ok && database.IsMigration(row.Rowid, name) {
			number = max(number, int(row.Rowid))
		}
	}
	if number > latest {
		return Salvaged{}, refusal.New(refusal.ErrNewerSchema, "the file has schema %d, and this version knows up to %d: use a newer version", number, latest)
	}
	if number == 0 {
		number = latest // that is lost too
	}
	if err := database.MigrateTo(ctx, "", db, number); err != nil {
		return Salvaged{}, err
	}
	s := &salvage{ctx: ctx, db: db}
	for _, n := range f.Notes {
		s.lose("%s", n)
	}
	for _, step := range []func() error{
		s.readTables,
		func() error { return s.copyRows(f, progress) },
		func() error { return database.MigrateTo(ctx, "", db, latest) },
		func() error { _, err := s.exec("BEGIN"); return err },
		s.mend,
		func() error { _, err := s.exec("COMMIT"); return err },
	} {
		if err := step(); err != nil {
			return Salvaged{}, err
		}
	}
	runs, err := s.runs()
	if err == nil && len(runs) == 0 {
		err = refusal.New(refusal.ErrNotAStore, "no run of a store can be found in it")
	}
	return Salvaged{runs, s.lost}, err
}

// maxLost is how many complaints are kept; a torn disk has thousands.
const maxLost = 200

func (s *salvage) lose(format string, args ...any) {
	switch len(s.lost) {
	case maxLost:
		s.lost = append(s.lost, "… and more")
	case maxLost + 1:
	default:
		s.lost = append(s.lost, fmt.Sprintf(format, args...))
	}
}

func (s *salvage) runs() ([]SalvagedRun, error) {
	rows, err := s.db.QueryContext(s.ctx, `SELECT r.uid, r.experiment, r.name, (SELECT count(*) FROM epoch e WHERE e.run = r.id),
		(SELECT count(*) FROM epoch e JOIN frame f ON f.epoch = e.id WHERE e.run = r.id),
		(SELECT count(*) FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set WHERE rs.run = r.id)
		FROM run r ORDER BY r.started, r.id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []SalvagedRun
	for rows.Next() {
		var r SalvagedRun
		if err := rows.Scan(&r.ID, &r.Experiment, &r.Name, &r.Epochs, &r.Frames, &r.Samples); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
