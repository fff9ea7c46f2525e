package tracker

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/internal/value"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A Sample is a probe input, embedded at every epoch. Its ID must be unique within the run and should stay the same from
// run to run.
type Sample struct {
	ID        string         // at most [MaxText] bytes; [Text] makes one of any value
	Label     string         // empty: unlabelled; [Text] makes one of any value
	Thumbnail []byte         // PNG, or nil
	Metadata  map[string]any // kept as JSON; numbers are read back as json.Number
}

// AddSamples adds samples to the run, in order, all or none. What the run has already is skipped if it is the same, and
// refused if it is not. Runs with the same samples share them in the store.
func (r *Run) AddSamples(ctx context.Context, samples []Sample) (err error) {
	defer r.recoverToOnError(&err)
	return r.submit(ctx, Batch{Samples: samples}, func(w *pending) error {
		_, err := r.apply(ctx, w)
		return err
	})
}

// addSamples links the samples of batch that are new to the run, and returns the new index and how many they were.
func (r *Run) addSamples(t *txn, index *sampleIndex, batch []content.SampleRow) (*sampleIndex, int, error) {
	fresh, err := r.unknown(t, index, batch)
	if err != nil || len(fresh) == 0 {
		return index, 0, err
	}
	index, err = r.insertSamples(t, index, fresh)
	return index, len(fresh), err
}

var pngMagic = []byte("\x89PNG\r\n\x1a\n")

// checkPixels refuses a PNG image that would take too much memory to show. Its first chunk says how large it is: a length of 4
// bytes, IHDR, the width and the height. One without that cannot be shown at all.
func checkPixels(png []byte) error {
	const width, height = 16, 20 // where they begin
	if len(png) < height+4 || string(png[12:width]) != "IHDR" {
		return nil
	}
	w, h := uint64(binary.BigEndian.Uint32(png[width:])), uint64(binary.BigEndian.Uint32(png[height:]))
	if w*h > MaxPixels {
		return fmt.Errorf("the thumbnail has %d×%d pixels, at most %d are allowed", w, h, MaxPixels)
	}
	return nil
}

func encodeSamples(samples []Sample) ([]content.SampleRow, error) {
	seen := make(map[string]int, len(samples))
	rows := make([]content.SampleRow, len(samples))
	for i, s := range samples {
		if err := checkLength("sample ID", s.ID, MaxText); err != nil {
			return nil, &ValueError{Field: "id", Index: i, err: err}
		}
		switch first, dup := seen[s.ID]; {
		case s.ID == "":
			return nil, refuseValue("id", i, "", "sample %d of the batch has no ID", i)
		case dup:
			return nil, refuseValue("id", i, s.ID, "sample %q is in the batch twice, at %d and at %d", s.ID, first, i)
		case !content.Storable(s.ID):
			return nil, refuseValue("id", i, s.ID, "sample %q: the ID must be valid UTF-8 without NUL", s.ID)
		case !content.Storable(s.Label):
			return nil, refuseValue("label", i, s.ID, "sample %q, label %q: must be valid UTF-8 without NUL", s.ID, s.Label)
		case len(s.Thumbnail) > 0 && !bytes.HasPrefix(s.Thumbnail, pngMagic):
			return nil, refuseValue("thumbnail", i, s.ID, "sample %q: the thumbnail is not a PNG image", s.ID)
		}
		if err := checkPixels(s.Thumbnail); err != nil {
			return nil, refuseValue("thumbnail", i, s.ID, "sample %q: %v", s.ID, err)
		}
		seen[s.ID] = i
		rows[i] = content.SampleRow{UID: s.ID, Label: sql.NullString{String: s.Label, Valid: s.Label != ""}}
		if len(s.Thumbnail) > 0 {
			rows[i].Thumbnail = s.Thumbnail
		}
		if len(s.Metadata) > 0 {
			text, err := content.EncodeJSONObject(s.Metadata)
			if err != nil {
				return nil, refuseValue("metadata", i, s.ID, "sample %q: metadata %v", s.ID, err)
			}
			rows[i].Metadata = sql.NullString{String: text, Valid: true}
		}
	}
	return rows, nil
}

// unknown returns the samples of batch that the run does not have yet, and refuses those that it has with other content.
func (r *Run) unknown(t *txn, index *sampleIndex, batch []content.SampleRow) ([]content.SampleRow, error) {
	if len(index.rows) == 0 {
		return batch, nil
	}
	var linked bool // the same batch again, as when a run is resumed
	const query = "SELECT count(*) > 0 FROM run_sample_set rs JOIN sample_set ss ON ss.id = rs.sample_set WHERE rs.run = ? AND ss.hash = ?"
	if err := t.QueryRowContext(t.ctx, query, r.id, content.HashSamples(batch)).Scan(&linked); err != nil || linked {
		return nil, err
	}
	var fresh []content.SampleRow
	for k, s := range batch {
		i, ok := index.find(s.UID)
		if !ok {
			fresh = append(fresh, s)
			continue
		}
		var have content.SampleRow
		err := t.QueryRowContext(t.ctx, "SELECT label, metadata, thumbnail FROM sample WHERE id = ?", index.rows[i]).
			Scan(&have.Label, &have.Metadata, &have.Thumbnail)
		if err != nil {
			return nil, err
		}
		switch {
		case have.Label != s.Label:
			return nil, refuseValue("label", k, s.UID, "run %s has sample %q already, with label %q, not %q: samples do not change; use another ID or another run",
				r.title(), s.UID, have.Label.String, s.Label.String)
		case have.Metadata != s.Metadata || !bytes.Equal(have.Thumbnail, s.Thumbnail):
			field := "metadata"
			if have.Metadata == s.Metadata {
				field = "thumbnail"
			}
			return nil, refuseValue(field, k, s.UID, "run %s has sample %q already, with another thumbnail or other metadata: samples do not change; use another ID or another run",
				r.title(), s.UID)
		}
	}
	return fresh, nil
}

// insertSamples links a set of these samples to the run, after making it if no run has it, and returns the new index.
func (r *Run) insertSamples(t *txn, index *sampleIndex, batch []content.SampleRow) (*sampleIndex, error) {
	hash := content.HashSamples(batch)
	var set int64
	err := t.QueryRowContext(t.ctx, "SELECT id FROM sample_set WHERE hash = ?", hash).Scan(&set)
	if errors.Is(err, sql.ErrNoRows) {
		set, err = insertSet(t, hash, batch)
	}
	if err != nil {
		return nil, err
	}
	const link = "INSERT INTO run_sample_set (run, sample_set, first_position) VALUES (?, ?, ?)"
	if _, err := t.ExecContext(t.ctx, link, r.id, set, index.positions); err != nil {
		return nil, err
	}
	y, err := index.with(t.ctx, t.Tx, r.id, set, batch)
	if err != nil {
		return nil, err
	}
	return y, addSums(t.ctx, t.Tx, r.id, index, y, batch)
}

func insertSet(t *txn, hash []byte, batch []content.SampleRow) (set int64, err error) {
	const query = "INSERT INTO sample_set (hash, rows) VALUES (?, ?) RETURNING id"
	if err := t.QueryRowContext(t.ctx, query, hash, len(batch)).Scan(&set); err != nil {
		return 0, err
	}
	return set, t.Insert(t.ctx, "sample", sampleColumns, len(batch), func(args []any, i int) []any {
		s := &batch[i]
		return append(args, set, i, s.UID, orNull(s.Label), orNull(s.Metadata), s.Thumbnail, s.Seal())
	})
}

// orNull is a text as the driver takes it: a million are not asked for their values one by one.
func orNull(text sql.NullString) any {
	if !text.Valid {
		return nil
	}
	return text.String
}

// Thumbnail returns the PNG image of a sample. It returns [ErrNotFound] if there is no such sample or it has none.
func (s *Store) Thumbnail(ctx context.Context, run, sample string) ([]byte, error) {
	var png []byte
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		const query = `SELECT t.uid, t.label, t.metadata, t.thumbnail, t.seal FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set
			JOIN sample t ON t.id = s.id WHERE rs.run = ? AND s.uid = ?` // t is what is in the row, s what an index says of it
		var row content.SampleRow
		var sum int64
		err = tx.QueryRowContext(ctx, query, r.id, sample).Scan(&row.UID, &row.Label, &row.Metadata, &row.Thumbnail, &sum)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return refuse(ErrNotFound, "run %s has no sample %q", r.title(), sample)
		case err != nil:
			return err
		case row.UID != sample || sum != seal.None && sum != row.Seal():
			return refuse(ErrCorrupt, "run %s, sample %q: it is not what was logged", r.title(), sample)
		case row.Thumbnail == nil:
			return refuse(ErrNotFound, "sample %q of run %s has no thumbnail", sample, r.title())
		}
		png = row.Thumbnail
		return nil
	})
	return png, err
}

// Text returns the text of a value as a label, an id or a prediction, for [Sample] and [Outputs]. The same value has the
// same text from whichever program, file or type it comes to the store:
//
//   - text is itself, also where it looks like a number: 1.10, 1e5, 007 and true stay;
//   - nil and NaN are the empty text, which is no label;
//   - truth values are true and false;
//   - whole numbers are decimal, also those of floats: 3.0 is 3, −0 is 0, 1e5 is 100000, up to 2⁵³;
//   - other floats are the shortest decimal that tells them apart in their own precision: float32(0.1) and 0.1 are 0.1;
//   - a [json.Number] is what it is worth, with all digits if it is whole;
//   - a [time.Time] is ISO 8601 in UTC: 2024-02-29T12:30:00Z;
//   - a type with an encoding.TextMarshaler or a fmt.Stringer has the text of that; a pointer that of what it points to.
//
// Lists, maps, structs and the like have none and are refused with [ErrInvalid].
func Text(v any) (string, error) {
	s, err := value.Text(v)
	if err != nil {
		return "", refuse(ErrInvalid, "%v", err)
	}
	return s, nil
}
