package colfile

import (
	"encoding/binary"
	"fmt"
)

// A flatbuffer is the form in which Arrow describes itself. The library believes the lengths in it and makes room for
// them; so they are held against the buffer first. Reading beyond the buffer panics, see [ration.Guard].
type flatbuffer []byte

// Limits on a schema. A table may be referred to many times, so the fields are counted as they are visited.
const (
	maxFields     = 1 << 16
	maxFieldDepth = 32
)

func (b flatbuffer) word(at int) int { return int(binary.LittleEndian.Uint32(b[at:])) }

// root is the place of the table that the buffer is about.
func (b flatbuffer) root() int { return b.word(0) }

// field is the place of a table's field, 0 if it is not set.
func (b flatbuffer) field(table, i int) int {
	v := table - int(int32(binary.LittleEndian.Uint32(b[table:]))) // its vtable: two sizes, then the fields' offsets
	if 2*i+4 >= int(binary.LittleEndian.Uint16(b[v:])) {           // also where the size is odd, as the library reads it
		return 0
	}
	offset := int(binary.LittleEndian.Uint16(b[v+4+2*i:]))
	if offset == 0 {
		return 0
	}
	return table + offset
}

// table is the table that a field refers to, 0 if it is not set.
func (b flatbuffer) table(parent, i int) int {
	at := b.field(parent, i)
	if at == 0 {
		return 0
	}
	return at + b.word(at)
}

// vector is the place and the length of a vector of elements of a size, which must lie within the buffer.
func (b flatbuffer) vector(parent, i, size int) (at, n int) {
	if at = b.table(parent, i); at == 0 {
		return 0, 0
	}
	n = b.word(at)
	if n > (len(b)-at-4)/size {
		panic(fmt.Sprintf("the schema claims a list of %d", n))
	}
	return at + 4, n
}

// checkSchema checks the tables Schema and Field of Arrow's Schema.fbs.
func (b flatbuffer) checkSchema(schema int) {
	if schema == 0 {
		panic("there is no schema")
	}
	visited := 0
	b.checkFields(schema, 1, 0, &visited)
	b.checkPairs(schema, 2)
	b.vector(schema, 3, 8)
}

func (b flatbuffer) checkFields(parent, i, depth int, visited *int) {
	at, n := b.vector(parent, i, 4)
	if depth > maxFieldDepth && n > 0 {
		panic(fmt.Sprintf("the fields are nested more than %d deep", maxFieldDepth))
	}
	for k := range n {
		if *visited++; *visited > maxFields {
			panic(fmt.Sprintf("there are more than %d fields", maxFields))
		}
		field := at + 4*k
		field += b.word(field)
		const union = 14
		if kind := b.field(field, 2); kind != 0 && b[kind] == union {
			b.vector(b.table(field, 3), 1, 4)
		}
		b.checkPairs(field, 6)
		b.checkFields(field, 5, depth+1, visited)
	}
}

// checkPairs checks a vector of keys and values.
func (b flatbuffer) checkPairs(parent, i int) {
	at, n := b.vector(parent, i, 4)
	for k := range n {
		pair := at + 4*k
		pair += b.word(pair)
		b.vector(pair, 0, 1)
		b.vector(pair, 1, 1)
	}
}

// describedAt reads a description of n bytes.
func (a *arrowFile) describedAt(at, n int64) (flatbuffer, error) {
	if n < 4 || n > maxArrowMetadata || at < 0 || at > a.Size-n {
		return nil, fmt.Errorf("the file claims a description of %d bytes at byte %d of %d: want at most %d", n, at, a.Size, maxArrowMetadata)
	}
	b := make([]byte, n)
	_, err := a.file.ReadAt(b, at)
	return b, err
}

func (a *arrowFile) wordAt(at int64) (int64, error) {
	var b [4]byte
	_, err := a.file.ReadAt(b[:], at)
	return int64(int32(binary.LittleEndian.Uint32(b[:]))), err
}

// footer reads the description of a file that is no stream.
func (a *arrowFile) footer() (flatbuffer, error) {
	n, err := a.wordAt(a.Size - 10) // before the magic word
	if err != nil {
		return nil, err
	}
	return a.describedAt(a.Size-10-n, n)
}

// checkHead checks the description of the file, before the library reads it.
func (a *arrowFile) checkHead() error {
	if a.stream {
		n, err := a.wordAt(4) // after the mark of a message
		if err != nil {
			return err
		}
		b, err := a.describedAt(8, n)
		if err != nil {
			return err
		}
		const schema = 1
		message := b.root()
		if kind := b.field(message, 1); kind == 0 || b[kind] != schema {
			return fmt.Errorf("the stream does not begin with a schema")
		}
		b.checkSchema(b.table(message, 2))
		return nil
	}
	b, err := a.footer()
	if err != nil {
		return err
	}
	footer := b.root()
	b.checkSchema(b.table(footer, 1))
	const block = 24
	b.vector(footer, 2, block)
	b.vector(footer, 3, block)
	b.checkPairs(footer, 4)
	return nil
}
