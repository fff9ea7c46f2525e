package tracker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf8"
)

// A Sample is a probe input, embedded at every epoch. Its ID must be unique within the run and should stay the same from
// run to run.
type Sample struct {
	ID        string         // [Text] makes one of any value
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
func (r *Run) addSamples(t *txn, index *sampleIndex, batch []sampleRow) (*sampleIndex, int, error) {
	fresh, err := r.unknown(t, index, batch)
	if err != nil || len(fresh) == 0 {
		return index, 0, err
	}
	index, err = r.insertSamples(t, index, fresh)
	return index, len(fresh), err
}

// A sampleRow is a sample as the store keeps it.
type sampleRow struct {
	uid             string
	label, metadata sql.NullString
	thumbnail       []byte
}

var pngMagic = []byte("\x89PNG\r\n\x1a\n")

func encodeSamples(samples []Sample) ([]sampleRow, error) {
	seen := make(map[string]int, len(samples))
	rows := make([]sampleRow, len(samples))
	for i, s := range samples {
		switch first, dup := seen[s.ID]; {
		case s.ID == "":
			return nil, refuseValue("id", i, "", "sample %d of the batch has no ID", i)
		case dup:
			return nil, refuseValue("id", i, s.ID, "sample %q is in the batch twice, at %d and at %d", s.ID, first, i)
		case !storable(s.ID):
			return nil, refuseValue("id", i, s.ID, "sample %q: the ID must be valid UTF-8 without NUL", s.ID)
		case !storable(s.Label):
			return nil, refuseValue("label", i, s.ID, "sample %q, label %q: must be valid UTF-8 without NUL", s.ID, s.Label)
		case len(s.Thumbnail) > 0 && !bytes.HasPrefix(s.Thumbnail, pngMagic):
			return nil, refuseValue("thumbnail", i, s.ID, "sample %q: the thumbnail is not a PNG image", s.ID)
		}
		seen[s.ID] = i
		rows[i] = sampleRow{uid: s.ID, label: sql.NullString{String: s.Label, Valid: s.Label != ""}}
		if len(s.Thumbnail) > 0 {
			rows[i].thumbnail = s.Thumbnail
		}
		if len(s.Metadata) > 0 {
			text, err := encodeJSONObject(s.Metadata)
			if err != nil {
				return nil, refuseValue("metadata", i, s.ID, "sample %q: metadata %v", s.ID, err)
			}
			rows[i].metadata = sql.NullString{String: text, Valid: true}
		}
	}
	return rows, nil
}

// storable reports whether every database can keep the text.
func storable(text string) bool {
	return utf8.ValidString(text) && !strings.Contains(text, "\x00")
}

// unknown returns the samples of batch that the run does not have yet, and refuses those that it has with other content.
func (r *Run) unknown(t *txn, index *sampleIndex, batch []sampleRow) ([]sampleRow, error) {
	if len(index.rows) == 0 {
		return batch, nil
	}
	var linked bool // the same batch again, as when a run is resumed
	const query = "SELECT count(*) > 0 FROM run_sample_set rs JOIN sample_set ss ON ss.id = rs.sample_set WHERE rs.run = ? AND ss.hash = ?"
	if err := t.QueryRowContext(t.ctx, query, r.id, hashSamples(batch)).Scan(&linked); err != nil || linked {
		return nil, err
	}
	var fresh []sampleRow
	for k, s := range batch {
		i, ok := index.find(s.uid)
		if !ok {
			fresh = append(fresh, s)
			continue
		}
		var have sampleRow
		err := t.QueryRowContext(t.ctx, "SELECT label, metadata, thumbnail FROM sample WHERE id = ?", index.rows[i]).
			Scan(&have.label, &have.metadata, &have.thumbnail)
		if err != nil {
			return nil, err
		}
		switch {
		case have.label != s.label:
			return nil, refuseValue("label", k, s.uid, "run %s has sample %q already, with label %q, not %q: samples do not change; use another ID or another run",
				r.title(), s.uid, have.label.String, s.label.String)
		case have.metadata != s.metadata || !bytes.Equal(have.thumbnail, s.thumbnail):
			field := "metadata"
			if have.metadata == s.metadata {
				field = "thumbnail"
			}
			return nil, refuseValue(field, k, s.uid, "run %s has sample %q already, with another thumbnail or other metadata: samples do not change; use another ID or another run",
				r.title(), s.uid)
		}
	}
	return fresh, nil
}

// insertSamples links a set of these samples to the run, after making it if no run has it, and returns the new index.
func (r *Run) insertSamples(t *txn, index *sampleIndex, batch []sampleRow) (*sampleIndex, error) {
	hash := hashSamples(batch)
	var set int64
	err := t.QueryRowContext(t.ctx, "SELECT id FROM sample_set WHERE hash = ?", hash).Scan(&set)
	if errors.Is(err, sql.ErrNoRows) {
		set, err = insertSet(t, hash, batch)
	}
	if err != nil {
		return nil, err
	}
	const link = "INSERT INTO run_sample_set (run, sample_set, first_position) VALUES (?, ?, ?)"
	if _, err := t.ExecContext(t.ctx, link, r.id, set, len(index.rows)); err != nil {
		return nil, err
	}
	return index.with(t.ctx, t.Tx, set, batch)
}

func insertSet(t *txn, hash []byte, batch []sampleRow) (set int64, err error) {
	const query = "INSERT INTO sample_set (hash, rows) VALUES (?, ?) RETURNING id"
	if err := t.QueryRowContext(t.ctx, query, hash, len(batch)).Scan(&set); err != nil {
		return 0, err
	}
	return set, t.Insert(t.ctx, "sample", sampleColumns, len(batch), func(args []any, i int) []any {
		s := &batch[i]
		return append(args, set, i, s.uid, orNull(s.label), orNull(s.metadata), s.thumbnail)
	})
}

// orNull is a text as the driver takes it: a million are not asked for their values one by one.
func orNull(text sql.NullString) any {
	if !text.Valid {
		return nil
	}
	return text.String
}

// hashSamples names a set by its content: every field with its length before it, 0 for an absent one.
func hashSamples(batch []sampleRow) []byte {
	h := sha256.New()
	var n [8]byte
	var buf []byte // sums are faster of long pieces than of short ones
	field := func(b []byte) {
		binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
		if buf = append(append(buf, n[:]...), b...); len(buf) >= 1<<16 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	for _, s := range batch {
		field([]byte(s.uid))
		field([]byte(s.label.String))
		field([]byte(s.metadata.String))
		field(s.thumbnail)
	}
	h.Write(buf)
	return h.Sum(nil)
}

// Thumbnail returns the PNG image of a sample. It returns [ErrNotFound] if there is no such sample or it has none.
func (s *Store) Thumbnail(ctx context.Context, run, sample string) ([]byte, error) {
	var png []byte
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		const query = `SELECT s.thumbnail FROM run_sample_set rs JOIN sample s ON s.sample_set = rs.sample_set WHERE rs.run = ? AND s.uid = ?`
		err = tx.QueryRowContext(ctx, query, r.id, sample).Scan(&png)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return refuse(ErrNotFound, "run %s has no sample %q", r.title(), sample)
		case err == nil && png == nil:
			return refuse(ErrNotFound, "sample %q of run %s has no thumbnail", sample, r.title())
		}
		return err
	})
	return png, err
}
