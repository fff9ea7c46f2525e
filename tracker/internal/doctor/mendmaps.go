package doctor

import (
	"database/sql"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
)

// mendMaps holds the points of each epoch on a map against their seal. Where the rows are not what was stored, but the block
// is, they are made anew of it; where neither is, they are dropped.
func (s *salvage) mendMaps() error {
	var frames []mapFrame
	err := s.each(`SELECT p.id, r.id, p.uid, r.uid, r.experiment || '/' || r.name, f.epoch, p.dims, f.rows, f.seal
		FROM projection_frame f JOIN projection p ON p.id = f.projection JOIN run r ON r.id = f.run ORDER BY r.id, p.id, f.epoch`, func(rows *sql.Rows) error {
		var f mapFrame
		err := rows.Scan(&f.projection, &f.run, &f.uid, &f.runUID, &f.title, &f.epoch, &f.dims, &f.points, &f.seal)
		frames = append(frames, f)
		return err
	})
	if err != nil {
		return err
	}
	var samples []int64
	for i, f := range frames {
		if i == 0 || f.run != frames[i-1].run {
			if samples, err = s.samplesOf(f.run); err != nil {
				return err
			}
		}
		if f.dims != 2 && f.dims != 3 || f.seal == seal.None {
			continue
		}
		if err := s.mendMap(f, samples); err != nil {
			return err
		}
	}
	return nil
}

// mendMapSums brings what a map knows of its epochs up to what was salvaged, and says where that is not what was stored.
func (s *salvage) mendMapSums() error {
	epochs := map[int64][]seal.Epoch{}
	err := s.each(`SELECT f.projection, r.uid, f.epoch, f.rows, f.seal FROM projection_frame f JOIN run r ON r.id = f.run`, func(rows *sql.Rows) error {
		var id int64
		var e seal.Epoch
		err := rows.Scan(&id, &e.Run, &e.Number, &e.Rows, &e.Seal)
		epochs[id] = append(epochs[id], e)
		return err
	})
	if err != nil {
		return err
	}
	maps, err := s.ints("SELECT id, epochs_sum FROM projection")
	if err != nil {
		return err
	}
	for _, m := range maps {
		sum := seal.Epochs(epochs[m[0]])
		if m[1] == seal.None || m[1] == sum {
			continue
		}
		s.lose("map %d: some of its epochs, or how it was made", m[0])
		if _, err := s.exec("UPDATE projection SET epochs_sum = ? WHERE id = ?", sum, m[0]); err != nil {
			return err
		}
	}
	return nil
}

// samplesOf returns the ids of a run's samples in their order, 0 for one that is lost.
func (s *salvage) samplesOf(run int64) (samples []int64, err error) {
	rows, err := s.ints(`SELECT sa.id, rs.first_position + sa.position FROM run_sample_set rs JOIN sample sa ON sa.sample_set = rs.sample_set
		WHERE rs.run = ? ORDER BY 2`, run)
	for _, r := range rows {
		for int64(len(samples)) < r[1] && r[1]-int64(len(samples)) < 1<<20 {
			samples = append(samples, 0)
		}
		samples = append(samples, r[0])
	}
	return samples, err
}

func (s *salvage) mendMap(f mapFrame, samples []int64) error {
	made, err := s.madeOfRows(f, samples)
	if err != nil {
		return err
	}
	block, err := s.blockOf(f)
	if err != nil {
		return err
	}
	lost := slices.Contains(samples, 0)
	rowsRight, blockRight := f.sealOf(made) == f.seal, f.sealOf(block) == f.seal
	where := []any{f.projection, f.run, f.epoch}
	const these = " WHERE projection = ? AND run = ? AND epoch = ?"
	switch {
	case rowsRight && blockRight && !lost:
		return nil
	case blockRight && !lost:
		if _, err := s.exec("DELETE FROM point"+these, where...); err != nil {
			return err
		}
		return s.insertPoints(f, samples, block)
	case lost && (rowsRight || blockRight): // the block is in an order that the run no longer has; the rows name their samples
		if _, err := s.exec("DELETE FROM projection_block"+these, where...); err != nil {
			return err
		}
		if !rowsRight {
			if err := s.insertPoints(f, samples, block); err != nil {
				return err
			}
		}
		_, err := s.exec("UPDATE projection_frame SET seal = -1"+these, where...)
		return err
	case rowsRight:
		_, err := s.exec("DELETE FROM projection_block"+these, where...)
		if err != nil || len(made.Data) == 0 {
			return err
		}
		e := made.Extremes
		args := append(where, e[0], e[1], e[2], e[3], nil, nil, int64(seal.Checksum(made.Data)), made.Data)
		if f.dims == 3 {
			args[7], args[8] = e[4], e[5]
		}
		_, err = s.exec(`INSERT INTO projection_block (projection, run, epoch, low_x, high_x, low_y, high_y, low_z, high_z, checksum, data)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
		return err
	}
	s.lose("map %s, run %s, epoch %d: its points", f.uid, f.title, f.epoch)
	for _, table := range []string{"point", "projection_block", "projection_frame"} {
		if _, err := s.exec("DELETE FROM "+table+these, where...); err != nil {
			return err
		}
	}
	return nil
}

// madeOfRows makes the block of the rows of table point.
func (s *salvage) madeOfRows(f mapFrame, samples []int64) (seal.Block, error) {
	place := make(map[int64]int, len(samples))
	for i, id := range samples {
		place[id] = i
	}
	y := make([]float32, len(samples)*f.dims)
	seal.Decode(y, nil)
	err := s.each("SELECT sample, x, y, coalesce(z, 0) FROM point WHERE projection = ? AND run = ? AND epoch = ?", func(rows *sql.Rows) error {
		var sample int64
		var at [3]float64
		err := rows.Scan(&sample, &at[0], &at[1], &at[2])
		if i, ok := place[sample]; ok {
			for d := range f.dims {
				y[i*f.dims+d] = float32(at[d])
			}
		}
		return err
	}, f.projection, f.run, f.epoch)
	return seal.NewBlock(y, f.dims), err
}

// blockOf returns the block as it was salvaged, or an empty one.
func (s *salvage) blockOf(f mapFrame) (b seal.Block, err error) {
	const query = `SELECT data, low_x, high_x, low_y, high_y, coalesce(low_z, 0), coalesce(high_z, 0) FROM projection_block
		WHERE projection = ? AND run = ? AND epoch = ?`
	err = s.each(query, func(rows *sql.Rows) error {
		e := &b.Extremes
		return rows.Scan(&b.Data, &e[0], &e[1], &e[2], &e[3], &e[4], &e[5])
	}, f.projection, f.run, f.epoch)
	return b, err
}

// insertPoints makes the rows of a block anew.
func (s *salvage) insertPoints(f mapFrame, samples []int64, b seal.Block) error {
	y := make([]float32, len(samples)*f.dims)
	seal.Decode(y, b.Data)
	for i, id := range samples {
		c := y[i*f.dims : (i+1)*f.dims]
		if id == 0 || c[0] != c[0] {
			continue
		}
		var z any
		if f.dims == 3 {
			z = float64(c[2])
		}
		_, err := s.exec("INSERT OR REPLACE INTO point (projection, run, epoch, sample, x, y, z) VALUES (?, ?, ?, ?, ?, ?, ?)",
			f.projection, f.run, f.epoch, id, float64(c[0]), float64(c[1]), z)
		if err != nil {
			return err
		}
	}
	return nil
}
