package doctor

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/rawsqlite"
)

// A salvage is a new database that is being filled from a damaged one. Nothing checks that what rows refer to is there.
type salvage struct {
	ctx    context.Context
	db     *sql.DB // one connection
	tables map[string]*salvageTable
	index  map[string][][]any // rows of the indexes of rawsqlite.File that tell what a lost row was
	made   map[int64]bool     // frames whose rows were lost and put together again, by frame.id
	lost   []string
}

// A salvageTable is a table of the new database.
type salvageTable struct {
	name    string
	rowid   bool           // has rowids
	columns []salvageValue // as they lie in a row: for a table without rowids, the primary key first
}

type salvageValue struct {
	name, kind string
	filled     bool // may not be NULL
	isRowid    bool
}

// The indexes that tell what a lost row was, of the UNIQUE constraints in their order, and what their rows are made of:
// integers and texts. The last column is the row's id.
var telling = map[string]string{
	"sqlite_autoindex_run_1":    "ti",  // uid
	"sqlite_autoindex_run_2":    "tti", // experiment, name
	"sqlite_autoindex_epoch_1":  "iii", // run, number
	"sqlite_autoindex_frame_1":  "iti", // epoch, layer
	"sqlite_autoindex_sample_1": "iii", // sample_set, position
	"sqlite_autoindex_sample_2": "iti", // sample_set, uid
}

func kindsOf(values []any) string {
	var kinds []byte
	for _, v := range values {
		switch v.(type) {
		case int64:
			kinds = append(kinds, 'i')
		case string:
			kinds = append(kinds, 't')
		default:
			kinds = append(kinds, '?')
		}
	}
	return string(kinds)
}

func (s *salvage) readTables() error {
	s.tables, s.index, s.made = map[string]*salvageTable{}, map[string][][]any{}, map[int64]bool{}
	rows, err := s.db.QueryContext(s.ctx, `SELECT t.name, t.wr, c.name, c.type, c."notnull", c.pk FROM pragma_table_list t JOIN pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND t.name <> 'migration'
		ORDER BY t.name, CASE WHEN t.wr AND c.pk > 0 THEN c.pk ELSE 1000 + c.cid END`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var bare bool
		var c salvageValue
		var key int
		if err := rows.Scan(&name, &bare, &c.name, &c.kind, &c.filled, &key); err != nil {
			return err
		}
		t := s.tables[name]
		if t == nil {
			t = &salvageTable{name: name, rowid: !bare}
			s.tables[name] = t
		}
		c.isRowid = !bare && key == 1 && c.kind == "INTEGER" && c.name == "id"
		c.filled = c.filled || bare && key > 0
		t.columns = append(t.columns, c)
	}
	return rows.Err()
}

// copyRows copies every row that fits. It commits from time to time: the file may be large.
func (s *salvage) copyRows(f *rawsqlite.File, progress func(done, total int)) error {
	tx, err := s.db.BeginTx(s.ctx, nil)
	if err != nil {
		return err
	}
	defer func() { tx.Rollback() }()
	bytes := 0
	for row, err := range f.Rows(progress) {
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		if err != nil {
			s.lose("%v", err)
			continue
		}
		if row.Index {
			if kinds := telling[row.Table]; kinds != "" && kinds == kindsOf(row.Values) {
				s.index[row.Table] = append(s.index[row.Table], row.Values)
			}
			continue
		}
		t := s.tables[row.Table]
		if row.Table == "" {
			t = s.fitting(row)
		}
		if t == nil {
			continue // of no table of ours, or of more than one
		}
		size, err := s.copyRow(tx, t, row)
		if err != nil {
			return err
		}
		if bytes += size; bytes > 32<<20 {
			if err := tx.Commit(); err != nil {
				return err
			}
			if tx, err = s.db.BeginTx(s.ctx, nil); err != nil {
				return err
			}
			bytes = 0
		}
	}
	return tx.Commit()
}

// fitting returns the one table that a row of unknown origin may be of.
func (s *salvage) fitting(row rawsqlite.Row) (fits *salvageTable) {
	for _, t := range s.tables {
		if t.rowid == row.HasRowid && len(t.columns) == len(row.Values) && t.accepts(row.Values) {
			if fits != nil {
				return nil
			}
			fits = t
		}
	}
	return fits
}

func (t *salvageTable) accepts(values []any) bool {
	for i, c := range t.columns[:min(len(t.columns), len(values))] {
		ok := false
		switch values[i].(type) {
		case nil:
			ok = c.isRowid || !c.filled
		case int64:
			ok = !c.isRowid && (c.kind == "INTEGER" || c.kind == "REAL")
		case float64:
			ok = c.kind == "REAL"
		case string:
			ok = c.kind == "TEXT"
		case []byte:
			ok = c.kind == "BLOB"
		}
		if !ok {
			return false
		}
	}
	return true
}

// wholeSample reports whether a row of table sample, which may lack columns that are newer, is what its seal says.
func wholeSample(t *salvageTable, values []any) bool {
	var row content.SampleRow
	sum := int64(seal.None)
	for i, c := range t.columns[:len(values)] {
		switch v := values[i].(type) {
		case string:
			switch c.name {
			case "uid":
				row.UID = v
			case "label":
				row.Label.String = v
			case "metadata":
				row.Metadata.String = v
			}
		case []byte:
			row.Thumbnail = v
		case int64:
			if c.name == "seal" {
				sum = v
			}
		}
	}
	return sum == seal.None || sum == row.Seal()
}

// copyRow copies a row, unless one with its key is there or it cannot be what was written, and returns about how large it is.
func (s *salvage) copyRow(tx *sql.Tx, t *salvageTable, row rawsqlite.Row) (size int, err error) {
	if len(row.Values) == 0 || len(row.Values) > len(t.columns) || !t.accepts(row.Values) {
		s.lose("page %d: a row of table %s is damaged", row.Page, t.name)
		return 0, nil
	}
	values := slices.Clone(row.Values) // fewer than columns: the others were added later, and have defaults
	names := make([]string, len(values))
	var sum int64
	var data []byte
	for i, c := range t.columns[:len(values)] {
		names[i] = `"` + c.name + `"`
		if c.isRowid {
			values[i] = row.Rowid
		}
		switch v := values[i].(type) {
		case []byte:
			data = v
			size += len(v)
		case int64:
			if c.name == "checksum" {
				sum = v
			}
		}
	}
	switch wrong := int64(seal.Checksum(data)) != sum; {
	case wrong && t.name == "chunk":
		s.lose("page %d: vectors with a wrong checksum", row.Page)
		return 0, nil
	case wrong && t.name == "projection_block":
		return 0, nil // nothing is lost: the points are there as rows, too
	case t.name == "sample" && !wholeSample(t, values):
		s.lose("page %d: a sample is damaged", row.Page) // mendSamples knows its id of an index
		return 0, nil
	}
	verb := "INSERT OR IGNORE"
	if t.name == "clock" {
		verb = "INSERT OR REPLACE"
	}
	query := fmt.Sprintf("%s INTO %s (%s) VALUES (?%s)", verb, t.name, strings.Join(names, ", "), strings.Repeat(", ?", len(values)-1))
	_, err = tx.ExecContext(s.ctx, query, values...)
	if database.SQLiteCode(err) == sqlite3.SQLITE_CONSTRAINT || database.SQLiteCode(err) == sqlite3.SQLITE_MISMATCH {
		s.lose("page %d: a row of table %s is damaged: %v", row.Page, t.name, err)
		return 0, nil
	}
	return size + 100, err
}
