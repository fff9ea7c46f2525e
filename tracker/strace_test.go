package tracker

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// strace runs a command under strace, with these options, or skips the test where that cannot be done. It returns what the
// command wrote to standard output and how it ended.
func strace(t *testing.T, cmd *exec.Cmd, options ...string) (stdout string, err error) {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err == nil {
		err = exec.Command(path, "-o", os.DevNull, "true").Run()
	}
	if err != nil {
		lacks(t, "strace that may trace", "apt-get install strace, and let it use ptrace")
	}
	cmd.Args = append(append([]string{path, "-f"}, options...), cmd.Args...)
	cmd.Path = path
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if complaints.Len() > 0 {
		t.Log(complaints.String())
	}
	return string(out), err
}

// lacks skips a test for what the machine does not have; where ZOETROPE_REQUIRE_ALL is 1, that is a failure.
func lacks(t *testing.T, what, remedy string) {
	t.Helper()
	if os.Getenv("ZOETROPE_REQUIRE_ALL") == "1" {
		t.Fatalf("no %s here: %s", what, remedy)
	}
	t.Skipf("SKIPPED: %s: no %s here: %s", t.Name(), what, remedy)
}

// The calls by which files change, and by which that becomes durable.
const fileCalls = "open,openat,pwrite64,write,ftruncate,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat"

// A sysCall is a call of fileCalls as strace prints it with -y -xx: absolute paths, and all data.
type sysCall struct {
	name    string
	paths   []string // of files by name, as they were given
	file    string   // of the file descriptor: its path
	data    []byte
	numbers []int64 // arguments that are plain numbers, in order
	create  bool
	result  int64
}

var (
	straceHead = regexp.MustCompile(`^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed>)`)
	straceEnd  = regexp.MustCompile(`\) += (-?\d+)`)
)

// readTrace calls enter when a call begins and leave when it is done, in the order in which that happened.
func readTrace(r io.Reader, enter, leave func(*sysCall)) error {
	running := map[string]*sysCall{} // by thread
	for lines := bufio.NewReaderSize(r, 1<<20); ; {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		head := straceHead.FindStringSubmatchIndex(line)
		if head == nil {
			continue // a signal, or a thread's end
		}
		thread, _, _ := strings.Cut(line, " ")
		call := running[thread]
		if !strings.HasSuffix(line[:head[1]], " resumed>") {
			if call, err = parseCall(line[head[2]:head[3]], line[head[1]:]); err != nil {
				return err
			}
			enter(call)
		}
		if strings.HasSuffix(line, "<unfinished ...>\n") {
			running[thread] = call
			continue
		}
		end := straceEnd.FindStringSubmatch(line[max(0, len(line)-20_000):])
		if end == nil || call == nil {
			return fmt.Errorf("strace says %.200q", line)
		}
		call.result, _ = strconv.ParseInt(end[1], 10, 64)
		leave(call)
	}
}

func parseCall(name, args string) (*sysCall, error) {
	c := &sysCall{name: name}
	folder := "" // of the path that comes next
	for args != "" && args[0] != ')' && args[0] != ' ' {
		end := strings.IndexAny(args, ",)< \"")
		if end < 0 {
			return nil, fmt.Errorf("strace says %.200q", args)
		}
		word := args[:end]
		args = args[end:]
		switch {
		case args[0] == '<': // a file descriptor
			path, rest, err := unhex(args[1:], '>')
			if err != nil {
				return nil, err
			}
			folder, args = string(path), strings.TrimPrefix(rest, "(deleted)")
			if c.file == "" && args == rest {
				c.file = folder
			}
		case args[0] == '"':
			data, rest, err := unhex(args[1:], '"')
			if err != nil {
				return nil, err
			}
			args = rest
			if name == "write" || name == "pwrite64" {
				c.data = data
			} else if filepath.IsAbs(string(data)) {
				c.paths = append(c.paths, string(data))
			} else {
				c.paths = append(c.paths, filepath.Join(folder, string(data)))
			}
		default:
			if n, err := strconv.ParseInt(word, 10, 64); err == nil {
				c.numbers = append(c.numbers, n)
			}
			c.create = c.create || strings.Contains(word, "O_CREAT")
		}
		args = strings.TrimPrefix(args, ", ")
	}
	return c, nil
}

// unhex reads \x2f\x74… up to an end mark.
func unhex(text string, mark byte) (b []byte, rest string, err error) {
	digits, rest, ok := strings.Cut(text, string(mark))
	b = make([]byte, len(digits)/4)
	if !ok || len(b)*4 != len(digits) {
		return nil, "", fmt.Errorf("strace says %.200q", text)
	}
	for i := range b {
		if _, err := hex.Decode(b[i:i+1], []byte(digits[4*i+2:4*i+4])); err != nil {
			return nil, "", err
		}
	}
	return b, rest, nil
}
