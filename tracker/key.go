package tracker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

const keyMemory = 30 * 24 * time.Hour // how long a key is kept

// recall reports whether the write was made before, under its key, and gives the answer of then.
func (r *Run) recall(t *txn, w *pending, receipt *Receipt) (known bool, err error) {
	if w.Key == "" {
		return false, nil
	}
	var before []byte
	var answer string
	switch err := t.row(findKeySQL, r.id, w.Key).Scan(&before, &answer); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case !bytes.Equal(before, w.digest):
		return false, refuse(ErrInvalid, "run %s: key %q was used for another write: give each write a key of its own", r.title(), w.Key)
	}
	if err := json.Unmarshal([]byte(answer), receipt); err != nil {
		return false, refuse(ErrCorrupt, "run %s: key %q: %v", r.title(), w.Key, err)
	}
	receipt.Repeated = true
	return true, nil
}

// startedAs reports whether a run was started under a key, and if so makes r that run.
func (r *Run) startedAs(ctx context.Context, tx *Tx, key string) (bool, error) {
	if key == "" {
		return false, nil
	}
	const query = `SELECT r.id, r.uid, r.name FROM run r JOIN write_key k ON k.run = r.id
		WHERE k.key = ? AND r.experiment = ? AND (r.name = ? OR ? = '') ORDER BY r.started DESC LIMIT 1`
	var id int64
	var uid, name string
	err := tx.QueryRowContext(ctx, query, key, r.experiment, r.name, r.name).Scan(&id, &uid, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		r.id, r.uid, r.name = id, uid, name
	}
	return err == nil, err
}

// remember keeps the write's key and answer, and forgets old ones.
func (r *Run) remember(t *txn, w *pending, receipt Receipt) error {
	if w.Key == "" {
		return nil
	}
	answer, err := json.Marshal(receipt)
	if err != nil {
		return err
	}
	if err := t.exec(forgetKeysSQL, r.id, t.time-keyMemory.Microseconds()); err != nil {
		return err
	}
	return t.exec(insertKeySQL, r.id, w.Key, w.digest, string(answer), t.time)
}

// digest names a batch by its content.
func digest(b Batch) []byte {
	d := digester{Hash: sha256.New()}
	d.number(len(b.Samples))
	for _, s := range b.Samples {
		metadata, _ := content.EncodeJSONObject(s.Metadata) // what cannot be encoded is refused later
		d.text(s.ID, s.Label, metadata, string(s.Thumbnail))
	}
	d.number(len(b.Metrics))
	for _, m := range b.Metrics {
		d.number(m.Step)
		d.metrics(m.Values)
	}
	for _, e := range b.Epochs {
		d.number(e.Number, e.Step, len(e.Layers))
		for _, l := range e.Layers {
			d.text(l.Name)
			d.number(l.Dim, len(l.IDs))
			d.text(l.IDs...)
			d.number(len(l.Vectors))
			d.Write(content.FloatBytes(l.Vectors))
		}
		if o := e.Outputs; o == nil {
			d.number(-1)
		} else {
			d.number(len(o.IDs), len(o.Predictions))
			d.text(o.IDs...)
			d.text(o.Predictions...)
			d.floats(o.Losses)
			d.floats(o.Confidences)
		}
		d.metrics(e.Metrics)
	}
	return d.Sum(nil)
}

// A digester hashes values so that different lists of them never look alike.
type digester struct{ hash.Hash }

func (d digester) number(list ...int) {
	for _, n := range list {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(n))
		d.Write(b[:])
	}
}

func (d digester) text(list ...string) {
	for _, s := range list {
		d.number(len(s))
		d.Write([]byte(s))
	}
}

func (d digester) floats(list []float64) {
	d.number(len(list))
	b := make([]byte, 0, 8*len(list))
	for _, v := range list {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	d.Write(b)
}

func (d digester) metrics(m Metrics) {
	d.number(len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		d.text(name)
		d.floats([]float64{m[name]})
	}
}
