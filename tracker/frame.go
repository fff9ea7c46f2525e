package tracker

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A Layer is what one layer of the network made of the samples at one epoch.
type Layer struct {
	Name    string    // at most [MaxText] bytes
	Dim     int       // columns, the same at every epoch
	Vectors []float32 // n×Dim, row-major
	IDs     []string  // the sample of each row; nil: all samples of the run, in the order in which they were added
}

// A preparedFrame is a layer that has been checked and encoded.
type preparedFrame struct {
	layer   string
	dim     int
	as      content.DType
	samples []int64 // sample.id of each row
	ids     uint32  // the sum of their ids
	chunks  []content.Chunk
}

func prepareFrame(index *sampleIndex, l Layer, as content.DType) (f preparedFrame, err error) {
	if err := checkLayer(l.Name, l.Dim); err != nil {
		return f, err
	}
	samples, err := index.pick(l.IDs)
	if err != nil {
		return f, err
	}
	if n := len(samples); len(l.Vectors) != n*l.Dim {
		return f, refuse(ErrInvalid, "has %d floats%s, expected %d samples × %d columns = %d",
			len(l.Vectors), shape(len(l.Vectors), n, l.Dim), n, l.Dim, n*l.Dim)
	}
	chunks, err := content.EncodeChunks(l.Vectors, l.Dim, as)
	var wrong *content.RowError
	if errors.As(err, &wrong) {
		ids := l.IDs
		if ids == nil {
			ids = index.uids
		}
		err = refuseValue("vector", wrong.Row, ids[wrong.Row], "sample %q has %v", ids[wrong.Row], wrong.Err)
	}
	ids := index.sum
	if l.IDs != nil {
		ids = seal.Texts(0, len(l.IDs), func(i int) string { return l.IDs[i] })
	}
	return preparedFrame{l.Name, l.Dim, as, samples, ids, chunks}, err
}

// seal is the sum of all that the frame is, of a run at an epoch.
func (f *preparedFrame) seal(run string, epoch int) int64 {
	s := seal.Frame{Run: run, Layer: f.layer, Epoch: epoch, Dim: f.dim, Rows: len(f.samples), DType: string(f.as), IDs: f.ids}
	for _, c := range f.chunks {
		s.Parts = append(s.Parts, seal.Part{FirstRow: c.FirstRow, Rows: c.Rows, Checksum: c.Checksum})
	}
	return s.Sum()
}

func checkLayer(name string, dim int) error {
	if len(name) > MaxText {
		return refuse(ErrInvalid, "the name has %d bytes, at most %d are allowed", len(name), MaxText)
	}
	if name == "" || !content.Storable(name) {
		return refuse(ErrInvalid, "a layer's name must be text")
	}
	if dim < 1 || dim > MaxDim {
		return refuse(ErrInvalid, "has %d columns, must have 1 to %d", dim, MaxDim)
	}
	return nil
}

// shape guesses what a wrong number of floats was meant to be: " (127 columns)".
func shape(floats, n, dim int) string {
	var guesses []string
	if floats%n == 0 && floats > 0 {
		guesses = append(guesses, fmt.Sprintf("%d columns", floats/n))
	}
	if floats%dim == 0 && floats > 0 {
		guesses = append(guesses, fmt.Sprintf("%d rows", floats/dim))
	}
	if guesses == nil {
		return ""
	}
	return " (" + strings.Join(guesses, ", or ") + ")"
}

// insertFrame stores a frame of an epoch that has none of this layer. apart is the generation of a writer that commits it
// by itself, or nil.
func (r *Run) insertFrame(t *txn, epoch int64, number int, f *preparedFrame, apart any) error {
	if err := r.checkDim(t.ctx, t.Tx, f.layer, number, f.dim); err != nil {
		return err
	}
	roster, err := t.roster(f.samples)
	if err != nil {
		return err
	}
	var id int64
	if err := t.row(insertFrameSQL, epoch, f.layer, f.dim, len(f.samples), roster, f.as, apart, f.seal(r.uid, number)).Scan(&id); err != nil {
		return err
	}
	for _, c := range f.chunks {
		if err := t.exec(insertChunkSQL, id, c.FirstRow, c.Rows, c.Checksum, c.Norms, c.Data); err != nil {
			return err
		}
	}
	return nil
}

// checkDim refuses a frame that has not as many columns as the layer's other frames.
func (r *Run) checkDim(ctx context.Context, tx *Tx, layer string, number, dim int) error {
	var other, at int
	switch err := tx.QueryRowContext(ctx, otherDimSQL, r.id, layer, number).Scan(&other, &at); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case other != dim:
		return r.otherDim(number, layer, dim, other, at)
	}
	return nil
}

// otherDim refuses a frame of a layer that had other columns at another epoch.
func (r *Run) otherDim(number int, layer string, dim, other, at int) error {
	return refuse(ErrInvalid, "run %s, epoch %d: layer %q: has %d columns, expected %d as at epoch %d", r.title(), number, layer, dim, other, at)
}

// A Frame is what one layer looked like at one epoch.
type Frame struct {
	Run     string // the run's id
	Layer   string
	Epoch   int
	Dim     int
	IDs     []string  // the sample of each row
	Vectors []float32 // len(IDs)×Dim, row-major
	Digest  Digest    // of the samples and vectors
}

// FrameInfo is a frame without its content.
type FrameInfo struct {
	Layer     string
	Epoch     int
	Rows, Dim int
	Float16   bool  // how the vectors are stored; Frame returns float32 of either
	Seq       int64 // of the epoch
}

// Frames returns the frames of a run, by layer in the order in which the layers first appeared, then by epoch.
func (s *Store) Frames(ctx context.Context, run string) ([]FrameInfo, error) {
	var list []FrameInfo
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		const query = `SELECT f.layer, e.number, f.rows, f.dim, f.dtype = 'float16', e.seq FROM epoch e JOIN frame f ON f.epoch = e.id
			WHERE e.run = ? ORDER BY min(f.id) OVER (PARTITION BY f.layer), e.number`
		rows, err := tx.QueryContext(ctx, query, r.id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var f FrameInfo
			if err := rows.Scan(&f.Layer, &f.Epoch, &f.Rows, &f.Dim, &f.Float16, &f.Seq); err != nil {
				return err
			}
			list = append(list, f)
		}
		return rows.Err()
	})
	return list, err
}

// Frame returns the frame of one layer at one epoch. An empty layer means the only one that the epoch has. Each part is
// checked against its checksum, and the whole against its seal: that it is this layer of this run at this epoch, of these
// samples. [ErrCorrupt] says what does not match.
func (s *Store) Frame(ctx context.Context, run, layer string, epoch int) (Frame, error) {
	var f Frame
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		f, err = readFrame(ctx, tx, r, layer, epoch)
		return err
	})
	return f, err
}

func readFrame(ctx context.Context, tx *Tx, r runRow, layer string, epoch int) (f Frame, err error) {
	epochID, err := findEpoch(ctx, tx, r, epoch)
	if err != nil {
		return f, err
	}
	row, err := findFrame(ctx, tx, r, epochID, layer, epoch)
	if err != nil {
		return f, err
	}
	f = Frame{Run: r.uid, Layer: row.layer, Epoch: epoch, Dim: row.dim}
	if f.Digest, err = frameDigest(ctx, tx, row.id, epoch); err != nil {
		return f, err
	}
	if f.IDs, err = readRoster(ctx, tx, row.roster, row.rows); err != nil {
		return f, fmt.Errorf("run %s, layer %q, epoch %d: %w", r.title(), row.layer, epoch, err)
	}
	if len(f.IDs) != row.rows || row.dim < 1 || row.dim > MaxDim { // before there is room for a size that damage made up
		return f, refuse(ErrCorrupt, "run %s, layer %q, epoch %d: %d samples are listed for %d rows of %d columns", r.title(), row.layer, epoch, len(f.IDs), row.rows, row.dim)
	}
	f.Vectors = make([]float32, row.rows*row.dim)
	parts, err := readChunks(ctx, tx, row, f.Vectors)
	if err == nil {
		err = row.check(f, parts)
	}
	if err != nil {
		return Frame{}, fmt.Errorf("run %s, layer %q, epoch %d: %w", r.title(), row.layer, epoch, err)
	}
	return f, nil
}

// check compares a frame, as it was read, with its seal.
func (row frameRow) check(f Frame, parts []seal.Part) error {
	if row.seal == seal.None {
		return nil
	}
	s := seal.Frame{Run: f.Run, Layer: f.Layer, Epoch: f.Epoch, Dim: f.Dim, Rows: row.rows, DType: string(row.as), Parts: parts}
	s.IDs = seal.Texts(0, len(f.IDs), func(i int) string { return f.IDs[i] })
	if s.Sum() != row.seal {
		return refuse(ErrCorrupt, "what is found is whole, but is not this frame, or not of these samples: an index or a row of the store is damaged")
	}
	return nil
}

type frameRow struct {
	id, roster int64
	layer      string
	dim, rows  int
	as         content.DType
	seal       int64
}

func findFrame(ctx context.Context, tx *Tx, r runRow, epochID int64, layer string, epoch int) (frameRow, error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, layer, dim, rows, roster, dtype, seal FROM frame WHERE epoch = ? ORDER BY id", epochID)
	if err != nil {
		return frameRow{}, err
	}
	defer rows.Close()
	var found []frameRow
	var names []string
	for rows.Next() {
		var f frameRow
		if err := rows.Scan(&f.id, &f.layer, &f.dim, &f.rows, &f.roster, &f.as, &f.seal); err != nil {
			return f, err
		}
		if layer == "" || f.layer == layer {
			found = append(found, f)
		}
		names = append(names, f.layer)
	}
	switch {
	case rows.Err() != nil:
		return frameRow{}, rows.Err()
	case len(names) == 0:
		return frameRow{}, refuse(ErrNotFound, "run %s has no vectors at epoch %d", r.title(), epoch)
	case len(found) == 0:
		return frameRow{}, refuse(ErrNotFound, "run %s has no layer %q at epoch %d: it has %s", r.title(), layer, epoch, strings.Join(names, ", "))
	case len(found) > 1:
		return frameRow{}, refuse(ErrAmbiguous, "run %s has several layers at epoch %d, name one of them: %s", r.title(), epoch, strings.Join(names, ", "))
	}
	return found[0], nil
}

// readChunks fills dst with the rows of a frame, all of which must be there, and returns in which parts they are.
func readChunks(ctx context.Context, tx *Tx, frame frameRow, dst []float32) (parts []seal.Part, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT first_row, rows, checksum, data FROM chunk WHERE frame = ? ORDER BY first_row", frame.id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	next, dim, total := 0, frame.dim, frame.rows
	for rows.Next() {
		var first, n int
		var sum uint32
		var data sql.RawBytes
		if err := rows.Scan(&first, &n, &sum, &data); err != nil {
			return nil, err
		}
		if first != next || n < 1 || n > total-next {
			return nil, refuse(ErrCorrupt, "rows %d to %d follow row %d of %d", first, first+n, next, total)
		}
		if err := content.DecodeChunk(dst[first*dim:(first+n)*dim], data, dim, frame.as, sum); err != nil {
			return nil, refuse(ErrCorrupt, "rows %d to %d: %v", first, first+n, err)
		}
		parts = append(parts, seal.Part{FirstRow: first, Rows: n, Checksum: sum})
		next += n
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if next != total {
		return nil, refuse(ErrCorrupt, "%d of %d rows are there", next, total)
	}
	return parts, nil
}

// roster returns the id of the list of these samples, which it stores if it is new.
func (t *txn) roster(samples []int64) (id int64, err error) {
	hash := content.HashRoster(samples)
	err = t.row(findRosterSQL, hash).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	err = t.QueryRowContext(t.ctx, "INSERT INTO roster (hash, rows) VALUES (?, ?) RETURNING id", hash, len(samples)).Scan(&id)
	if err != nil {
		return 0, err
	}
	return id, t.Insert(t.ctx, "roster_row", rosterColumns, len(samples), func(args []any, i int) []any {
		return append(args, id, i, samples[i])
	})
}

// readRoster returns the ids of a roster's samples, n of them, once it has seen that they are those of the list.
func readRoster(ctx context.Context, tx *Tx, id int64, n int) ([]string, error) {
	var hash []byte
	if err := tx.QueryRowContext(ctx, "SELECT hash FROM roster WHERE id = ?", id).Scan(&hash); errors.Is(err, sql.ErrNoRows) {
		return nil, refuse(ErrCorrupt, "the list of its samples is not there")
	} else if err != nil {
		return nil, err
	}
	const query = "SELECT s.id, s.uid FROM roster_row rr JOIN sample s ON s.id = rr.sample WHERE rr.roster = ? ORDER BY rr.position"
	rows, err := tx.QueryContext(ctx, query, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	room := min(max(n, 0), 1<<20)
	samples, uids := make([]int64, 0, room), make([]string, 0, room)
	for rows.Next() {
		var sample int64
		var uid string
		if err := rows.Scan(&sample, &uid); err != nil {
			return nil, err
		}
		samples, uids = append(samples, sample), append(uids, uid)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if !bytes.Equal(content.HashRoster(samples), hash) {
		return nil, refuse(ErrCorrupt, "which samples its rows are (%d of %d) is not what was logged", len(samples), n)
	}
	return uids, nil
}
