package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
)

// file has SQLite check the structure of the file.
func (c *checker) file() error {
	for _, side := range []string{"", "-wal"} {
		if info, err := os.Stat(c.s.path + side); err == nil {
			c.r.Bytes += info.Size()
		}
	}
	var free, size int64
	err := c.s.reader.QueryRowContext(c.ctx, "SELECT f.freelist_count, p.page_size FROM pragma_freelist_count f, pragma_page_size p").Scan(&free, &size)
	if err != nil {
		return c.s.explain(err)
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
	return c.s.Read(c.ctx, func(tx *Tx) error {
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
	layer            string
	epoch, rows, dim int
}

// frames lists the frames of a run, in a way that every schema knows.
func (s *Store) frames(ctx context.Context, run string) (list []frameKey, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT f.id, f.roster, f.layer, e.number, f.rows, f.dim FROM run r JOIN epoch e ON e.run = r.id
			JOIN frame f ON f.epoch = e.id WHERE r.uid = ? ORDER BY e.number, f.id`, run)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var f frameKey
			if err := rows.Scan(&f.id, &f.roster, &f.layer, &f.epoch, &f.rows, &f.dim); err != nil {
				return err
			}
			list = append(list, f)
		}
		return rows.Err()
	})
	return list, err
}

// errReplaced says that a frame is not there any more.
var errReplaced = errors.New("replaced")

// checkFrame compares the vectors of a frame with their checksums.
func (s *Store) checkFrame(ctx context.Context, f frameKey) error {
	return s.Read(ctx, func(tx *Tx) error {
		var listed int
		err := tx.QueryRowContext(ctx, "SELECT count(*) FROM roster_row rr JOIN sample s ON s.id = rr.sample WHERE rr.roster = ?", f.roster).Scan(&listed)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, "SELECT first_row, rows, checksum, data FROM chunk WHERE frame = ? ORDER BY first_row", f.id)
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
			if got := crc32.Checksum(data, castagnoli); int64(got) != sum {
				return fmt.Errorf("rows %d to %d have checksum %08x, want %08x", first, first+n, got, sum)
			}
			if first != next || n < 1 || len(data) != 4*n*f.dim && len(data) != 2*n*f.dim {
				return fmt.Errorf("rows %d to %d, in %d bytes, follow row %d of %d", first, first+n, len(data), next, f.rows)
			}
			next += n
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if next == f.rows && listed == f.rows {
			return nil
		}
		rows.Close()
		var there bool
		if err := tx.QueryRowContext(ctx, "SELECT count(*) > 0 FROM frame WHERE id = ?", f.id).Scan(&there); err == nil && !there {
			return errReplaced
		}
		return fmt.Errorf("%d of %d rows are there, and samples for %d", next, f.rows, listed)
	})
}
