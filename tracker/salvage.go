package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zoetrope-ml/zoetrope/internal/rawsqlite"
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

// Salvage copies all that can be read of the store in the file at path to a new store at dest. It reads the file page by page
// and needs none of what holds the pages together, so that a damaged page costs what lies on it and no more; vectors come
// over if their checksums are right, frames if they are whole. What can be told from elsewhere is mended: a lost row of an
// epoch from its index, a lost sample by one without a name. The store at path is not changed, and must not be written
// meanwhile. progress, which may be nil, is called with pages.
func Salvage(ctx context.Context, path, dest string, progress func(done, total int)) (Salvaged, error) {
	var result Salvaged
	if isPostgres(path) || isPostgres(dest) {
		return result, refuse(ErrInvalid, "only a store in a file can be salvaged, to a file; a PostgreSQL server has pg_dump and its backups")
	}
	dest, err := filepath.Abs(dest)
	if err != nil {
		return result, err
	}
	if _, err := os.Lstat(dest); err == nil {
		return result, refuse(fs.ErrExist, "%s exists: what is salvaged never goes over anything; give another path", dest)
	}
	f, err := rawsqlite.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return result, refuse(ErrNoStore, "there is no file at %s", path)
	} else if err != nil {
		return result, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	defer f.Close()
	err = newFile(dest, "make a store", func(tmp string) error {
		db, err := openNew(tmp)
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
	number, e := 0, &sqliteEngine{}
	for row, err := range f.Table("migration") {
		if err == nil && row.Rowid > 0 {
			number = max(number, int(row.Rowid))
		}
	}
	if number > latest(e) {
		return Salvaged{}, refuse(ErrNewerSchema, "the file has schema %d, and this version knows up to %d: use a newer version", number, latest(e))
	}
	if number == 0 {
		number = latest(e) // that is lost too
	}
	if err := migrateUpTo(ctx, e, db, number); err != nil {
		return Salvaged{}, err
	}
	s := &salvage{ctx: ctx, db: db}
	for _, n := range f.Notes {
		s.lose("%s", n)
	}
	for _, step := range []func() error{
		s.readTables,
		func() error { return s.copyRows(f, progress) },
		func() error { return migrate(ctx, e, db) },
		func() error { _, err := s.exec("BEGIN"); return err },
		s.mendRuns,
		s.mendEpochs,
		s.mendSamples,
		s.mendFrames,
		s.mendRosters,
		s.dropTornFrames,
		s.dropDangling,
		s.setClock,
		func() error { _, err := s.exec("COMMIT"); return err },
	} {
		if err := step(); err != nil {
			return Salvaged{}, err
		}
	}
	runs, err := s.runs()
	if err == nil && len(runs) == 0 {
		err = refuse(ErrNotAStore, "no run of a store can be found in it")
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
