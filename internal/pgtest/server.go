// Package pgtest runs a real PostgreSQL server for the tests of a package: on a free port of the loopback address, in a
// folder of its own, as an unprivileged user where the tests are root, and gone when they are.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing says that this machine has no PostgreSQL server, or no user that could run one.
var ErrMissing = errors.New("no PostgreSQL server on this machine (Debian: postgresql)")

// A Server is a PostgreSQL server with one superuser, zoetrope, without a password.
type Server struct {
	Port int
	dir  string // its folder; the data lie in data, the log in log
	bin  string
	args []string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// Start makes a new server. Settings are "name=value"; without fsync=on it never waits for the disk.
func Start(settings ...string) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	attr, own, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "zoetrope-pg")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir}
	if err := s.start(attr, own, settings); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(attr *syscall.SysProcAttr, own func(path string) error, settings []string) (err error) {
	if err := own(s.dir); err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.Command(filepath.Join(s.bin, "initdb"), "-D", data, "-U", "zoetrope", "-A", "trust", "-E", "UTF8",
		"--locale=C", "--locale-provider=icu", "--icu-locale=en", "--no-sync") // a locale that does not sort by bytes
	initdb.Dir, initdb.SysProcAttr = s.dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if s.Port, err = FreePort(); err != nil {
		return err
	}
	s.args = []string{"-D", data, "-p", fmt.Sprint(s.Port), "-h", "127.0.0.1", "-k", s.dir}
	for _, setting := range append([]string{"fsync=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=32MB",
		"max_connections=200", "log_min_messages=fatal", "log_min_error_statement=fatal"}, settings...) {
		s.args = append(s.args, "-c", setting)
	}
	return s.Run()
}

// Run starts the server, again after Halt or Kill, and waits until it answers.
func (s *Server) Run() error {
	attr, _, err := unprivileged()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), s.args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = s.dir, attr, log, log
	started, done := make(chan error), make(chan struct{})
	go func() { // the kernel stops the server when the thread that started it ends, so this one stays
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.cmd, s.done = cmd, done
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := s.Exec("postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("the PostgreSQL server has ended:\n%s", s.Log())
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the PostgreSQL server does not answer: %w\n%s", err, s.Log())
		}
	}
}

// Halt shuts the server down: connections are cut, commits are kept.
func (s *Server) Halt() { s.end(syscall.SIGINT) }

// Kill ends the server as a crash would.
func (s *Server) Kill() { s.end(syscall.SIGQUIT) }

func (s *Server) end(signal os.Signal) {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Signal(signal)
	select {
	case <-s.done:
	case <-time.After(20 * time.Second):
		s.cmd.Process.Kill()
		<-s.done
	}
	s.cmd = nil
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	s.Kill() // nothing has to be kept
	os.RemoveAll(s.dir)
}

// Log returns the server's log.
func (s *Server) Log() string {
	b, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(b)
}

// URL returns the address of a database.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://zoetrope@127.0.0.1:%d/%s", s.Port, database)
}

// Exec runs statements in a database.
func (s *Server) Exec(database, statements string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.PgConn().Exec(ctx, statements).ReadAll()
	return err
}

// RequirePassword lets a role in by its password only.
func (s *Server) RequirePassword(role string) error {
	path := filepath.Join(s.dir, "data", "pg_hba.conf")
	rules, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rules = append(fmt.Appendf(nil, "host all %s 127.0.0.1/32 scram-sha-256\n", role), rules...)
	if err := os.WriteFile(path, rules, 0o600); err != nil {
		return err
	}
	return s.Exec("postgres", "SELECT pg_reload_conf()")
}

// binaries returns the folder of the newest server here. Debian keeps them out of $PATH.
func binaries() (string, error) {
	var found []string
	for _, pattern := range []string{"/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/pgsql-*/bin", "/usr/lib/postgresql/*/bin"} {
		dirs, _ := filepath.Glob(pattern)
		found = append(found, dirs...)
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, filepath.Dir(path))
	}
	for _, dir := range slices.Backward(found) {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	return "", ErrMissing
}

// FreePort returns a port of the loopback address that nothing listens on.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
