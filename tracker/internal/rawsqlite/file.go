// Package rawsqlite reads the rows of a SQLite database from its pages, without trust in anything that holds them together:
// a page that is damaged costs the rows that lie on it, and no others. The format is that of https://sqlite.org/fileformat2.html.
//
// It is for getting out what is left of a damaged file. Whoever takes the rows must check what they say.
package rawsqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const magic = "SQLite format 3\x00"

// A File is a database file with its write-ahead log.
type File struct {
	// Notes say, for people, what of the file's structure could not be read.
	Notes []string

	db       *os.File
	size     int64
	wal      *os.File // nil: there is none that counts
	frames   map[uint32]int64
	pageSize int
	usable   int // bytes of a page that rows may take
	pages    uint32
	free     map[uint32]bool

	owner     map[uint32]string // the table or index that a page was reached from
	index     map[string]bool   // which of them are indexes
	unreached []error
}

// Open opens the database at path for reading, and the write-ahead log beside it if there is one. It fails only if the file
// cannot be opened at all. The database must not be written meanwhile.
func Open(path string) (*File, error) {
	db, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := db.Stat()
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	f := &File{db: db, size: info.Size(), owner: map[uint32]string{}, index: map[string]bool{}, free: map[uint32]bool{}}
	var head [100]byte
	io.ReadFull(io.NewSectionReader(db, 0, f.size), head[:]) // a short file has a damaged header
	f.readHeader(head[:])
	if err := f.readLog(path + "-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.note("the write-ahead log cannot be read: %v", err)
	}
	if f.pageSize == 0 {
		f.guessPageSize()
	}
	if f.usable == 0 {
		f.usable = f.pageSize
	}
	if f.pages == 0 { // or the log knows
		f.pages = uint32((f.size + int64(f.pageSize) - 1) / int64(f.pageSize))
	}
	if have := f.size / int64(f.pageSize); f.wal == nil && have < int64(binary.BigEndian.Uint32(head[28:])) && string(head[:16]) == magic {
		f.note("the file is cut short: %d of %d pages are there", have, binary.BigEndian.Uint32(head[28:]))
	}
	f.readFreeList()
	f.reach()
	return f, nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.wal != nil {
		return errors.Join(f.wal.Close(), f.db.Close())
	}
	return f.db.Close()
}

// Pages returns how many pages the database has.
func (f *File) Pages() int { return int(f.pages) }

func (f *File) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

func (f *File) readHeader(head []byte) {
	size := int(binary.BigEndian.Uint16(head[16:]))
	if size == 1 {
		size = 1 << 16
	}
	reserved := int(head[20])
	if string(head[:16]) != magic || !isPageSize(size) || size-reserved < 480 {
		f.note("the file's header is damaged")
		return
	}
	f.pageSize, f.usable = size, size-reserved
}

func isPageSize(n int) bool { return n >= 512 && n <= 1<<16 && n&(n-1) == 0 }

// guessPageSize takes the largest size at whose multiples there are about as many headers of pages as at any other's.
func (f *File) guessPageSize() {
	const enough = 64 << 20
	hits, most := map[int]int{}, 0
	for size := 512; size <= 1<<16; size *= 2 {
		for at := int64(size); at+8 <= min(f.size, enough); at += int64(size) {
			var head [8]byte
			if _, err := f.db.ReadAt(head[:], at); err != nil {
				break
			}
			start := int(binary.BigEndian.Uint16(head[5:]))
			cells := int(binary.BigEndian.Uint16(head[3:]))
			if (head[0] == tableLeaf || head[0] == tableInterior || head[0] == indexLeaf || head[0] == indexInterior) &&
				head[1] == 0 && cells > 0 && start <= size && cells*2+8 <= start && head[7] <= 60 {
				hits[size]++
			}
		}
		most = max(most, hits[size])
	}
	f.pageSize = 4096 // what every store has
	for size := 512; size <= 1<<16 && most > 0; size *= 2 {
		if 5*hits[size] >= 4*most {
			f.pageSize = size
		}
	}
}

// page returns a page's content: from the log if it has the page, zeros beyond the end of the file.
func (f *File) page(n uint32) ([]byte, error) {
	if n < 1 || n > f.pages {
		return nil, fmt.Errorf("there is no page %d of %d", n, f.pages)
	}
	b := make([]byte, f.pageSize)
	if at, ok := f.frames[n]; ok {
		_, err := f.wal.ReadAt(b, at)
		return b, err
	}
	_, err := f.db.ReadAt(b, int64(n-1)*int64(f.pageSize))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b, err
}

// readFreeList marks the pages that are not in use, on which deleted rows may still lie.
func (f *File) readFreeList() {
	first, err := f.page(1)
	if err != nil || string(first[:16]) != magic {
		f.note("the list of free pages cannot be read: rows that were deleted may come back")
		return
	}
	for trunk := binary.BigEndian.Uint32(first[32:]); trunk != 0; {
		b, err := f.page(trunk)
		n := 0
		if err == nil {
			n = int(binary.BigEndian.Uint32(b[4:]))
		}
		if err != nil || f.free[trunk] || n < 0 || n > f.pageSize/4-2 {
			f.note("the list of free pages is damaged: rows that were deleted may come back")
			return
		}
		f.free[trunk] = true
		for i := range n {
			f.free[binary.BigEndian.Uint32(b[8+4*i:])] = true
		}
		trunk = binary.BigEndian.Uint32(b)
	}
}
