package doctor

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

func (s *salvage) exec(query string, args ...any) (changed int64, err error) {
	res, err := s.db.ExecContext(s.ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("%w, in %s", err, query)
	}
	return res.RowsAffected()
}

// ints returns the rows of a query of whole numbers.
func (s *salvage) ints(query string, args ...any) (list [][]int64, err error) {
	rows, err := s.db.QueryContext(s.ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%w, in %s", err, query)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row, into := make([]int64, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

// mend makes the rows that were lost and follow from other rows or from indexes, and drops those that hang on lost rows.
func (s *salvage) mend() error {
	for _, step := range []func() error{
		s.mendRuns, s.mendEpochs, s.mendSamples, s.mendFrames, s.mendRosters, s.mendSeals, s.dropTornFrames,
		s.mendMaps, s.dropDangling, s.mendSums, s.mendMapSums, s.setClock,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// mendRuns makes runs whose rows are lost, from their two indexes, which have the name and the id.
func (s *salvage) mendRuns() error {
	names := map[any][]any{}
	for _, v := range s.index["sqlite_autoindex_run_2"] {
		names[v[2]] = v
	}
	for _, v := range s.index["sqlite_autoindex_run_1"] {
		name, ok := names[v[1]]
		if !ok {
			name = []any{"lost", v[0]}
		}
		n, err := s.exec(`INSERT OR IGNORE INTO run (id, uid, experiment, name, state, cause, params, generation, writer, started, seen, seq, cut)
			VALUES (?, ?, ?, ?, 'failed', 'salvaged without its params', '{}', 1, '', 0, 0, 0, 0)`, v[1], v[0], name[0], name[1])
		if err != nil {
			return err
		}
		if n > 0 {
			s.lose("run %s/%s: its params, state and times", name[0], name[1])
		}
	}
	return nil
}

// mendEpochs makes epochs whose rows are lost, from their index.
func (s *salvage) mendEpochs() error {
	for _, v := range s.index["sqlite_autoindex_epoch_1"] {
		n, err := s.exec(`INSERT OR IGNORE INTO epoch (id, run, number, step, time, seq)
			SELECT ?, id, ?, 0, 0, 0 FROM run WHERE id = ?`, v[2], v[1], v[0])
		if err != nil {
			return err
		}
		if n > 0 {
			s.lose("run %s, epoch %d: its step and time", s.title(v[0]), v[1])
		}
	}
	return nil
}

func (s *salvage) title(run any) (title string) {
	if s.db.QueryRowContext(s.ctx, "SELECT experiment || '/' || name FROM run WHERE id = ?", run).Scan(&title) != nil {
		return "?"
	}
	return title
}

// mendSamples makes samples whose rows are lost, without label, metadata and thumbnail, from their indexes: ids and positions.
// A set that is lost follows from its samples.
func (s *salvage) mendSamples() error {
	positions := map[any]any{}
	for _, v := range s.index["sqlite_autoindex_sample_1"] {
		positions[v[2]] = v[1]
	}
	lost := int64(0)
	for _, v := range s.index["sqlite_autoindex_sample_2"] {
		if position, ok := positions[v[2]]; ok {
			row := content.SampleRow{UID: v[1].(string)}
			n, err := s.exec("INSERT OR IGNORE INTO sample (id, sample_set, position, uid, seal) VALUES (?, ?, ?, ?, ?)", v[2], v[0], position, v[1], row.Seal())
			if err != nil {
				return err
			}
			lost += n
		}
	}
	if lost > 0 {
		s.lose("the labels, metadata and thumbnails of %d samples", lost)
	}
	_, err := s.exec(`INSERT OR IGNORE INTO sample_set (id, hash, rows) SELECT sample_set, CAST('made ' || sample_set AS BLOB), count(*) FROM sample
		WHERE sample_set NOT IN (SELECT id FROM sample_set) GROUP BY sample_set`)
	if err != nil {
		return err
	}
	return s.mendLinks()
}

// mendLinks gives a run that has frames but no samples the sets of the samples in its frames.
func (s *salvage) mendLinks() error {
	links, err := s.ints(`SELECT DISTINCT e.run, sa.sample_set, ss.rows FROM epoch e JOIN frame f ON f.epoch = e.id
		JOIN roster_row rr ON rr.roster = f.roster JOIN sample sa ON sa.id = rr.sample JOIN sample_set ss ON ss.id = sa.sample_set
		WHERE e.run NOT IN (SELECT run FROM run_sample_set) ORDER BY 1, 2`)
	if err != nil {
		return err
	}
	first := map[int64]int64{}
	for _, l := range links {
		if _, err := s.exec("INSERT OR IGNORE INTO run_sample_set (run, sample_set, first_position) VALUES (?, ?, ?)", l[0], l[1], first[l[0]]); err != nil {
			return err
		}
		first[l[0]] += l[2]
	}
	return nil
}

// mendRosters makes lists of samples that are lost from their rows, and completes those that are not whole.
func (s *salvage) mendRosters() error {
	if _, err := s.exec(`INSERT OR IGNORE INTO roster (id, hash, rows)
		SELECT f.roster, randomblob(32), max(f.rows) FROM frame f WHERE f.roster NOT IN (SELECT id FROM roster) GROUP BY f.roster`); err != nil {
		return err
	}
	rosters, err := s.ints("SELECT id, rows FROM roster")
	if err != nil {
		return err
	}
	for _, r := range rosters {
		members, err := s.ints("SELECT sample, position FROM roster_row WHERE roster = ? ORDER BY position", r[0])
		if err != nil {
			return err
		}
		var samples []int64
		whole := int64(len(members)) == r[1]
		for i, m := range members {
			samples = append(samples, m[0])
			whole = whole && m[1] == int64(i)
		}
		var known []byte
		if err := s.db.QueryRowContext(s.ctx, "SELECT hash FROM roster WHERE id = ?", r[0]).Scan(&known); err != nil {
			return err
		}
		hash := content.HashRoster(samples)
		switch {
		case whole && string(known) == string(hash):
		case whole: // the hash was lost, or a row was altered, which cannot be told apart
			s.lose("the list of the samples of some frames may be wrong: its hash does not match")
			if _, err := s.exec("UPDATE OR IGNORE roster SET hash = ? WHERE id = ?", hash, r[0]); err != nil {
				return err
			}
		default:
			if err := s.guessRoster(r[0], r[1], known); err != nil {
				return err
			}
		}
	}
	return nil
}

// guessRoster completes a list that is not whole if its hash is that of all samples of a run, in order, as most lists are.
func (s *salvage) guessRoster(roster, rows int64, hash []byte) error {
	runs, err := s.ints("SELECT DISTINCT e.run FROM frame f JOIN epoch e ON e.id = f.epoch WHERE f.roster = ?", roster)
	if err != nil {
		return err
	}
	for _, run := range runs {
		list, err := s.ints(`SELECT sa.id FROM run_sample_set rs JOIN sample sa ON sa.sample_set = rs.sample_set
			WHERE rs.run = ? ORDER BY rs.first_position, sa.position LIMIT ?`, run[0], rows)
		if err != nil {
			return err
		}
		samples := make([]int64, len(list))
		for i, l := range list {
			samples[i] = l[0]
		}
		if int64(len(samples)) != rows || string(content.HashRoster(samples)) != string(hash) {
			continue
		}
		for i, id := range samples {
			if _, err := s.exec("INSERT OR REPLACE INTO roster_row (roster, position, sample) VALUES (?, ?, ?)", roster, i, id); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

// dropTornFrames drops frames that lack vectors or the list of their samples.
func (s *salvage) dropTornFrames() error {
	const torn = `FROM frame f LEFT JOIN epoch e ON e.id = f.epoch LEFT JOIN run r ON r.id = e.run
		WHERE f.rows <> (SELECT coalesce(sum(rows), 0) FROM chunk WHERE frame = f.id)
		OR f.rows <> (SELECT count(*) FROM roster_row rr JOIN sample sa ON sa.id = rr.sample WHERE rr.roster = f.roster)`
	rows, err := s.db.QueryContext(s.ctx, `SELECT coalesce(r.experiment || '/' || r.name, '?'), coalesce(e.number, -1), f.layer, f.rows,
		(SELECT coalesce(sum(rows), 0) FROM chunk WHERE frame = f.id) `+torn+" ORDER BY e.run, e.number, f.layer")
	if err != nil {
		return err
	}
	for rows.Next() {
		var run, layer string
		var epoch, n, have int
		if err := rows.Scan(&run, &epoch, &layer, &n, &have); err != nil {
			rows.Close()
			return err
		}
		if have == n {
			s.lose("run %s, epoch %d, layer %q: which samples its rows are", run, epoch, layer)
		} else {
			s.lose("run %s, epoch %d, layer %q: %d of its %d rows", run, epoch, layer, n-have, n)
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	_, err = s.exec("DELETE FROM frame WHERE id IN (SELECT f.id " + torn + ")")
	return err
}

// dropDangling removes rows that refer to rows that are lost, until there are none.
func (s *salvage) dropDangling() error {
	type reference struct{ child, from, parent, to string }
	var refs []reference
	for name := range s.tables {
		rows, err := s.db.QueryContext(s.ctx, `SELECT "from", "table", coalesce("to", 'id') FROM pragma_foreign_key_list(?)`, name)
		if err != nil {
			return err
		}
		for rows.Next() {
			r := reference{child: name}
			if err := rows.Scan(&r.from, &r.parent, &r.to); err != nil {
				rows.Close()
				return err
			}
			refs = append(refs, r)
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return err
		}
	}
	for changed := true; changed; {
		changed = false
		for _, r := range refs {
			query := strings.NewReplacer("CHILD", r.child, "FROM_", r.from, "PARENT", r.parent, "TO_", r.to).
				Replace(`DELETE FROM CHILD WHERE "FROM_" IS NOT NULL AND "FROM_" NOT IN (SELECT "TO_" FROM PARENT)`)
			n, err := s.exec(query)
			if err != nil {
				return err
			}
			if n > 0 {
				changed = true
				if r.child != "chunk" {
					s.lose("%d rows of table %s, which belong to what is lost", n, r.child)
				}
			}
		}
	}
	return nil
}

// setClock sets the clock beyond all that it has ever shown.
func (s *salvage) setClock() error {
	var last sql.NullInt64
	err := s.db.QueryRowContext(s.ctx, `SELECT max(seq) FROM (SELECT max(seq) AS seq FROM clock UNION ALL SELECT max(seq) FROM run
		UNION ALL SELECT max(seq) FROM epoch UNION ALL SELECT max(seq) FROM metric)`).Scan(&last)
	if err != nil {
		return err
	}
	_, err = s.exec("INSERT OR REPLACE INTO clock (id, seq, shared) VALUES (1, ?, ?)", last.Int64+1, last.Int64+1)
	return err
}
