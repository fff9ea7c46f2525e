// Package texts reads texts: their encoding, their lines, and what the values of a file are that knows nothing but text.
package texts

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// An Encoding says which bytes a text is written in. The zero value is UTF-8, or what the byte order mark at the
// beginning of a file says.
type Encoding struct {
	name string
	form encoding.Encoding // nil: UTF-8
}

// String returns the name of the encoding.
func (e Encoding) String() string {
	if e.name == "" {
		return "utf-8"
	}
	return e.name
}

var (
	UTF16LE = Encoding{"utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}
	UTF16BE = Encoding{"utf-16be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}

	// byteOrderMarks begin files, the longer before those that they begin with.
	byteOrderMarks = []struct {
		mark string
		e    Encoding
	}{
		{"\xef\xbb\xbf", Encoding{name: "utf-8"}},
		{"\xff\xfe\x00\x00", Encoding{"utf-32le", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)}},
		{"\x00\x00\xfe\xff", Encoding{"utf-32be", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)}},
		{"\xff\xfe", UTF16LE},
		{"\xfe\xff", UTF16BE},
	}
)

// ParseEncoding finds an encoding by a name that IANA or Python has for it: latin-1, windows-1252, utf-16, shift_jis.
func ParseEncoding(name string) (Encoding, error) {
	lower := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	switch lower {
	case "utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii":
		return Encoding{name: "utf-8"}, nil
	case "utf-16", "utf16", "unicode":
		return Encoding{name: "utf-16", form: UTF16LE.form}, nil // see decode
	case "latin-1", "latin1", "iso8859-1", "iso-8859-1":
		return Encoding{"latin-1", charmap.ISO8859_1}, nil
	}
	alias := lower
	if number, ok := strings.CutPrefix(lower, "cp"); ok {
		alias = "windows-" + number
		if east := map[string]string{"932": "shift_jis", "936": "gbk", "949": "euc-kr", "950": "big5", "437": "ibm437", "850": "ibm850"}[number]; east != "" {
			alias = east
		}
	} else if number, ok := strings.CutPrefix(lower, "iso8859-"); ok {
		alias = "iso-8859-" + number
	}
	for _, n := range []string{name, lower, alias} {
		if form, err := ianaindex.IANA.Encoding(n); err == nil && form != nil {
			return Encoding{lower, form}, nil
		}
	}
	return Encoding{}, fmt.Errorf("the encoding %.40q is not known: want utf-8, utf-16, latin-1, windows-1252 or another that IANA has a name for", name)
}

// Decode makes a file's content a text, without its byte order mark, and says which encoding it was. What is no text in
// it stays as it is or becomes U+FFFD: see check.
func (e Encoding) Decode(content []byte) (string, Encoding, error) {
	for _, b := range byteOrderMarks {
		if !bytes.HasPrefix(content, []byte(b.mark)) {
			continue
		}
		if e.name != "" && !strings.HasPrefix(b.e.name, strings.TrimSuffix(e.name, "-sig")) {
			return "", e, fmt.Errorf("the file begins with the byte order mark of %s, and --encoding says %s: leave it out", b.e, e)
		}
		e, content = b.e, content[len(b.mark):]
		break
	}
	if e.form == nil {
		return string(content), e, nil
	}
	if e.name == "utf-16" { // without a mark: most texts have many characters below U+0100, whose first byte is 0
		e = UTF16LE
		var zeros [2]int
		for i, c := range content[:min(len(content), 1<<12)] {
			if c == 0 {
				zeros[i%2]++
			}
		}
		if zeros[0] > zeros[1] {
			e = UTF16BE
		}
	}
	text, err := e.form.NewDecoder().Bytes(content)
	if err != nil {
		return "", e, fmt.Errorf("the file is not %s: %w", e, err)
	}
	return string(text), e, nil
}

// Storable reports whether a string is one that every store keeps.
func Storable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// Sound reports whether nothing in a decoded text is to be refused. The decoders put U+FFFD where they cannot read.
func (e Encoding) Sound(s string) bool {
	return Storable(s) && (e.form == nil || !strings.ContainsRune(s, utf8.RuneError))
}

// Check says what is wrong with a part of a decoded text. A character in the place of what cannot be read would make
// different texts the same.
func (e Encoding) Check(s string) error {
	switch {
	case e.Sound(s):
		return nil
	case e.form != nil && strings.ContainsRune(s, utf8.RuneError):
		return fmt.Errorf("%.40q is not %s throughout: say with --encoding what the file is", s, e)
	case !utf8.ValidString(s):
		return fmt.Errorf("%.40q is not UTF-8: save the file as UTF-8, or say with --encoding what it is, as latin-1, windows-1252 or utf-16", s)
	}
	return fmt.Errorf("%.40q has a NUL character, which no store keeps: if the file is UTF-16, say so with --encoding utf-16", s)
}

// Text is a string of a file that is no text as a whole. What is no UTF-8 in it is read as the encoding says.
func (e Encoding) Text(s string) (string, error) {
	if Storable(s) {
		return strings.Clone(s), nil
	}
	if e.form == nil || utf8.ValidString(s) {
		return "", Encoding{}.Check(s)
	}
	decoded, err := e.form.NewDecoder().String(s)
	if err != nil {
		return "", fmt.Errorf("%.40q is not %s: %w", s, e, err)
	}
	return decoded, e.Check(decoded)
}
