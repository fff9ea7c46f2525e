package tracker

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// A Digest stands for what a frame holds: its samples, in their order, and their vectors as they are stored. An epoch that is
// logged again with the same vectors keeps the digests of its frames, while its Seq is another. It is made of the checksums
// that the store has anyway, 32 bits for each mebibyte, so that no vector need be read: it tells frames of one place apart,
// and is no proof against forgery.
type Digest [sha256.Size]byte

// Digests returns the digests of a layer's frames at some epochs. Epochs at which there is none are left out.
func (s *Store) Digests(ctx context.Context, run, layer string, epochs []int) (map[int]Digest, error) {
	digests := map[int]Digest{}
	err := s.Read(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		for _, epoch := range epochs {
			id, err := findEpoch(ctx, tx, r, epoch)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			row, err := findFrame(ctx, tx, r, id, layer, epoch)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if digests[epoch], err = frameDigest(ctx, tx, row); err != nil {
				return fmt.Errorf("run %s, layer %q, epoch %d: %w", r.title(), row.layer, epoch, err)
			}
		}
		return nil
	})
	return digests, err
}

func frameDigest(ctx context.Context, tx *Tx, f frameRow) (d Digest, err error) {
	var list []byte
	if err := tx.QueryRowContext(ctx, "SELECT hash FROM roster WHERE id = ?", f.roster).Scan(&list); err != nil {
		return d, err
	}
	b := binary.LittleEndian.AppendUint64(list, uint64(f.dim))
	b = append(b, f.as...)
	rows, err := tx.QueryContext(ctx, "SELECT rows, checksum FROM chunk WHERE frame = ? ORDER BY first_row", f.id)
	if err != nil {
		return d, err
	}
	defer rows.Close()
	for rows.Next() {
		var n uint64
		var sum uint32
		if err := rows.Scan(&n, &sum); err != nil {
			return d, err
		}
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(b, n), sum)
	}
	return sha256.Sum256(b), rows.Err()
}
