package doctor

import (
	"bytes"
	"database/sql"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A claim is a frame that was salvaged, with all that its rows say of what it is.
type claim struct {
	seal.Frame
	id, epoch, run, roster, sum int64
}

// mendSeals holds each frame against its seal. Where it is not what its rows say, what the indexes say is tried instead, and
// the other lists of as many samples; a frame that is still not what was logged is dropped.
func (s *salvage) mendSeals() error {
	claims, err := s.claims()
	if err != nil {
		return err
	}
	lists, err := s.lists()
	if err != nil {
		return err
	}
	for _, c := range claims {
		if err := s.mendSeal(c, lists); err != nil {
			return err
		}
	}
	return nil
}

// claims lists the frames that are whole.
func (s *salvage) claims() (list []claim, err error) {
	const query = `SELECT f.id, f.epoch, e.run, f.roster, f.seal, r.uid, f.layer, e.number, f.dim, f.rows, f.dtype
		FROM frame f JOIN epoch e ON e.id = f.epoch JOIN run r ON r.id = e.run
		WHERE f.rows = (SELECT coalesce(sum(rows), 0) FROM chunk WHERE frame = f.id) ORDER BY f.id`
	err = s.each(query, func(rows *sql.Rows) error {
		var c claim
		err := rows.Scan(&c.id, &c.epoch, &c.run, &c.roster, &c.sum, &c.Run, &c.Layer, &c.Epoch, &c.Dim, &c.Rows, &c.DType)
		list = append(list, c)
		return err
	})
	for i := range list {
		c := &list[i]
		if err == nil {
			err = s.each("SELECT first_row, rows, checksum FROM chunk WHERE frame = ? ORDER BY first_row", func(rows *sql.Rows) error {
				var p seal.Part
				err := rows.Scan(&p.FirstRow, &p.Rows, &p.Checksum)
				c.Parts = append(c.Parts, p)
				return err
			}, c.id)
		}
	}
	return list, err
}

// lists returns the sum of the ids on each list of samples, and how many they are.
func (s *salvage) lists() (map[int64]list, error) {
	lists := map[int64]list{}
	err := s.each("SELECT rr.roster, sa.uid FROM roster_row rr JOIN sample sa ON sa.id = rr.sample ORDER BY rr.roster, rr.position", func(rows *sql.Rows) error {
		var id int64
		var uid string
		err := rows.Scan(&id, &uid)
		l := lists[id]
		lists[id] = list{seal.Texts(l.ids, 1, func(int) string { return uid }), l.rows + 1}
		return err
	})
	return lists, err
}

// A list is a list of samples.
type list struct {
	ids  uint32
	rows int
}

func (s *salvage) mendSeal(c claim, lists map[int64]list) error {
	if c.sum == seal.None && !s.made[c.id] {
		return nil // an earlier version has stored it
	}
	c.IDs = lists[c.roster].ids
	if s.made[c.id] { // it was put together of what is known, and said to be
		_, err := s.exec("UPDATE frame SET seal = ? WHERE id = ?", c.Sum(), c.id)
		return err
	}
	if lists[c.roster].rows == c.Rows && c.Sum() == c.sum {
		return nil
	}
	for _, other := range s.alternatives(c, lists) {
		if lists[other.roster].rows != other.Rows || other.Sum() != c.sum {
			continue
		}
		for _, q := range []struct {
			query string
			args  []any
		}{
			{"UPDATE OR IGNORE run SET uid = ? WHERE id = ?", []any{other.Run, c.run}},
			{"UPDATE OR IGNORE epoch SET number = ? WHERE id = ?", []any{other.Epoch, c.epoch}},
			{"UPDATE OR IGNORE frame SET layer = ?, dim = ?, dtype = ?, roster = ? WHERE id = ?", []any{other.Layer, other.Dim, other.DType, other.roster, c.id}},
		} {
			if _, err := s.exec(q.query, q.args...); err != nil {
				return err
			}
		}
		return nil
	}
	s.lose("run %s, epoch %d, layer %q: it is not what was logged as this, or not of these samples", s.title(c.run), c.Epoch, c.Layer)
	_, err := s.exec("DELETE FROM frame WHERE id = ?", c.id)
	return err
}

// alternatives are what a frame may have been: of each thing that its seal names, what its row says and what an index does.
func (s *salvage) alternatives(c claim, lists map[int64]list) (all []claim) {
	all = []claim{c}
	vary := func(change func(c *claim)) {
		for _, known := range all {
			change(&known)
			all = append(all, known)
		}
	}
	for _, v := range s.index["sqlite_autoindex_run_1"] {
		if uid := v[0].(string); v[1] == c.run && uid != c.Run {
			vary(func(c *claim) { c.Run = uid })
		}
	}
	for _, v := range s.index["sqlite_autoindex_epoch_1"] {
		if number := v[1].(int64); v[2] == c.epoch && int(number) != c.Epoch {
			vary(func(c *claim) { c.Epoch = int(number) })
		}
	}
	for _, v := range s.index["sqlite_autoindex_frame_1"] {
		if layer := v[1].(string); v[2] == c.id && layer != c.Layer {
			vary(func(c *claim) { c.Layer = layer })
		}
	}
	if _, dim, as, err := s.shapeOf(c.id); err == nil && dim > 0 && (dim != c.Dim || string(as) != c.DType) {
		vary(func(c *claim) { c.Dim, c.DType = dim, string(as) })
	}
	for id, l := range lists {
		if l.rows == c.Rows && id != c.roster && len(all) < 1<<16 {
			for _, known := range all {
				if known.roster == c.roster {
					known.roster, known.IDs = id, l.ids
					all = append(all, known)
				}
			}
		}
	}
	return all
}

// each calls f for each row of a query.
func (s *salvage) each(query string, f func(rows *sql.Rows) error, args ...any) error {
	rows, err := s.db.QueryContext(s.ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%w, in %s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// mendSums brings what a run knows of its samples, and the name of each set, up to what was salvaged, and says where that is
// not what was logged.
func (s *salvage) mendSums() error {
	runs, err := s.ints("SELECT id, ids_sum, labels_sum, metadata_sum FROM run")
	if err != nil {
		return err
	}
	for _, r := range runs {
		var got [3]uint32
		err := s.each(`SELECT sa.uid, coalesce(sa.label, ''), coalesce(sa.metadata, '') FROM run_sample_set rs JOIN sample sa ON sa.sample_set = rs.sample_set
			WHERE rs.run = ? ORDER BY rs.first_position, sa.position`, func(rows *sql.Rows) error {
			var texts [3]string
			err := rows.Scan(&texts[0], &texts[1], &texts[2])
			for i, text := range texts {
				got[i] = seal.Texts(got[i], 1, func(int) string { return text })
			}
			return err
		}, r[0])
		if err != nil {
			return err
		}
		if r[1] == seal.None {
			continue
		}
		for i, what := range []string{"ids", "labels", "metadata"} {
			if r[1+i] != int64(got[i]) {
				s.lose("run %s: the %s of its samples are not all of those that were logged", s.title(r[0]), what)
			}
		}
		if _, err := s.exec("UPDATE run SET ids_sum = ?, labels_sum = ?, metadata_sum = ? WHERE id = ?", got[0], got[1], got[2], r[0]); err != nil {
			return err
		}
	}
	return s.mendSets()
}

// mendSets names each set of samples by what is left of it. Where neither the samples have seals nor the runs sums, its name is
// all that tells whether it is what was logged.
func (s *salvage) mendSets() error {
	sets, err := s.ints("SELECT id FROM sample_set")
	if err != nil {
		return err
	}
	for _, set := range sets {
		var batch []content.SampleRow
		unsealed := false
		err := s.each("SELECT uid, label, metadata, thumbnail, seal FROM sample WHERE sample_set = ? ORDER BY position", func(rows *sql.Rows) error {
			var row content.SampleRow
			var sum int64
			err := rows.Scan(&row.UID, &row.Label, &row.Metadata, &row.Thumbnail, &sum)
			batch, unsealed = append(batch, row), unsealed || sum == seal.None
			return err
		}, set[0])
		if err != nil {
			return err
		}
		var name []byte
		if err := s.db.QueryRowContext(s.ctx, "SELECT hash FROM sample_set WHERE id = ?", set[0]).Scan(&name); err != nil {
			return err
		}
		hash := content.HashSamples(batch)
		if bytes.Equal(name, hash) || len(batch) == 0 {
			continue
		}
		if unsealed && !bytes.HasPrefix(name, []byte("made ")) {
			s.lose("the ids, labels, metadata or thumbnails of %d samples may be wrong: they are not what was logged", len(batch))
		}
		if _, err := s.exec("UPDATE OR IGNORE sample_set SET hash = ? WHERE id = ?", hash, set[0]); err != nil {
			return err
		}
	}
	return nil
}
