package colfile

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
)

// leaf reads a column of one physical type. Its levels say which values are null and where lists begin.
type leaf[T any] struct {
	r      valueReader[T]
	max    int16 // definition level of a value that is there
	least  int16 // … of an element of a list that may be null
	nested bool  // lists
	b      array.Builder
	values array.Builder // of the elements: b itself where there are no lists
	add    func(T)

	buffer     []T
	defs, reps []int16
	levels, at int // in the buffers
	value      int // in buffer
}

type valueReader[T any] interface {
	HasNext() bool
	ReadBatch(batch int64, values []T, defs, reps []int16) (levels int64, read int, err error)
	Err() error
}

const levelsAtATime = 1 << 12 // at most, of one column

func newLeaf[T any](r valueReader[T], c file.ColumnChunkReader, b, values array.Builder, atATime int, add func(T)) leafReader {
	d := c.Descriptor()
	least := d.MaxDefinitionLevel()
	if d.SchemaNode().RepetitionType() == parquet.Repetitions.Optional {
		least--
	}
	return &leaf[T]{
		r: r, max: d.MaxDefinitionLevel(), least: least, nested: d.MaxRepetitionLevel() > 0, b: b, values: values, add: add,
		buffer: make([]T, atATime), defs: make([]int16, atATime), reps: make([]int16, atATime),
	}
}

func (l *leaf[T]) read(rows int) (arrow.Array, error) {
	for i := range rows {
		if err := l.row(); err != nil {
			return nil, fmt.Errorf("%d of %d rows are there: %w", i, rows, err)
		}
	}
	return l.b.NewArray(), nil
}

// row appends one row.
func (l *leaf[T]) row() error {
	if more, err := l.fill(); err != nil || !more {
		return fmt.Errorf("the file is truncated or damaged: %w", orElse(err, "the column ends early"))
	}
	if !l.nested {
		l.append()
		return nil
	}
	list := l.b.(*array.ListBuilder)
	// A list without elements, or no list, is one level below that of an element; which of them it is does not matter,
	// since neither is a vector.
	if !l.element() {
		list.AppendNull()
		l.at++
	} else {
		list.Append(true)
		l.append()
	}
	for {
		more, err := l.fill()
		if err != nil {
			return err
		}
		if !more || l.reps[l.at] == 0 {
			return nil
		}
		l.append()
	}
}

// element reports whether the next level is of an element of a list, be it null.
func (l *leaf[T]) element() bool { return l.defs[l.at] >= l.least }

// append appends the next level's value, or null.
func (l *leaf[T]) append() {
	if l.max > 0 && l.defs[l.at] < l.max {
		l.values.AppendNull()
	} else {
		l.add(l.buffer[l.value])
		l.value++
	}
	l.at++
}

// fill sees to it that there is a next level; not more at the column's end.
func (l *leaf[T]) fill() (more bool, err error) {
	if l.at < l.levels {
		return true, nil
	}
	if !l.r.HasNext() {
		return false, l.r.Err()
	}
	n, _, err := l.r.ReadBatch(int64(len(l.buffer)), l.buffer, l.defs, l.reps)
	if err != nil {
		return false, err
	}
	l.at, l.levels, l.value = 0, int(n), 0
	if n == 0 {
		return false, l.r.Err()
	}
	return true, nil
}

func orElse(err error, message string) error {
	if err == nil {
		return errors.New(message)
	}
	return err
}

// appendInt appends a whole number to a builder of whole numbers, decimals, dates or times.
func appendInt(b array.Builder, signed int64, unsigned uint64) {
	switch b := b.(type) {
	case *array.Int64Builder:
		b.Append(signed)
	case *array.Uint64Builder:
		b.Append(unsigned)
	case *array.Date32Builder:
		b.Append(arrow.Date32(signed))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(signed))
	case *array.Time32Builder:
		b.Append(arrow.Time32(signed))
	case *array.Time64Builder:
		b.Append(arrow.Time64(signed))
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(signed))
	default:
		panic(fmt.Sprintf("whole numbers as %s", b.Type()))
	}
}

// appendBytes appends bytes to a builder of texts, or of numbers that are kept as bytes.
func appendBytes(b array.Builder, v []byte) {
	switch b := b.(type) {
	case *array.StringBuilder:
		if len(v) > limits.MaxText {
			panic(limits.TooLong(len(v)))
		}
		b.BinaryBuilder.Append(v)
	case *array.Decimal128Builder:
		b.Append(decimalOf(v))
	case *array.Float16Builder:
		b.Append(halfOf(v))
	default:
		panic(fmt.Sprintf("bytes as %s", b.Type()))
	}
}

// decimalOf reads the digits of a decimal, a whole number of up to 16 bytes, big-endian.
func decimalOf(v []byte) decimal128.Num {
	var wide [16]byte
	if len(v) == 0 || len(v) > len(wide) {
		panic(fmt.Sprintf("a decimal of %d bytes: want 1 to %d", len(v), len(wide)))
	}
	if v[0] >= 0x80 {
		for i := range wide {
			wide[i] = 0xff
		}
	}
	copy(wide[len(wide)-len(v):], v)
	return decimal128.New(int64(binary.BigEndian.Uint64(wide[:8])), binary.BigEndian.Uint64(wide[8:]))
}

// uuidOf writes 16 bytes as a UUID.
func uuidOf(v []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
}

// halfOf reads a float16, little-endian.
func halfOf(v []byte) float16.Num { return float16.FromBits(binary.LittleEndian.Uint16(v)) }
