package projector

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Beside the rows of table point, which anybody can query, the store has each epoch's points as one value: a block. It is
// read in milliseconds where a million rows take a second. Maps of earlier versions have none, and are read row by row.

// ErrChanged says that a map has another revision than when it was opened.
var ErrChanged = errors.New("the projection has changed meanwhile: open it again")

// An Outline is what is known of a map without reading its points.
type Outline struct {
	Epochs    map[string][]int // of each run, by its id; ascending
	Low, High []float64        // the extremes of all points, per dimension
}

// Outline returns the map's outline. It returns [ErrChanged] if the map is not as it was when it was opened, and
// [tracker.ErrNotFound] if it has no points.
func (p *Projection) Outline(ctx context.Context) (*Outline, error) {
	o := &Outline{Epochs: map[string][]int{}, Low: make([]float64, p.info.Dims), High: make([]float64, p.info.Dims)}
	for d := range o.Low {
		o.Low[d], o.High[d] = math.Inf(1), math.Inf(-1)
	}
	err := p.store.Read(ctx, func(tx *tracker.Tx) error {
		if err := p.unchanged(ctx, tx); err != nil {
			return err
		}
		bare, err := p.sketch(ctx, tx, o)
		if err != nil {
			return err
		}
		for _, f := range bare {
			const query = `SELECT min(x), max(x), min(y), max(y), min(z), max(z) FROM point WHERE projection = ? AND run = ? AND epoch = ?`
			var e extremes
			if err := tx.QueryRowContext(ctx, query, p.id, f.run, f.epoch).Scan(e.into()...); err != nil {
				return err
			}
			o.include(e)
		}
		return nil
	})
	if err == nil && o.Low[0] > o.High[0] {
		err = fmt.Errorf("projection %q has no points: %w", p.info.ID, tracker.ErrNotFound)
	}
	return o, err
}

// A bareFrame is an epoch on the map that has no block.
type bareFrame struct {
	run   int64
	epoch int
}

// sketch fills the outline in from the blocks, and returns the epochs that have none.
func (p *Projection) sketch(ctx context.Context, tx *tracker.Tx, o *Outline) (bare []bareFrame, err error) {
	const query = `SELECT r.uid, f.run, f.epoch, b.id IS NOT NULL, b.low_x, b.high_x, b.low_y, b.high_y, b.low_z, b.high_z
		FROM projection_frame f JOIN run r ON r.id = f.run
		LEFT JOIN projection_block b ON b.projection = f.projection AND b.run = f.run AND b.epoch = f.epoch
		WHERE f.projection = ? ORDER BY f.run, f.epoch`
	rows, err := tx.QueryContext(ctx, query, p.id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var run string
		var f bareFrame
		var whole bool
		var e extremes
		if err := rows.Scan(append([]any{&run, &f.run, &f.epoch, &whole}, e.into()...)...); err != nil {
			return nil, err
		}
		o.Epochs[run] = append(o.Epochs[run], f.epoch)
		if whole {
			o.include(e)
		} else {
			bare = append(bare, f)
		}
	}
	return bare, rows.Err()
}

// extremes are the lowest and highest coordinate of points, one dimension after the other.
type extremes [6]sql.NullFloat64

func (e *extremes) into() []any {
	return []any{&e[0], &e[1], &e[2], &e[3], &e[4], &e[5]}
}

// include makes room for an epoch with these extremes.
func (o *Outline) include(e extremes) {
	for d := range o.Low {
		if low, high := e[2*d], e[2*d+1]; low.Valid && high.Valid {
			o.Low[d], o.High[d] = min(o.Low[d], low.Float64), max(o.High[d], high.Float64)
		}
	}
}

// Blocks returns where the first so many samples of a run lie at each of these epochs: rows×dims, row-major, in the order of
// the run's samples, NaN for a sample that the epoch does not have on the map. The run is named by its id. It returns
// [ErrChanged] if the map is not as it was when it was opened.
func (p *Projection) Blocks(ctx context.Context, run string, rows int, epochs []int) ([][]float32, error) {
	blocks := make([][]float32, len(epochs))
	err := p.store.Read(ctx, func(tx *tracker.Tx) error {
		if err := p.unchanged(ctx, tx); err != nil {
			return err
		}
		for i, epoch := range epochs {
			y, err := p.block(ctx, tx, run, rows, epoch)
			if err != nil {
				return err
			}
			blocks[i] = y
		}
		return nil
	})
	return blocks, err
}

// block reads an epoch's block; where there is none, or it is damaged, its points.
func (p *Projection) block(ctx context.Context, tx *tracker.Tx, run string, rows, epoch int) ([]float32, error) {
	y := make([]float32, rows*p.info.Dims)
	for i := range y {
		y[i] = float32(math.NaN())
	}
	const query = `SELECT b.checksum, b.data FROM projection_block b JOIN run r ON r.id = b.run
		WHERE b.projection = ? AND r.uid = ? AND b.epoch = ?`
	row, err := tx.QueryContext(ctx, query, p.id, run, epoch)
	if err != nil {
		return nil, err
	}
	defer row.Close()
	if row.Next() {
		var sum int64
		var data sql.RawBytes
		if err := row.Scan(&sum, &data); err != nil {
			return nil, err
		}
		if int64(crc32.Checksum(data, castagnoli)) == sum {
			for i := range min(len(y), len(data)/4) {
				y[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
			}
			return y, nil
		}
	}
	if err := row.Err(); err != nil {
		return nil, err
	}
	row.Close()
	return y, p.fillBlock(ctx, tx, y, run, epoch)
}

// fillBlock reads an epoch's points, row by row.
func (p *Projection) fillBlock(ctx context.Context, tx *tracker.Tx, y []float32, run string, epoch int) error {
	const query = `SELECT rs.first_position + s.position, pt.x, pt.y, coalesce(pt.z, 0) FROM run r
		CROSS JOIN point pt CROSS JOIN sample s CROSS JOIN run_sample_set rs
		WHERE r.uid = ? AND pt.projection = ? AND pt.run = r.id AND pt.epoch = ?
		AND s.id = pt.sample AND rs.run = r.id AND rs.sample_set = s.sample_set` // in this order: the points, then whose they are
	rows, err := tx.QueryContext(ctx, query, run, p.id, epoch)
	if err != nil {
		return err
	}
	defer rows.Close()
	dims := p.info.Dims
	for rows.Next() {
		var at int
		var c [3]float64
		if err := rows.Scan(&at, &c[0], &c[1], &c[2]); err != nil {
			return err
		}
		if (at+1)*dims > len(y) {
			continue // added to the run since
		}
		for d := range dims {
			y[at*dims+d] = float32(c[d])
		}
	}
	return rows.Err()
}

// unchanged returns ErrChanged if the map is another by now.
func (p *Projection) unchanged(ctx context.Context, tx *tracker.Tx) error {
	var revision int
	err := tx.QueryRowContext(ctx, "SELECT revision FROM projection WHERE id = ?", p.id).Scan(&revision)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return missing(p.info.ID)
	case err == nil && revision != p.info.Revision:
		return fmt.Errorf("projection %q: %w", p.info.ID, ErrChanged)
	}
	return err
}

// insertBlock stores a frame of a run a second time, as one value: y, rows×dims, in the order of the run's samples.
func (p *Projection) insertBlock(ctx context.Context, tx *tracker.Tx, run int64, epoch int, y []float32) error {
	dims := p.info.Dims
	var e extremes
	data := make([]byte, 0, 4*len(y))
	for i, v := range y {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		if v != v {
			continue
		}
		low, high, f := &e[2*(i%dims)], &e[2*(i%dims)+1], float64(v)
		if !low.Valid {
			low.Valid, high.Valid, low.Float64, high.Float64 = true, true, f, f
		}
		low.Float64, high.Float64 = min(low.Float64, f), max(high.Float64, f)
	}
	if !e[0].Valid {
		return nil // no points, as with an epoch whose samples are all gone
	}
	const query = `INSERT INTO projection_block (projection, run, epoch, low_x, high_x, low_y, high_y, low_z, high_z, checksum, data)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	args := []any{p.id, run, epoch}
	for _, v := range e {
		args = append(args, v)
	}
	_, err := tx.ExecContext(ctx, query, append(args, int64(crc32.Checksum(data, castagnoli)), data)...)
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
