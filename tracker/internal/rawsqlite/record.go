package rawsqlite

import (
	"encoding/binary"
	"errors"
	"math"
)

var errRecord = errors.New("a row is damaged")

// decodeRecord returns the values of a row: nil, int64, float64, string or []byte each. Strings and bytes are copies.
func decodeRecord(b []byte) ([]any, error) {
	size, n := uvarint(b)
	if n == 0 || size < uint64(n) || size > uint64(len(b)) {
		return nil, errRecord
	}
	head, body := b[n:size], b[size:]
	values := make([]any, 0, 8)
	for len(head) > 0 {
		kind, n := uvarint(head)
		if n == 0 {
			return nil, errRecord
		}
		head = head[n:]
		v, n, ok := decodeValue(kind, body)
		if !ok {
			return nil, errRecord
		}
		values = append(values, v)
		body = body[n:]
	}
	if len(body) != 0 {
		return nil, errRecord
	}
	return values, nil
}

// decodeValue reads a value of a kind from the front of b, and returns how many bytes it took.
func decodeValue(kind uint64, b []byte) (v any, n int, ok bool) {
	switch {
	case kind == 0:
		return nil, 0, true
	case kind <= 6:
		n = []int{0, 1, 2, 3, 4, 6, 8}[kind]
		if len(b) < n {
			return nil, 0, false
		}
		i := int64(int8(b[0]))
		for _, c := range b[1:n] {
			i = i<<8 | int64(c)
		}
		return i, n, true
	case kind == 7:
		if len(b) < 8 {
			return nil, 0, false
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), 8, true
	case kind <= 9:
		return int64(kind - 8), 0, true
	case kind < 12 || (kind-12)/2 > uint64(len(b)):
		return nil, 0, false
	}
	n = int((kind - 12) / 2)
	if kind%2 == 1 {
		return string(b[:n]), n, true
	}
	return append([]byte{}, b[:n]...), n, true
}
