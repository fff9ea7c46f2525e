package tracker

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

// TestBackupWhileLogging takes backups while another process logs: each is a whole store of some moment, and no writer fails.
func TestBackupWhileLogging(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	s := newStore(t)
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "crash"})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddSamples(ctx, someSamples(crashSamples)); err != nil {
		t.Fatal(err)
	}
	done, stopped := make(chan struct{}), make(chan error)
	go func() {
		for attempt := 1; ; attempt++ {
			select {
			case <-done:
				stopped <- nil
				return
			default:
			}
			if err := r.Log(ctx, crashEpoch(1+attempt%6, attempt)); err != nil {
				stopped <- err
				return
			}
		}
	}()
	dir := t.TempDir()
	for _, name := range []string{"1.db", "2.db", "3.db"} {
		path, steps := filepath.Join(dir, name), 0
		err := s.Backup(ctx, path, func(done, total int) {
			if steps++; done > total || done < 0 {
				t.Errorf("%d of %d pages", done, total)
			}
		})
		if err != nil || steps == 0 {
			t.Fatalf("Backup = %v, %d steps", err, steps)
		}
		b, err := Open(ctx, path, OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if state, err := readCrashState(ctx, b, "test/crash"); err != nil {
			t.Error(err)
		} else {
			t.Log(name, state)
		}
		r, err := b.Start(ctx, RunConfig{Experiment: "test", Name: "crash", Resume: Must}) // its lock is its own
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Log(ctx, crashEpoch(7, 1)); err != nil {
			t.Error(err)
		}
		b.Close()
	}
	close(done)
	if err := <-stopped; err != nil {
		t.Errorf("Log while a backup is made: %v", err)
	}
	before := names(t, dir)
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	for name, test := range map[string]struct {
		path string
		ctx  context.Context
		is   error
		want string
	}{
		"existing":  {filepath.Join(dir, "1.db"), ctx, fs.ErrExist, "never writes over anything"},
		"itself":    {s.Path(), ctx, fs.ErrExist, "never writes over anything"},
		"no folder": {filepath.Join(dir, "no", "x.db"), ctx, ErrNoStore, "does not exist"},
		"canceled":  {filepath.Join(dir, "4.db"), canceled, context.Canceled, ""},
	} {
		if err := s.Backup(test.ctx, test.path, nil); !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Backup = %v, want %v", name, err, test.is)
		}
	}
	if after := names(t, dir); len(after) != len(before) {
		t.Errorf("files are left behind: %q", after)
	}
}

func TestBackupOfServer(t *testing.T) {
	if pgtest.Current == nil {
		t.Skip("is about PostgreSQL")
	}
	s := newStore(t)
	if err := s.Backup(context.Background(), filepath.Join(t.TempDir(), "x.db"), nil); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "pg_dump") {
		t.Errorf("Backup = %v, want a word of pg_dump", err)
	}
}

func TestBackupIsFull(t *testing.T) {
	sqliteOnly(t)
	s := newStore(t)
	logged(t, newRun(t, s, "cnn", 3), 1, 3, 0.5)
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(context.Background(), path, nil); err != nil {
		t.Fatal(err)
	}
	for _, side := range []string{"-wal", "-shm", "-journal"} {
		if _, err := os.Stat(path + side); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left", side)
		}
	}
}
