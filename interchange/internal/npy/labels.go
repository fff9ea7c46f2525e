package npy

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
	"github.com/zoetrope-ml/zoetrope/internal/value"
)

// ReadLabels reads n labels from an .npy file of one dimension: what text a number or a truth value has says package value.
// The empty string and NaN are no label.
func ReadLabels(path string) ([]string, error) { return ReadLabelsIn(path, texts.Encoding{}) }

// ReadLabelsIn is [ReadLabels] where strings of bytes that are not UTF-8 are in an encoding.
func ReadLabelsIn(path string, e texts.Encoding) ([]string, error) {
	a, err := open(path)
	if err != nil {
		return nil, err
	}
	a.Encoding = e
	defer a.File.Close()
	return a.Labels()
}

func (a *Array) Labels() ([]string, error) {
	if len(a.Shape) != 1 {
		return nil, a.Unexpected("numbers or strings of shape n, one label for each sample")
	}
	if err := a.Take(limits.TextBytes * int64(a.Shape[0])); err != nil {
		return nil, err
	}
	labels := make([]string, a.Shape[0])
	err := a.Each(len(labels), func(i int, raw []byte) error {
		s, err := a.Text(raw)
		if err != nil {
			return a.Errorf("label %d is not valid text: %v", i, err)
		}
		labels[i] = s
		return a.Take(int64(len(s)))
	})
	if err != nil {
		return nil, err
	}
	return labels, a.End()
}

// Text is one element as a string that every store keeps. Bytes that are not UTF-8 are read as the encoding says.
func (a *Array) Text(raw []byte) (string, error) {
	s, ok := a.Dtype.text(raw)
	switch {
	case len(s) > limits.MaxText:
		return "", limits.TooLong(len(s))
	case a.Dtype.Kind == 'S':
		return a.Encoding.Text(s)
	case !ok:
		return "", fmt.Errorf("it holds what is no Unicode character")
	}
	return s, texts.Encoding{}.Check(s)
}

// Text writes one element as a string; not ok when it is text that cannot be decoded.
func (t Dtype) text(raw []byte) (s string, ok bool) {
	switch t.Kind {
	case 'f':
		return value.Float(t.Float(raw), 8*t.Size), true
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
	if t.Kind == 'i' && raw[t.Size-1] >= 0x80 {
		for i := t.Size; i < 8; i++ {
			wide[i] = 0xff
		}
	}
	u := binary.LittleEndian.Uint64(wide[:])
	switch t.Kind {
	case 'M':
		return dateText(int64(u), t.unit), true
	case 'i':
		return strconv.FormatInt(int64(u), 10), true
	}
	return strconv.FormatUint(u, 10), true
}

// Cells reads an array of one dimension as metadata: NaN and the empty string are nil.
func (a *Array) Cells() ([]any, error) {
	if err := a.Take(limits.CellBytes * int64(a.Shape[0])); err != nil {
		return nil, err
	}
	values := make([]any, a.Shape[0])
	err := a.Each(len(values), func(i int, raw []byte) error {
		if a.Dtype.Kind == 'f' {
			values[i] = cells.Number(a.Dtype.Float(raw))
			return nil
		}
		s, err := a.Text(raw)
		if err != nil {
			return a.Errorf("element %d is not valid text: %v", i, err)
		}
		values[i] = a.Dtype.value(s)
		return a.Take(int64(len(s)))
	})
	if err != nil {
		return nil, err
	}
	return values, a.End()
}

// value is an element of which text is known, as metadata.
func (t Dtype) value(text string) any {
	switch {
	case t.Kind == 'b':
		return text == "true"
	case t.Kind == 'i' || t.Kind == 'u':
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case text == "":
		return nil
	}
	return text
}

// Float reads one float.
func (t Dtype) Float(raw []byte) float64 {
	switch t.Size {
	case 2:
		return float64(cells.FromHalf(binary.LittleEndian.Uint16(raw)))
	case 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(raw)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(raw))
}
