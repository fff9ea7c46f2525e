package doctor

import (
	"database/sql"
	"fmt"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// A mapFrame is an epoch of a run on a map, as its seal names it.
type mapFrame struct {
	projection, run int64
	uid, runUID     string
	title           string // of the run
	epoch, dims     int
	points          int
	seal            int64
}

// maps compares the points of each epoch on a map with their block, and both with their seal.
func (c *checker) maps() error {
	if c.r.Schema < 3 {
		return nil // there are no blocks
	}
	query := `SELECT p.id, r.id, p.uid, r.uid, r.experiment || '/' || r.name, f.epoch, p.dims, f.rows, ` + c.sealColumn("f.seal") + `
		FROM projection_frame f JOIN projection p ON p.id = f.projection JOIN run r ON r.id = f.run ORDER BY p.id, r.id, f.epoch`
	var frames []mapFrame
	err := c.rows(query, nil, func(rows *sql.Rows) error {
		var f mapFrame
		err := rows.Scan(&f.projection, &f.run, &f.uid, &f.runUID, &f.title, &f.epoch, &f.dims, &f.points, &f.seal)
		frames = append(frames, f)
		return err
	})
	if err != nil {
		return err
	}
	var samples map[int64]int // place of each of a run's
	unsealed := map[string]int{}
	for i, f := range frames {
		c.progress("maps", i, len(frames))
		if i == 0 || f.run != frames[i-1].run || f.projection != frames[i-1].projection {
			if samples, err = c.places(f.run); err != nil {
				return err
			}
		}
		if f.seal == seal.None {
			unsealed[f.uid]++
		}
		err := c.db.Read(c.ctx, func(tx *database.Tx) error { return c.mapFrame(tx, f, samples) })
		if err := c.note("map "+f.uid+", run "+f.title+fmt.Sprintf(", epoch %d", f.epoch), err); err != nil {
			return err
		}
	}
	if err := c.mapSums(frames); err != nil {
		return err
	}
	for i, f := range frames {
		if n := unsealed[f.uid]; n > 0 && (i == 0 || frames[i-1].uid != f.uid) {
			c.r.Unsealed = append(c.r.Unsealed, fmt.Sprintf("map %s: the points of %d epochs", f.uid, n))
		}
	}
	return nil
}

// mapSums compares the list of each map's epochs with its sum.
func (c *checker) mapSums(frames []mapFrame) error {
	if c.r.Schema < 6 {
		return nil
	}
	epochs := map[int64][]seal.Epoch{}
	for _, f := range frames {
		epochs[f.projection] = append(epochs[f.projection], seal.Epoch{Run: f.runUID, Number: f.epoch, Rows: f.points, Seal: f.seal})
	}
	return c.rows("SELECT id, uid, epochs_sum FROM projection", nil, func(rows *sql.Rows) error {
		var id, want int64
		var uid string
		err := rows.Scan(&id, &uid, &want)
		if err == nil && want != seal.None && want != seal.Epochs(epochs[id]) {
			c.r.damaged("map %s: its epochs are not those that were stored", uid)
		}
		return err
	})
}

// places returns the place of each sample of a run, by sample.id.
func (c *checker) places(run int64) (map[int64]int, error) {
	places := map[int64]int{}
	const query = `SELECT s.id FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set
		WHERE rs.run = ? ORDER BY rs.first_position, s.position`
	err := c.rows(query, run, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		places[id] = len(places)
		return err
	})
	return places, err
}

// mapFrame returns an error that says what is wrong.
func (c *checker) mapFrame(tx *database.Tx, f mapFrame, places map[int64]int) error {
	if f.dims != 2 && f.dims != 3 {
		return damage("the map has %d dimensions", f.dims)
	}
	y := make([]float32, len(places)*f.dims)
	seal.Decode(y, nil)
	n, err := c.pointRows(tx, f, places, y)
	if err != nil {
		return err
	}
	if n != f.points {
		return damage("%d of %d points are there", n, f.points)
	}
	made := seal.NewBlock(y, f.dims)
	stored, there, err := readBlock(c, tx, f)
	switch {
	case err != nil:
		return err
	case f.seal != seal.None && f.seal != f.sealOf(made):
		return damage("its points are not what was stored")
	case !there && f.seal != seal.None && n > 0:
		return damage("its block is not there: the points are")
	case there && !slices.Equal(stored.Data, made.Data), there && stored.Extremes != made.Extremes:
		return damage("its points and its block are not the same")
	}
	return nil
}

// sealOf is the seal of an epoch's points.
func (f mapFrame) sealOf(b seal.Block) int64 {
	return seal.Points{Projection: f.uid, Run: f.runUID, Epoch: f.epoch, Dims: f.dims,
		Extremes: b.Extremes, Bytes: len(b.Data), Checksum: seal.Checksum(b.Data)}.Sum()
}

// pointRows fills y with the rows of table point, and returns how many there are.
func (c *checker) pointRows(tx *database.Tx, f mapFrame, places map[int64]int, y []float32) (n int, err error) {
	const query = "SELECT sample, x, y, coalesce(z, 0) FROM point WHERE projection = ? AND run = ? AND epoch = ?"
	rows, err := tx.QueryContext(c.ctx, query, f.projection, f.run, f.epoch)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var sample int64
		var at [3]float64
		if err := rows.Scan(&sample, &at[0], &at[1], &at[2]); err != nil {
			return 0, err
		}
		place, ok := places[sample]
		if !ok {
			return 0, damage("a point is of a sample that the run does not have")
		}
		for d := range f.dims {
			y[place*f.dims+d] = float32(at[d])
		}
		n++
	}
	return n, rows.Err()
}

// readBlock reads a block, and drops the rows at its end that have no point, which those of earlier versions have.
func readBlock(c *checker, tx *database.Tx, f mapFrame) (b seal.Block, there bool, err error) {
	const query = `SELECT checksum, data, low_x, high_x, low_y, high_y, coalesce(low_z, 0), coalesce(high_z, 0)
		FROM projection_block WHERE projection = ? AND run = ? AND epoch = ?`
	rows, err := tx.QueryContext(c.ctx, query, f.projection, f.run, f.epoch)
	if err != nil {
		return b, false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return b, false, rows.Err()
	}
	var sum int64
	e := &b.Extremes
	if err := rows.Scan(&sum, &b.Data, &e[0], &e[1], &e[2], &e[3], &e[4], &e[5]); err != nil {
		return b, false, err
	}
	if got := seal.Checksum(b.Data); int64(got) != sum {
		return b, false, damage("its block has checksum %08x, want %08x", got, sum)
	}
	y := make([]float32, len(b.Data)/4/f.dims*f.dims)
	seal.Decode(y, b.Data)
	b.Data = seal.NewBlock(y, f.dims).Data
	return b, true, nil
}
