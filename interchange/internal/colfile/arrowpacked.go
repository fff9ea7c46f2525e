package colfile

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/ration"
)

// maxWindow is how much of what it has unpacked a Zstandard stream of an Arrow file may refer to, in bytes: what the highest
// level of its command takes. The library makes room for as much as the stream claims.
const maxWindow = 128 << 20

// checkPacked walks over the compressed buffers of all batches, before the library unpacks any: what they claim is counted,
// and must fit the ration. Where the walk cannot go on, neither can the library.
func (a *arrowFile) checkPacked() error {
	r := limits.NewPackedRation(a.Size)
	if a.stream {
		for at := int64(0); ; {
			next, ok, err := a.checkMessage(at, r)
			if err != nil || !ok {
				return err
			}
			at = next
		}
	}
	footer, err := a.footer()
	if err != nil {
		return err
	}
	const dictionaries, records, block = 2, 3, 24
	for _, field := range []int{dictionaries, records} {
		at, n := footer.vector(footer.root(), field, block)
		for k := range n {
			if _, _, err := a.checkMessage(int64(binary.LittleEndian.Uint64(footer[at+block*k:])), r); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkMessage checks the buffers of the message at a byte of the file, and returns where it ends; not ok, where there is none.
func (a *arrowFile) checkMessage(at int64, r *ration.Ration) (next int64, ok bool, err error) {
	var head [8]byte
	if at < 0 || at > a.Size-8 {
		return 0, false, nil
	}
	if _, err := a.file.ReadAt(head[:], at); err != nil {
		return 0, false, nil
	}
	n, begin := int64(int32(binary.LittleEndian.Uint32(head[:]))), at+4
	if n == -1 { // the mark of a message, which old files do not have
		n, begin = int64(int32(binary.LittleEndian.Uint32(head[4:]))), at+8
	}
	if n < 4 || n > maxArrowMetadata || n > a.Size-begin {
		return 0, false, nil
	}
	b := make(flatbuffer, n)
	if _, err := a.file.ReadAt(b, begin); err != nil {
		return 0, false, nil
	}
	message, body := b.root(), begin+n
	length := b.long(message, 3)
	if length < 0 || length > a.Size-body {
		return 0, false, nil
	}
	const dictionary, record = 2, 3
	batch := b.table(message, 2)
	if kind := b.field(message, 1); kind == 0 || batch == 0 {
		return body + length, true, nil
	} else if b[kind] == dictionary {
		batch = b.table(batch, 1)
	} else if b[kind] != record {
		return body + length, true, nil
	}
	if batch == 0 {
		return body + length, true, nil
	}
	return body + length, true, a.checkBuffers(b, batch, body, length, r)
}

// checkBuffers checks the buffers of a batch whose body lies at a byte of the file.
func (a *arrowFile) checkBuffers(b flatbuffer, batch int, body, length int64, r *ration.Ration) error {
	packed := b.table(batch, 3)
	if packed == 0 {
		return nil
	}
	const zstandard = 1
	codec := byte(0)
	if at := b.field(packed, 0); at != 0 {
		codec = b[at]
	}
	held := int64(0) // a batch is unpacked whole
	defer func() { r.Give(held) }()
	at, n := b.vector(batch, 2, 16)
	for k := range n {
		from, size := int64(binary.LittleEndian.Uint64(b[at+16*k:])), int64(binary.LittleEndian.Uint64(b[at+16*k+8:]))
		if size == 0 {
			continue
		}
		if from < 0 || size < 8 || from > length || size > length-from {
			return fmt.Errorf("a buffer of a batch claims %d bytes from byte %d of %d", size, from, length)
		}
		content := bufio.NewReaderSize(io.NewSectionReader(a.file, body+from, size), 1<<12)
		head, err := content.Peek(8)
		if err != nil {
			return err
		}
		content.Discard(8)
		unpacked := int64(binary.LittleEndian.Uint64(head))
		if unpacked == -1 { // it is not compressed
			continue
		}
		if err := r.Take(unpacked); err != nil {
			return err
		}
		held += unpacked
		if err := r.Count(unpacked); err != nil {
			return err
		}
		if codec == zstandard {
			if err := checkFrames(content); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFrames checks the window of each of the frames that a Zstandard stream is made of: RFC 8878, section 3.
func checkFrames(r *bufio.Reader) error {
	for {
		head, _ := r.Peek(zstd.HeaderMaxSize)
		var h zstd.Header
		if len(head) == 0 || h.Decode(head) != nil { // the end, or none, which the library finds
			return nil
		}
		if h.WindowSize > maxWindow {
			return fmt.Errorf("a buffer of a batch claims a window of %d bytes: want at most %d", h.WindowSize, maxWindow)
		}
		r.Discard(h.HeaderSize)
		if h.Skippable {
			if _, err := io.CopyN(io.Discard, r, int64(h.SkippableSize)); err != nil {
				return nil
			}
			continue
		}
		for last := false; !last; {
			head, err := r.Peek(3)
			if err != nil {
				return nil
			}
			block := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
			const repeated = 1 // a block that is one byte, as often as it says
			last = block&1 != 0
			n := block >> 3
			if block>>1&3 == repeated {
				n = 1
			}
			if _, err := r.Discard(3 + n); err != nil {
				return nil
			}
		}
		if h.HasCheckSum {
			r.Discard(4)
		}
	}
}

// long is a table's field of 64 bits, 0 if it is not set.
func (b flatbuffer) long(table, i int) int64 {
	if at := b.field(table, i); at != 0 {
		return int64(binary.LittleEndian.Uint64(b[at:]))
	}
	return 0
}
