package server_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server"
	"github.com/zoetrope-ml/zoetrope/server/access"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// token may read and log on the server that is attacked.
const token = "attacked-0123456789"

// storeVariable makes the test's program a server of the store that it names.
const storeVariable = "ZOETROPE_TEST_SERVE"

func TestMain(m *testing.M) {
	if path := os.Getenv(storeVariable); path != "" {
		if err := serveUntilInputEnds(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveUntilInputEnds prints the address of a server with a token, and runs it until standard input ends.
func serveUntilInputEnds(path string) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	store, err := tracker.Open(ctx, path, tracker.OpenOptions{Create: true})
	if err != nil {
		return err
	}
	defer store.Close()
	t, err := access.NewToken(token, access.Read|access.Log)
	if err != nil {
		return err
	}
	s, err := server.New(store, server.Options{Access: access.Options{Tokens: []access.Token{t}}})
	if err != nil {
		return err
	}
	defer s.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return s.Serve(ctx, l)
}

// An attacked server is a process of its own, whose memory is measured from outside.
type attacked struct {
	t    *testing.T
	addr string
	pid  int
}

// attack starts a server for a store, a new one where there is none. What attacks it takes seconds, and is left out by -short.
func attack(t *testing.T, store string) *attacked {
	t.Helper()
	if testing.Short() {
		t.Skip("attacks take seconds")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the memory of another process is measured on Linux only")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program)
	command.Env = append(os.Environ(), storeVariable+"="+store)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		command.Wait()
	})
	var addr string
	if _, err := fmt.Fscanln(out, &addr); err != nil {
		t.Fatalf("the server does not start: %v", err)
	}
	return &attacked{t, addr, command.Process.Pid}
}

func newStorePath(t *testing.T) string { return filepath.Join(t.TempDir(), "zoetrope.db") }

// memory returns a figure of the server's process, VmRSS or VmHWM, in MiB.
func (a *attacked) memory(name string) int {
	a.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.pid))
	if err != nil {
		a.t.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte(name+":")); ok {
			kib, err := strconv.Atoi(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))))
			if err != nil {
				a.t.Fatal(err)
			}
			return kib >> 10
		}
	}
	a.t.Fatalf("no %s", name)
	return 0
}

// descriptors returns how many files and connections the server has open.
func (a *attacked) descriptors() int {
	a.t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", a.pid))
	if err != nil {
		a.t.Fatal(err)
	}
	return len(list)
}

// ask sends a request with the token on a connection of its own, as another program would.
func (a *attacked) ask(ctx context.Context, method, path string, body string, headers ...string) (status int, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+a.addr+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	alone := &http.Transport{DisableKeepAlives: true}
	resp, err := alone.RoundTrip(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// must is ask for a request that has to be answered with a status, within a minute.
func (a *attacked) must(want int, method, path, body string, headers ...string) []byte {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
	defer cancel()
	status, answer, err := a.ask(ctx, method, path, body, headers...)
	if err != nil || status != want {
		a.t.Fatalf("%s %s = %d %.300s, %v, want %d", method, path, status, answer, err, want)
	}
	return answer
}

// A tally of how long requests took.
type tally struct {
	took   []time.Duration
	failed int
}

func (t *tally) String() string {
	if len(t.took) == 0 {
		return fmt.Sprintf("0 answered, %d failed", t.failed)
	}
	slices.Sort(t.took)
	at := func(p int) time.Duration { return t.took[(len(t.took)-1)*p/100].Round(100 * time.Microsecond) }
	return fmt.Sprintf("%d answered, %d failed, p50 %v, p99 %v", len(t.took), t.failed, at(50), at(99))
}

// honest sends n requests with the token, one after the other, and gives up after 3 that are not answered in 5 s.
func (a *attacked) honest(n int) *tally {
	var t tally
	for range n {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(a.t.Context(), 5*time.Second)
		status, _, err := a.ask(ctx, "GET", "runs", "")
		cancel()
		if err != nil || status != 200 {
			if t.failed++; t.failed == 3 {
				break
			}
			continue
		}
		t.took = append(t.took, time.Since(begin))
	}
	return &t
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// spriteOf returns the version of the pictures that an answer with samples tells of.
func spriteOf(t *testing.T, samples []byte) string {
	t.Helper()
	var v struct{ Sprite struct{ Version string } }
	if err := json.Unmarshal(samples, &v); err != nil || v.Sprite.Version == "" {
		t.Fatalf("no pictures: %v", err)
	}
	return v.Sprite.Version
}
