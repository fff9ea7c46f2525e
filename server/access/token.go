package access

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// A Permission is what somebody may do.
type Permission uint8

// The permissions, which can be joined by or.
const (
	Read Permission = 1 << iota // look at everything
	Log                         // start, write and change runs
)

// String names the permissions as a token file does.
func (p Permission) String() string {
	switch p {
	case Read:
		return "read"
	case Log:
		return "log"
	case Read | Log:
		return "read,log"
	}
	return "nothing"
}

// A Token is a secret that permits something.
type Token struct {
	Permits Permission
	hash    [sha256.Size]byte // of the secret, so that comparing takes the same time for every length
	session [sha256.Size]byte // key of the cookies that the secret was exchanged for
}

// minToken is the length of the shortest token, in bytes. One that is made up of 16 random letters and digits cannot be
// guessed over a network.
const (
	minToken = 16
	maxToken = 512
)

// NewToken returns a token.
func NewToken(secret string, permits Permission) (Token, error) {
	switch {
	case permits == 0 || permits > Read|Log:
		return Token{}, errors.New("the token permits nothing: want read, log or read,log")
	case len(secret) < minToken:
		return Token{}, fmt.Errorf("the token has %d characters, and could be guessed: want at least %d, as from 'openssl rand -hex 16'", len(secret), minToken)
	case len(secret) > maxToken:
		return Token{}, fmt.Errorf("the token has %d characters: want at most %d", len(secret), maxToken)
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Token{}, errors.New("the token has characters that a header cannot carry: want letters, digits and signs of ASCII, without spaces")
	}
	return Token{permits, sha256.Sum256([]byte(secret)), sha256.Sum256([]byte("zoetrope session\x00" + secret))}, nil
}

// find returns the token whose secret this is. It takes as long whether there is one or not.
func find(tokens []Token, secret string) (found Token, ok bool) {
	if len(secret) > maxToken {
		return Token{}, false
	}
	hash := sha256.Sum256([]byte(secret))
	for _, t := range tokens {
		if subtle.ConstantTimeCompare(t.hash[:], hash[:]) == 1 {
			found, ok = t, true
		}
	}
	return found, ok
}

// ReadTokens reads a file of tokens, one a line: read TOKEN, log TOKEN, or read,log TOKEN. Empty lines and what begins with #
// mean nothing. A file that every user of the machine can read or change is refused.
func ReadTokens(path string) ([]Token, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err // an *os.PathError: it names the file
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: want a file of tokens", path)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o006 != 0 {
		return nil, fmt.Errorf("%s can be read or changed by every user of this machine (mode %04o): make it private with 'chmod 600 %s'", path, mode, path)
	}
	var tokens []Token
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		t, err := parseToken(line)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, n, err) // never the line itself, which is a secret
		}
		for _, other := range tokens {
			if other.hash == t.hash {
				return nil, fmt.Errorf("%s, line %d: the token is in the file twice: give it all its permissions on one line, as read,log", path, n)
			}
		}
		tokens = append(tokens, t)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	if tokens == nil {
		return nil, fmt.Errorf("%s holds no token: want lines as 'read,log TOKEN'", path)
	}
	return tokens, nil
}

func parseToken(line string) (Token, error) {
	fields := strings.Fields(line)
	if len(fields) != 2 {
		return Token{}, errors.New("want permissions and a token, as 'read,log TOKEN'")
	}
	var permits Permission
	for _, word := range strings.Split(fields[0], ",") {
		switch word {
		case "read":
			permits |= Read
		case "log":
			permits |= Log
		default:
			return Token{}, errors.New("the permissions are none: want read, log or read,log before the token")
		}
	}
	return NewToken(fields[1], permits)
}
