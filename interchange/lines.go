package interchange

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// maxLine bounds one line of a text file, in bytes.
const maxLine = 16 << 20

// lines reads a text line by line, ended by LF or CRLF.
type lines struct {
	s         *bufio.Scanner
	keepEmpty bool // otherwise empty lines are passed over
	text      string
	number    int // from 1
	err       error
}

func newLines(r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 1<<16), maxLine)
	return &lines{s: s}
}

func (l *lines) next() bool {
	for l.s.Scan() {
		l.number++
		l.text = strings.TrimSuffix(l.s.Text(), "\r")
		if l.text != "" || l.keepEmpty {
			return true
		}
	}
	if err := l.s.Err(); err != nil {
		l.err = fmt.Errorf("line %d: %w (want at most %d bytes a line)", l.number+1, err, maxLine)
	}
	return false
}
