package tracker

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"slices"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A Digest stands for what a frame holds: its samples, in their order, and their vectors as they are stored. An epoch that is
// logged again with the same vectors keeps the digests of its frames, while its Seq is another. It is made of the checksums
// that the store has anyway, 32 bits for each mebibyte, so that no vector need be read: it tells frames of one place apart,
// and is no proof against forgery.
type Digest [sha256.Size]byte

// Digests returns the digests of a layer's frames at some epochs. Epochs at which there is none are left out.
func (s *Store) Digests(ctx context.Context, run, layer string, epochs []int) (map[int]Digest, error) {
	digests := map[int]Digest{}
	if len(epochs) == 0 {
		return digests, nil
	}
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		const which = "e.run = ? AND f.layer = ? AND e.number BETWEEN ? AND ?"
		all, err := readDigests(ctx, tx, which, r.id, layer, slices.Min(epochs), slices.Max(epochs))
		for _, epoch := range epochs {
			if d, ok := all[epoch]; ok {
				digests[epoch] = d
			}
		}
		return err
	})
	return digests, err
}

// frameDigest is the digest of one frame.
func frameDigest(ctx context.Context, tx *Tx, frame int64, epoch int) (Digest, error) {
	all, err := readDigests(ctx, tx, "f.id = ?", frame)
	return all[epoch], err
}

// readDigests returns the digests of the frames f, of epochs e, that a condition selects, by epoch: one of each.
func readDigests(ctx context.Context, tx *Tx, which string, args ...any) (map[int]Digest, error) {
	const query = `SELECT e.number, r.hash, f.dim, f.dtype, c.rows, c.checksum FROM epoch e JOIN frame f ON f.epoch = e.id
		JOIN roster r ON r.id = f.roster JOIN chunk c ON c.frame = f.id WHERE `
	rows, err := tx.QueryContext(ctx, query+which+" ORDER BY e.number, c.first_row", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	texts := map[int][]byte{}
	for rows.Next() {
		var epoch int
		var hash sql.RawBytes
		var dim, n uint64
		var as content.DType
		var sum uint32
		if err := rows.Scan(&epoch, &hash, &dim, &as, &n, &sum); err != nil {
			return nil, err
		}
		b, ok := texts[epoch]
		if !ok {
			b = append(binary.LittleEndian.AppendUint64(slices.Clone(hash), dim), as...)
		}
		texts[epoch] = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(b, n), sum)
	}
	digests := map[int]Digest{}
	for epoch, b := range texts {
		digests[epoch] = sha256.Sum256(b)
	}
	return digests, rows.Err()
}
