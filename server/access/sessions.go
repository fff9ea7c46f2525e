package access

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

// sessions is what a guard knows of the cookies that it gave: the key that it signs them with, and which of them somebody has
// logged out of. Both survive a restart in a file, whose lines are "key HEX" and "ended HEX".
type sessions struct {
	file string // "" = they end with the process
	key  []byte

	mu    sync.Mutex
	ended map[string]time.Time // by what a cookie says: when it would have ended
}

const sessionKey = 32 // bytes

// openSessions reads the file, or makes it; without one, the key is new.
func openSessions(file string, now time.Time) (*sessions, error) {
	s := &sessions{file: file, key: make([]byte, sessionKey), ended: map[string]time.Time{}}
	rand.Read(s.key)
	if file == "" {
		return s, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, s.append("key", s.key, os.O_CREATE|os.O_EXCL)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read or changed by others (mode %04o), who could log in with it: delete it, which ends all sessions", file, mode)
	}
	return s, s.read(f, now)
}

// read reads the lines of the file.
func (s *sessions) read(f *os.File, now time.Time) error {
	found := false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		what, text, _ := strings.Cut(lines.Text(), " ")
		b, err := hex.DecodeString(text)
		switch {
		case err == nil && what == "key" && len(b) == sessionKey && !found:
			s.key, found = b, true
		case err == nil && what == "ended" && len(b) == saidBytes:
			if ends := endOf(b); ends.After(now) {
				s.ended[string(b)] = ends
			}
		default:
			return fmt.Errorf("%s is damaged: delete it, which ends all sessions", s.file)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%s has no key: delete it, which ends all sessions", s.file)
	}
	return nil
}

// end makes a cookie void that says b.
func (s *sessions) end(b []byte, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.ended[string(b)]; ok {
		return nil
	}
	for said, ends := range s.ended {
		if !ends.After(now) {
			delete(s.ended, said)
		}
	}
	s.ended[string(b)] = endOf(b)
	if s.file == "" {
		return nil
	}
	return s.append("ended", b, 0)
}

// void reports whether somebody has logged out of a cookie that says b.
func (s *sessions) void(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.ended[string(b)]
	return ok
}

// append writes a line to the file, which nobody else may read.
func (s *sessions) append(what string, b []byte, flag int) error {
	f, err := os.OpenFile(s.file, os.O_WRONLY|os.O_APPEND|flag, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %x\n", what, b)
	return errors.Join(err, f.Sync(), f.Close())
}
