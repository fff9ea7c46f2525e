package doctor

import (
	"database/sql"
	"errors"
	"os"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// file has SQLite check the structure of the file.
func (c *checker) file() error {
	for _, side := range []string{"", "-wal"} {
		if info, err := os.Stat(c.db.Path() + side); err == nil {
			c.r.Bytes += info.Size()
		}
	}
	var free, size int64
	const pages = "SELECT f.freelist_count, p.page_size FROM pragma_freelist_count f, pragma_page_size p"
	if err := c.rows(pages, nil, func(rows *sql.Rows) error { return rows.Scan(&free, &size) }); err != nil {
		return err
	}
	c.r.Free = free * size
	c.progress("structure", 0, 1)
	complain := func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if text != "ok" {
			c.r.damaged("structure: %s", text)
		}
		return nil
	}
	if err := c.rows("PRAGMA integrity_check(50)", nil, complain); err != nil {
		return err
	}
	return c.rows(`SELECT count(*) || ' rows of table ' || "table" || ' refer to rows of table ' || parent || ' that are not there'
		FROM pragma_foreign_key_check GROUP BY "table", parent`, nil, complain)
}

// rows calls f for each row of a query, of one argument or none.
func (c *checker) rows(query string, arg any, f func(rows *sql.Rows) error) error {
	return c.db.Read(c.ctx, func(tx *database.Tx) error {
		var args []any
		if arg != nil {
			args = append(args, arg)
		}
		rows, err := tx.QueryContext(c.ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := f(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// A hashed thing is named by the hash of its rows.
type hashed struct {
	id   int64
	hash []byte
	rows int
}

func (c *checker) hashes(query string) (list []hashed, err error) {
	err = c.rows(query, nil, func(rows *sql.Rows) error {
		var h hashed
		err := rows.Scan(&h.id, &h.hash, &h.rows)
		list = append(list, h)
		return err
	})
	return list, err
}

// A frameKey is a frame as a check remembers it.
type frameKey struct {
	id, roster       int64
	run              string // the run's id
	layer, dtype     string
	epoch, rows, dim int
	seal             int64
}

// An epochKey is an epoch as a check remembers it.
type epochKey struct {
	id     int64
	number int
}

// epochs lists the epochs of a run.
func (c *checker) epochs(run int64) (list []epochKey, err error) {
	err = c.rows("SELECT id, number, step, time, seq FROM epoch WHERE run = ? ORDER BY number", run, func(rows *sql.Rows) error {
		var e epochKey
		var step, time, seq int64
		err := rows.Scan(&e.id, &e.number, &step, &time, &seq)
		list = append(list, e)
		return err
	})
	return list, err
}

// frames lists the frames of a run, in a way that every schema knows.
func (c *checker) frames(run int64) (list []frameKey, err error) {
	query := "SELECT f.id, f.roster, f.layer, e.number, f.rows, f.dim, " + c.sealColumn("f.seal") + ", " + c.typeColumn() + `
		FROM epoch e JOIN frame f ON f.epoch = e.id WHERE e.run = ? ORDER BY e.number, f.id`
	err = c.rows(query, run, func(rows *sql.Rows) error {
		var f frameKey
		err := rows.Scan(&f.id, &f.roster, &f.layer, &f.epoch, &f.rows, &f.dim, &f.seal, &f.dtype)
		list = append(list, f)
		return err
	})
	return list, err
}

// typeColumn is the column of the type of vectors, which schema 1 does not have.
func (c *checker) typeColumn() string {
	if c.r.Schema < 2 {
		return "'float32'"
	}
	return "f.dtype"
}

// errReplaced says that a frame is not there any more.
var errReplaced = errors.New("replaced")

// frame compares the vectors of a frame with their checksums.
func (c *checker) frame(f frameKey) error {
	return c.db.Read(c.ctx, func(tx *database.Tx) error {
		ids, listed, err := c.listed(tx, f.roster)
		if err != nil {
			return err
		}
		whole := seal.Frame{Run: f.run, Layer: f.layer, Epoch: f.epoch, Dim: f.dim, Rows: f.rows, DType: f.dtype, IDs: ids}
		rows, err := tx.QueryContext(c.ctx, "SELECT first_row, rows, checksum, data FROM chunk WHERE frame = ? ORDER BY first_row", f.id)
		if err != nil {
			return err
		}
		defer rows.Close()
		next := 0
		for rows.Next() {
			var first, n int
			var sum int64
			var data sql.RawBytes
			if err := rows.Scan(&first, &n, &sum, &data); err != nil {
				return err
			}
			if got := seal.Checksum(data); int64(got) != sum {
				return damage("rows %d to %d have checksum %08x, want %08x", first, first+n, got, sum)
			}
			if first != next || n < 1 || len(data) != 4*n*f.dim && len(data) != 2*n*f.dim {
				return damage("rows %d to %d, in %d bytes, follow row %d of %d", first, first+n, len(data), next, f.rows)
			}
			whole.Parts = append(whole.Parts, seal.Part{FirstRow: first, Rows: n, Checksum: uint32(sum)})
			next += n
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		if next == f.rows && listed == f.rows && (f.seal == seal.None || f.seal == whole.Sum()) {
			return nil
		}
		var there bool
		if err := tx.QueryRowContext(c.ctx, "SELECT count(*) > 0 FROM frame WHERE id = ?", f.id).Scan(&there); err == nil && !there {
			return errReplaced
		}
		if next == f.rows && listed == f.rows {
			return damage("its %d rows are whole, but not those of this frame, or not of these samples", next)
		}
		return damage("%d of %d rows are there, and samples for %d", next, f.rows, listed)
	})
}

// listed returns the sum of the ids on a list of samples, and how many there are.
func (c *checker) listed(tx *database.Tx, roster int64) (ids uint32, n int, err error) {
	rows, err := tx.QueryContext(c.ctx, "SELECT s.uid FROM roster_row rr JOIN sample s ON s.id = rr.sample WHERE rr.roster = ? ORDER BY rr.position", roster)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var uid string
		if err := rows.Scan(&uid); err != nil {
			return 0, 0, err
		}
		ids = seal.Texts(ids, 1, func(int) string { return uid })
		n++
	}
	return ids, n, rows.Err()
}
