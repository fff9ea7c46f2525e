package interchange

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/zoetrope-ml/zoetrope/internal/value"
)

// ReadLabels reads n labels from an .npy file of one dimension: what text a number or a truth value has says package value.
// The empty string and NaN are no label.
func ReadLabels(path string) ([]string, error) { return ReadLabelsIn(path, Encoding{}) }

// ReadLabelsIn is [ReadLabels] where strings of bytes that are not UTF-8 are in an encoding.
func ReadLabelsIn(path string, e Encoding) ([]string, error) {
	a, err := open(path)
	if err != nil {
		return nil, err
	}
	a.encoding = e
	defer a.file.Close()
	return a.labels()
}

func (a *npyArray) labels() ([]string, error) {
	if len(a.shape) != 1 {
		return nil, a.unexpected("numbers or strings of shape n, one label for each sample")
	}
	if err := a.take(textBytes * int64(a.shape[0])); err != nil {
		return nil, err
	}
	labels := make([]string, a.shape[0])
	err := a.each(len(labels), func(i int, raw []byte) error {
		s, err := a.text(raw)
		if err != nil {
			return a.errorf("label %d is not valid text: %v", i, err)
		}
		labels[i] = s
		return a.take(int64(len(s)))
	})
	if err != nil {
		return nil, err
	}
	return labels, a.end()
}

// text is one element as a string that every store keeps. Bytes that are not UTF-8 are read as the encoding says.
func (a *npyArray) text(raw []byte) (string, error) {
	s, ok := a.dtype.text(raw)
	switch {
	case len(s) > maxText:
		return "", tooLong(len(s))
	case a.dtype.kind == 'S':
		return a.encoding.text(s)
	case !ok:
		return "", fmt.Errorf("it holds what is no Unicode character")
	}
	return s, Encoding{}.check(s)
}

// text writes one element as a string; not ok when it is text that cannot be decoded.
func (t dtype) text(raw []byte) (s string, ok bool) {
	switch t.kind {
	case 'f':
		return value.Float(t.float(raw), 8*t.size), true
	case 'b':
		return strconv.FormatBool(raw[0] != 0), true
	case 'U':
		var b strings.Builder
		for ; len(raw) > 0; raw = raw[4:] {
			r := binary.LittleEndian.Uint32(raw)
			if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
				return "", false
			}
			b.WriteRune(rune(r))
		}
		return strings.TrimRight(b.String(), "\x00"), true
	case 'S':
		s := strings.TrimRight(string(raw), "\x00")
		return s, utf8.ValidString(s)
	}
	var wide [8]byte // sign-extended to 64 bits
	copy(wide[:], raw)
	if t.kind == 'i' && raw[t.size-1] >= 0x80 {
		for i := t.size; i < 8; i++ {
			wide[i] = 0xff
		}
	}
	u := binary.LittleEndian.Uint64(wide[:])
	switch t.kind {
	case 'M':
		return dateText(int64(u), t.unit), true
	case 'i':
		return strconv.FormatInt(int64(u), 10), true
	}
	return strconv.FormatUint(u, 10), true
}

// cells reads an array of one dimension as metadata: NaN and the empty string are nil.
func (a *npyArray) cells() ([]any, error) {
	if err := a.take(cellBytes * int64(a.shape[0])); err != nil {
		return nil, err
	}
	values := make([]any, a.shape[0])
	err := a.each(len(values), func(i int, raw []byte) error {
		if a.dtype.kind == 'f' {
			values[i] = number(a.dtype.float(raw))
			return nil
		}
		s, err := a.text(raw)
		if err != nil {
			return a.errorf("element %d is not valid text: %v", i, err)
		}
		values[i] = a.dtype.value(s)
		return a.take(int64(len(s)))
	})
	if err != nil {
		return nil, err
	}
	return values, a.end()
}

// value is an element of which text is known, as metadata.
func (t dtype) value(text string) any {
	switch {
	case t.kind == 'b':
		return text == "true"
	case t.kind == 'i' || t.kind == 'u':
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case text == "":
		return nil
	}
	return text
}

// float reads one float.
func (t dtype) float(raw []byte) float64 {
	switch t.size {
	case 2:
		return float64(fromHalf(binary.LittleEndian.Uint16(raw)))
	case 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(raw)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(raw))
}
