package train

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
)

// fuzzIdx checks that what a reader accepts is exactly what the header announces.
func fuzzIdx(f *testing.F, good []byte, read func(io.Reader) ([]byte, error), size int) {
	f.Add(good)
	f.Add(good[:4])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		body, err := read(bytes.NewReader(b))
		if err != nil {
			return
		}
		if n := int(binary.BigEndian.Uint32(b[4:])); len(body) != n*size || !bytes.HasSuffix(b, body) {
			t.Fatalf("%d bytes read of %d, the header says %d×%d", len(body), len(b), n, size)
		}
	})
}
