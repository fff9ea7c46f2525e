package texts

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// maxLine bounds one line of a text file, in bytes.
const maxLine = 16 << 20

// lines reads a text line by line, ended by LF, CRLF or CR. It passes over empty lines, and a byte order mark of UTF-8.
type lines struct {
	s      *bufio.Scanner
	Text   string
	Number int // from 1
	Err    error
}

func NewLines(r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 1<<16), maxLine)
	s.Split(scanLines)
	return &lines{s: s}
}

func (l *lines) Next() bool {
	for l.s.Scan() {
		l.Number++
		l.Text = l.s.Text()
		if l.Number == 1 {
			l.Text = strings.TrimPrefix(l.Text, "\ufeff")
		}
		if l.Text != "" {
			return true
		}
	}
	if err := l.s.Err(); err != nil {
		l.Err = fmt.Errorf("line %d: %w (want at most %d bytes a line)", l.Number+1, err, maxLine)
	}
	return false
}

// scanLines is [bufio.ScanLines], to which a CR alone ends a line too.
func scanLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	switch i := bytes.IndexAny(data, "\r\n"); {
	case i >= 0 && i+1 == len(data) && data[i] == '\r' && !atEOF:
		return 0, nil, nil // a LF may follow
	case i >= 0 && bytes.HasPrefix(data[i:], []byte("\r\n")):
		return i + 2, data[:i], nil
	case i >= 0:
		return i + 1, data[:i], nil
	case atEOF && len(data) > 0:
		return len(data), data, nil
	}
	return 0, nil, nil
}
