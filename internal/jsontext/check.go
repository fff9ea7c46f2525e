// Package jsontext finds strings in JSON that are not valid Unicode, which encoding/json replaces silently.
package jsontext

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// An Error is a string that a store cannot keep as it is.
type Error struct {
	Path string // its place: samples[3].metadata.city; empty for the whole
	Text string // as it stands there, without quotation marks
	What string // the fault
}

// Error implements error.
func (e *Error) Error() string {
	at := ""
	if e.Path != "" {
		at = e.Path + ": "
	}
	return fmt.Sprintf("%s%.40q %s", at, e.Text, e.What)
}

// The faults of a string.
const (
	NotUTF8 = "is not UTF-8"
	Half    = "has half of a surrogate pair, which is no character"
	HasNUL  = "has a NUL character, which no store keeps"
)

// A level is an open object or array.
type level struct {
	object, atName bool
	name           string
	index          int
}

// Check returns an [*Error] for the first string of a JSON text, name or value, that is not UTF-8, or has half of a
// surrogate pair, or else for the first that has a NUL. Malformed JSON is left to the decoder.
func Check(text []byte) error {
	if utf8.Valid(text) && !bytes.Contains(text, []byte(`\u`)) {
		return nil
	}
	var open []level
	var nul error
	for i := 0; i < len(text); i++ {
		top := &level{}
		if len(open) > 0 {
			top = &open[len(open)-1]
		}
		switch text[i] {
		case '{', '[':
			open = append(open, level{object: text[i] == '{', atName: text[i] == '{'})
		case '}', ']':
			open = open[:max(0, len(open)-1)]
		case ',':
			top.index++
			top.atName = top.object
		case '"':
			length := stringLength(text[i+1:])
			s := string(text[i+1 : i+1+length])
			i += 1 + length
			if top.atName {
				top.name, top.atName = s, false
			}
			if what := wrong(s); what == HasNUL && nul == nil {
				nul = &Error{Path: path(open), Text: s, What: what}
			} else if what != "" && what != HasNUL {
				return &Error{Path: path(open), Text: s, What: what}
			}
		}
	}
	return nul
}

// stringLength returns the distance to the quotation mark that ends a string.
func stringLength(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

func wrong(s string) string {
	if !utf8.ValidString(s) {
		return NotUTF8
	}
	half, nul := rune(0), "" // half of a surrogate pair that waits for the other
	for len(s) > 0 {
		unit := rune(-1)
		switch {
		case strings.HasPrefix(s, `\u`) && len(s) >= 6:
			if n, err := strconv.ParseUint(s[2:6], 16, 16); err == nil {
				unit = rune(n)
			}
			s = s[6:]
		case s[0] == '\\':
			s = s[min(2, len(s)):]
		default:
			s = s[1:]
		}
		switch {
		case half != 0 && utf16.DecodeRune(half, unit) == utf8.RuneError:
			return Half
		case half != 0:
			half = 0
		case utf16.IsSurrogate(unit):
			half = unit
		case unit == 0:
			nul = HasNUL
		}
	}
	if half != 0 {
		return Half
	}
	return nul
}

func path(open []level) string {
	var b strings.Builder
	for _, l := range open {
		switch {
		case !l.object:
			fmt.Fprintf(&b, "[%d]", l.index)
		case b.Len() > 0:
			b.WriteString("." + l.name)
		default:
			b.WriteString(l.name)
		}
	}
	return strings.ToValidUTF8(b.String(), "\ufffd")
}

// Replaced reports whether package json has replaced bytes of a text that it encoded: then there is an escape, while the
// character itself, where it was in the text, stands as it is.
func Replaced(text []byte) bool {
	escape := []byte(`\ufffd`)
	return bytes.Contains(text, escape) && bytes.Contains(bytes.ReplaceAll(text, []byte(`\\`), nil), escape)
}
