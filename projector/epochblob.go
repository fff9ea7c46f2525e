package projector

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Beside the rows of table point, which anybody can query, the store has each epoch's points as one value: a block. It is
// read in milliseconds where a million rows take a second. Maps of earlier versions have none, and are read row by row. What
// is read is compared with the seal of the epoch on the map, which the first versions did not have.

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
		if err := p.allEpochs(ctx, tx); err != nil {
			return err
		}
		bare, err := p.sketch(ctx, tx, o)
		if err != nil {
			return err
		}
		for _, f := range bare {
			b, err := p.fromRows(ctx, tx, f.run, f.epoch, f.seal)
			if err != nil {
				return err
			}
			if len(b.Data) > 0 {
				o.include(b.Extremes)
			}
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
	run   string
	epoch int
	seal  int64
}

// sketch fills the outline in from the blocks, and returns the epochs that have none, or a damaged one.
func (p *Projection) sketch(ctx context.Context, tx *tracker.Tx, o *Outline) (bare []bareFrame, err error) {
	const query = `SELECT r.uid, f.epoch, f.seal, b.checksum, length(b.data), b.low_x, b.high_x, b.low_y, b.high_y, b.low_z, b.high_z
		FROM projection_frame f JOIN run r ON r.id = f.run
		LEFT JOIN projection_block b ON b.projection = f.projection AND b.run = f.run AND b.epoch = f.epoch
		WHERE f.projection = ? ORDER BY f.run, f.epoch`
	rows, err := tx.QueryContext(ctx, query, p.id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f bareFrame
		var sum, size sql.NullInt64
		var e extremes
		if err := rows.Scan(append([]any{&f.run, &f.epoch, &f.seal, &sum, &size}, e.into()...)...); err != nil {
			return nil, err
		}
		o.Epochs[f.run] = append(o.Epochs[f.run], f.epoch)
		if sum.Valid && (f.seal == seal.None || f.seal == p.sealOf(f.run, f.epoch, e.values(), int(size.Int64), sum.Int64)) {
			o.include(e.values())
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

func (e *extremes) values() (v [6]float64) {
	for i := range e {
		v[i] = e[i].Float64
	}
	return v
}

// include makes room for an epoch with these extremes.
func (o *Outline) include(e [6]float64) {
	for d := range o.Low {
		o.Low[d], o.High[d] = min(o.Low[d], e[2*d]), max(o.High[d], e[2*d+1])
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

// block reads an epoch's block; where there is none, or it is damaged, its points. It returns [tracker.ErrCorrupt] if neither
// is what was stored.
func (p *Projection) block(ctx context.Context, tx *tracker.Tx, run string, rows, epoch int) ([]float32, error) {
	y := make([]float32, rows*p.info.Dims)
	seal.Decode(y, nil)
	const query = `SELECT f.seal, b.checksum, b.data, b.low_x, b.high_x, b.low_y, b.high_y, b.low_z, b.high_z
		FROM run r JOIN projection_frame f ON f.run = r.id
		LEFT JOIN projection_block b ON b.projection = f.projection AND b.run = f.run AND b.epoch = f.epoch
		WHERE f.projection = ? AND r.uid = ? AND f.epoch = ?`
	row, err := tx.QueryContext(ctx, query, p.id, run, epoch)
	if err != nil {
		return nil, err
	}
	defer row.Close()
	if !row.Next() {
		if err := row.Err(); err != nil {
			return nil, err
		}
		row.Close()
		return y, p.lacks(ctx, tx, run, epoch)
	}
	var want int64
	var sum sql.NullInt64
	var data sql.RawBytes
	var e extremes
	if err := row.Scan(append([]any{&want, &sum, &data}, e.into()...)...); err != nil {
		return nil, err
	}
	whole := sum.Valid && int64(seal.Checksum(data)) == sum.Int64
	if whole && (want == seal.None || want == p.sealOf(run, epoch, e.values(), len(data), sum.Int64)) {
		seal.Decode(y, data)
		return y, nil
	}
	row.Close()
	b, err := p.fromRows(ctx, tx, run, epoch, want)
	if err != nil {
		return nil, err
	}
	seal.Decode(y, b.Data)
	return y, nil
}

// fromRows makes the block of an epoch of its points, row by row, and compares it with the seal.
func (p *Projection) fromRows(ctx context.Context, tx *tracker.Tx, run string, epoch int, want int64) (b seal.Block, err error) {
	const ofRun = `SELECT s.id FROM run r JOIN run_sample_set rs ON rs.run = r.id JOIN sample s ON s.sample_set = rs.sample_set
		WHERE r.uid = ? ORDER BY rs.first_position, s.position`
	samples, err := readColumn[int64](ctx, tx, ofRun, run)
	if err != nil {
		return b, err
	}
	place := make(map[int64]int, len(samples))
	for i, id := range samples {
		place[id] = i
	}
	dims := p.info.Dims
	y := make([]float32, len(samples)*dims)
	seal.Decode(y, nil)
	const query = `SELECT pt.sample, pt.x, pt.y, coalesce(pt.z, 0) FROM run r CROSS JOIN point pt
		WHERE r.uid = ? AND pt.projection = ? AND pt.run = r.id AND pt.epoch = ?`
	rows, err := tx.QueryContext(ctx, query, run, p.id, epoch)
	if err != nil {
		return b, err
	}
	defer rows.Close()
	for rows.Next() {
		var sample int64
		var c [3]float64
		if err := rows.Scan(&sample, &c[0], &c[1], &c[2]); err != nil {
			return b, err
		}
		if at, ok := place[sample]; ok {
			for d := range dims {
				y[at*dims+d] = float32(c[d])
			}
		}
	}
	b = seal.NewBlock(y, dims)
	if err := rows.Err(); err != nil || want == seal.None || want == p.sealOf(run, epoch, b.Extremes, len(b.Data), int64(seal.Checksum(b.Data))) {
		return b, err
	}
	return b, fmt.Errorf("projection %q, run %s, epoch %d: its points are not what was stored: %w", p.info.ID, run, epoch, tracker.ErrCorrupt)
}

// sealOf is the seal of an epoch's points.
func (p *Projection) sealOf(run string, epoch int, extremes [6]float64, size int, checksum int64) int64 {
	return seal.Points{Projection: p.info.ID, Run: run, Epoch: epoch, Dims: p.info.Dims, Extremes: extremes, Bytes: size, Checksum: uint32(checksum)}.Sum()
}

// allEpochs returns [tracker.ErrCorrupt] if the map has not the epochs that were stored.
func (p *Projection) allEpochs(ctx context.Context, tx *tracker.Tx) error {
	_, err := p.storedEpochs(ctx, tx)
	return err
}

func (p *Projection) storedEpochs(ctx context.Context, tx *tracker.Tx) ([]seal.Epoch, error) {
	list, want, err := tracker.MapEpochs(ctx, tx, p.id)
	if err == nil && want != seal.None && want != seal.Epochs(list) {
		err = fmt.Errorf("projection %q: its epochs are not those that were stored: %w", p.info.ID, tracker.ErrCorrupt)
	}
	return list, err
}

// lacks returns [tracker.ErrCorrupt] if an epoch of a run is on the map, though no index leads to it.
func (p *Projection) lacks(ctx context.Context, tx *tracker.Tx, run string, epoch int) error {
	list, err := p.storedEpochs(ctx, tx)
	if err == nil && slices.ContainsFunc(list, func(e seal.Epoch) bool { return e.Run == run && e.Number == epoch }) {
		err = fmt.Errorf("projection %q, run %s, epoch %d: an index of the store does not lead to its points: %w", p.info.ID, run, epoch, tracker.ErrCorrupt)
	}
	return err
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

// insertBlock stores a frame of a run a second time, as one value.
func (p *Projection) insertBlock(ctx context.Context, tx *tracker.Tx, run int64, epoch int, b seal.Block) error {
	if len(b.Data) == 0 {
		return nil // no points, as with an epoch whose samples are all gone
	}
	const query = `INSERT INTO projection_block (projection, run, epoch, low_x, high_x, low_y, high_y, low_z, high_z, checksum, data)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	args := []any{p.id, run, epoch}
	for i, v := range b.Extremes {
		if args = append(args, v); i >= 2*p.info.Dims {
			args[len(args)-1] = nil
		}
	}
	_, err := tx.ExecContext(ctx, query, append(args, int64(seal.Checksum(b.Data)), b.Data)...)
	return err
}
