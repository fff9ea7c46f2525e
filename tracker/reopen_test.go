package tracker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestOpenTwice opens a store twice in one process, and lets another process open and close it: what is logged then survives
// the death of the process. To look into a file and close it would give up the locks that this process has on it, whoever
// took them, and the other process would take the log for one that nobody uses, and remove it.
func TestOpenTwice(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	s := newStore(t)
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "twice"})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddSamples(ctx, someSamples(crashSamples)); err != nil {
		t.Fatal(err)
	}
	for _, o := range []OpenOptions{{}, {ReadOnly: true}, {Create: true}} {
		again, err := Open(ctx, s.Path(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Runs(ctx); err != nil {
			t.Error(err)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Backup(ctx, filepath.Join(t.TempDir(), "copy.db"), nil); err != nil {
		t.Error(err)
	}
	if _, err := Check(ctx, s.Path(), nil); err != nil {
		t.Error(err)
	}
	if _, err := Salvage(ctx, s.Path(), filepath.Join(t.TempDir(), "saved.db"), nil); err != nil && !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashWriter$")
	cmd.Env = append(os.Environ(), crashEnv+"="+s.Path(), fmt.Sprintf("%s=1 3 FULL false false", crashPlan))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := r.Log(ctx, crashEpoch(1, 1)); err != nil {
		t.Fatal(err)
	}
	killed := filepath.Join(t.TempDir(), "killed.db") // what is there if the process dies now
	for _, side := range []string{"", "-wal"} {
		b, err := os.ReadFile(s.Path() + side)
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is gone", side)
			continue
		}
		if err == nil {
			err = os.WriteFile(killed+side, b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	after := newStoreAt(t, killed)
	if state, err := readCrashState(ctx, after, "test/twice"); err != nil || state.String() != "1:1" {
		t.Errorf("epochs %v, %v, want 1:1", state, err)
	}
}
