package tracker

import (
	"context"
	"database/sql"
	"math"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// Outputs are what the network said of each sample at one epoch. Each slice is nil or has one element per sample.
type Outputs struct {
	Predictions []string  // "" where there is none; [Text] makes one of any value
	Losses      []float64 // NaN where there is none
	Confidences []float64 // NaN where there is none
	IDs         []string  // the sample of each element; nil: all samples of the run, in the order in which they were added
}

func prepareOutputs(index *sampleIndex, o *Outputs) ([]int64, error) {
	samples, err := index.pick(o.IDs)
	if err != nil {
		return nil, err
	}
	for _, col := range []struct {
		name string
		n    int
	}{{"Predictions", len(o.Predictions)}, {"Losses", len(o.Losses)}, {"Confidences", len(o.Confidences)}} {
		if col.n != 0 && col.n != len(samples) {
			return nil, refuse(ErrInvalid, "%s has %d elements, expected %d, one per sample", col.name, col.n, len(samples))
		}
	}
	for i, p := range o.Predictions {
		if !content.Storable(p) {
			ids := o.IDs
			if ids == nil {
				ids = index.uids
			}
			return nil, refuseValue("prediction", i, ids[i], "prediction %d, %q: must be valid UTF-8 without NUL", i, p)
		}
	}
	return samples, nil
}

func insertOutputs(t *txn, epoch int64, samples []int64, o *Outputs) error {
	if o == nil {
		return nil
	}
	return t.Insert(t.ctx, "output", outputColumns, len(samples), func(args []any, i int) []any {
		var prediction any
		if i < len(o.Predictions) && o.Predictions[i] != "" {
			prediction = o.Predictions[i]
		}
		return append(args, epoch, samples[i], prediction, at(o.Losses, i), at(o.Confidences, i))
	})
}

// at returns v[i], or nil if there is none.
func at(v []float64, i int) any {
	if i >= len(v) || math.IsNaN(v[i]) {
		return nil
	}
	return v[i]
}

// Outputs returns the outputs of an epoch, with the samples' IDs in the order in which the samples were added. A slice is nil
// if no sample has an element for it. An epoch that was logged without outputs has none, which is no error.
func (s *Store) Outputs(ctx context.Context, run string, epoch int) (Outputs, error) {
	return s.outputs(ctx, run, epoch, readOutputs)
}

func (s *Store) outputs(ctx context.Context, run string, epoch int, read func(ctx context.Context, tx *Tx, run, epoch int64) (Outputs, error)) (Outputs, error) {
	var o Outputs
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		id, err := findEpoch(ctx, tx, r, epoch)
		if err != nil {
			return err
		}
		o, err = read(ctx, tx, r.id, id)
		return err
	})
	return o, err
}

func readOutputs(ctx context.Context, tx *Tx, run, epoch int64) (o Outputs, err error) {
	index, err := readSampleIndex(ctx, tx, run)
	if err != nil {
		return o, err
	}
	const query = `SELECT s.id, o.prediction, o.loss, o.confidence FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set
		JOIN output o ON o.epoch = ? AND o.sample = s.id WHERE rs.run = ? ORDER BY rs.first_position, s.position`
	rows, err := tx.QueryContext(ctx, query, epoch, run)
	if err != nil {
		return o, err
	}
	defer rows.Close()
	var predictions, losses, confidences, next int
	for rows.Next() {
		var id int64
		var prediction sql.NullString
		var loss, confidence sql.NullFloat64
		if err := rows.Scan(&id, &prediction, &loss, &confidence); err != nil {
			return o, err
		}
		for next < len(index.rows) && index.rows[next] != id {
			next++
		}
		if next == len(index.rows) {
			return Outputs{}, refuse(ErrCorrupt, "the outputs of an epoch are of samples in an order that the run does not have")
		}
		o.IDs = append(o.IDs, index.uids[next])
		o.Predictions = append(o.Predictions, prediction.String)
		o.Losses = append(o.Losses, orNaN(loss, &losses))
		o.Confidences = append(o.Confidences, orNaN(confidence, &confidences))
		if prediction.Valid {
			predictions++
		}
	}
	if predictions == 0 {
		o.Predictions = nil
	}
	if losses == 0 {
		o.Losses = nil
	}
	if confidences == 0 {
		o.Confidences = nil
	}
	return o, rows.Err()
}

func orNaN(v sql.NullFloat64, count *int) float64 {
	if !v.Valid {
		return math.NaN()
	}
	*count++
	return v.Float64
}

// AllOutputs returns the outputs of an epoch with an element for each sample of the run, in the order in which they were
// added, "" and NaN where there is none; IDs is nil. It is the faster one where many are read.
func (s *Store) AllOutputs(ctx context.Context, run string, epoch int) (Outputs, error) {
	return s.outputs(ctx, run, epoch, readAllOutputs)
}

func readAllOutputs(ctx context.Context, tx *Tx, run, epoch int64) (o Outputs, err error) {
	index, err := readSamplePositions(ctx, tx, run)
	if err != nil {
		return o, err
	}
	rows, err := tx.QueryContext(ctx, "SELECT sample, prediction, loss, confidence FROM output WHERE epoch = ?", epoch)
	if err != nil {
		return o, err
	}
	defer rows.Close()
	known := map[string]string{} // predictions: few, and not to be made a million times
	for rows.Next() {
		var sample int64
		var prediction, loss, confidence any // which costs least
		if err := rows.Scan(&sample, &prediction, &loss, &confidence); err != nil {
			return o, err
		}
		at := index.position(sample)
		if at < 0 {
			continue
		}
		if text, ok := prediction.(string); ok {
			if o.Predictions == nil {
				o.Predictions = make([]string, index.positions)
			}
			same, ok := known[text]
			if !ok {
				same, known[text] = text, text
			}
			o.Predictions[at] = same
		}
		o.Losses = putAt(o.Losses, index.positions, at, loss)
		o.Confidences = putAt(o.Confidences, index.positions, at, confidence)
	}
	return o, rows.Err()
}

// putAt puts a number into a column of n, which is made with the first one and is NaN elsewhere.
func putAt(column []float64, n, at int, value any) []float64 {
	v, ok := value.(float64)
	if !ok {
		return column
	}
	if column == nil {
		column = make([]float64, n)
		for i := range column {
			column[i] = math.NaN()
		}
	}
	column[at] = v
	return column
}
