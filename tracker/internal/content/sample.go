package content

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
)

// A SampleRow is a sample as the store keeps it.
type SampleRow struct {
	UID             string
	Label, Metadata sql.NullString
	Thumbnail       []byte
}

// Seal is the sum of all of the sample.
func (s *SampleRow) Seal() int64 {
	return seal.Sample{ID: s.UID, Label: s.Label.String, Metadata: s.Metadata.String, Thumbnail: s.Thumbnail}.Sum()
}

// HashSamples names a set by its content: every field with its length before it, 0 for an absent one.
func HashSamples(batch []SampleRow) []byte {
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
		field([]byte(s.UID))
		field([]byte(s.Label.String))
		field([]byte(s.Metadata.String))
		field(s.Thumbnail)
	}
	h.Write(buf)
	return h.Sum(nil)
}

// HashRoster names a list of samples, by their sample.id.
func HashRoster(samples []int64) []byte {
	b := make([]byte, 0, 8*len(samples))
	for _, id := range samples {
		b = binary.LittleEndian.AppendUint64(b, uint64(id))
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// Storable reports whether every database can keep the text.
func Storable(text string) bool {
	return utf8.ValidString(text) && !strings.Contains(text, "\x00")
}
