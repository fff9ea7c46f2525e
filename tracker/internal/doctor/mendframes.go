package doctor

import (
	"encoding/json"
	"math"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// mendFrames makes frames whose rows are lost, but not their vectors. Epoch and layer are in an index; rows and columns
// follow from the vectors; and which samples the rows are, from the only list of so many samples that the run has.
func (s *salvage) mendFrames() error {
	there, err := s.ints("SELECT id FROM frame")
	if err != nil {
		return err
	}
	known := map[int64]bool{}
	for _, f := range there {
		known[f[0]] = true
	}
	for _, v := range s.index["sqlite_autoindex_frame_1"] {
		id := v[2].(int64)
		if known[id] {
			continue
		}
		rows, dim, as, err := s.shapeOf(id)
		if err != nil {
			return err
		}
		lists, err := s.ints(`SELECT DISTINCT ro.id FROM epoch e JOIN run_sample_set rs ON rs.run = e.run JOIN sample sa ON sa.sample_set = rs.sample_set
			JOIN roster_row rr ON rr.sample = sa.id AND rr.position = 0 JOIN roster ro ON ro.id = rr.roster
			WHERE e.id = ? AND ro.rows = ?`, v[0], rows)
		if err != nil {
			return err
		}
		if dim == 0 || len(lists) != 1 {
			continue // dropDangling counts its vectors
		}
		n, err := s.exec("INSERT OR IGNORE INTO frame (id, epoch, layer, dim, rows, roster, dtype) VALUES (?, ?, ?, ?, ?, ?, ?)",
			id, v[0], v[1], dim, rows, lists[0][0], string(as))
		if err != nil {
			return err
		}
		if n > 0 {
			s.made[id] = true
			s.lose("layer %q at an epoch: its entry, which follows from its vectors", v[1])
		}
	}
	return nil
}

// shapeOf tells how many rows and columns a frame has, and in which type, from its chunks: the type is the one with which the
// first row has the norm that was noted. It returns dim 0 if that cannot be told.
func (s *salvage) shapeOf(frame int64) (rows, dim int, as content.DType, err error) {
	parts, err := s.ints("SELECT rows FROM chunk WHERE frame = ? ORDER BY first_row", frame)
	if err != nil || len(parts) == 0 {
		return 0, 0, "", err
	}
	for _, p := range parts {
		rows += int(p[0])
	}
	n := int(parts[0][0])
	var data []byte
	var text string
	var sum uint32
	err = s.db.QueryRowContext(s.ctx, "SELECT data, norms, checksum FROM chunk WHERE frame = ? ORDER BY first_row LIMIT 1", frame).Scan(&data, &text, &sum)
	if err != nil {
		return 0, 0, "", err
	}
	var norms []float64
	if json.Unmarshal([]byte(text), &norms) != nil || len(norms) != n || n == 0 {
		return rows, 0, "", nil
	}
	for _, as := range []content.DType{content.Float32s, content.Float16s} {
		d := len(data) / n / as.Size()
		if d == 0 || d*n*as.Size() != len(data) {
			continue
		}
		v := make([]float32, d*n)
		if content.DecodeChunk(v, data, d, as, sum) != nil {
			continue
		}
		if norm := math.Sqrt(content.SumSquares(v[:d])); math.Abs(norm-norms[0]) <= 1e-3*norms[0] {
			return rows, d, as, nil
		}
	}
	return rows, 0, "", nil
}
