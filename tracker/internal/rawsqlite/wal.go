package rawsqlite

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// readLog finds, for each page that the write-ahead log has, its last committed version. It reads up to the first frame
// that is not whole, as SQLite does after a crash.
func (f *File) readLog(path string) error {
	wal, err := os.Open(path)
	if err != nil {
		return err
	}
	var head [32]byte
	if _, err := io.ReadFull(wal, head[:]); err != nil {
		wal.Close()
		if errors.Is(err, io.EOF) { // empty: nothing is in it
			return nil
		}
		return err
	}
	kind := binary.BigEndian.Uint32(head[:])
	size := int(binary.BigEndian.Uint32(head[8:]))
	var order binary.ByteOrder = binary.LittleEndian
	if kind == 0x377f0683 {
		order = binary.BigEndian
	}
	sum := logSum{order: order}
	sum.add(head[:24])
	if kind&^1 != 0x377f0682 || !isPageSize(size) || !sum.is(head[24:]) || f.pageSize != 0 && size != f.pageSize {
		wal.Close()
		return errors.New("its header is damaged, so what it holds is lost")
	}
	f.pageSize = size
	f.frames = map[uint32]int64{}
	pending := map[uint32]int64{}
	frame := make([]byte, 24+size)
	for at := int64(32); ; at += int64(len(frame)) {
		if _, err := wal.ReadAt(frame, at); err != nil {
			break
		}
		if string(frame[8:16]) != string(head[16:24]) { // the salts: left from before the log was last begun anew
			break
		}
		sum.add(frame[:8])
		sum.add(frame[24:])
		if !sum.is(frame[16:]) {
			break
		}
		pending[binary.BigEndian.Uint32(frame)] = at + 24
		if pages := binary.BigEndian.Uint32(frame[4:]); pages != 0 { // a commit
			for page, at := range pending {
				f.frames[page] = at
			}
			clear(pending)
			f.pages = pages
		}
	}
	f.wal = wal
	return nil
}

// A logSum is the checksum that each frame of the log carries of all that came before.
type logSum struct {
	order binary.ByteOrder
	a, b  uint32
}

func (s *logSum) add(p []byte) {
	for ; len(p) >= 8; p = p[8:] {
		s.a += s.order.Uint32(p) + s.b
		s.b += s.order.Uint32(p[4:]) + s.a
	}
}

func (s *logSum) is(p []byte) bool {
	return s.a == binary.BigEndian.Uint32(p) && s.b == binary.BigEndian.Uint32(p[4:])
}
