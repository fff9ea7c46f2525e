package tracker

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk logs to a small disk until it is full, frees it, and logs on with the same run, again and again, with more and
// less left at the beginning so that it fills up at different moments.
func TestFullDisk(t *testing.T) {
	sqliteOnly(t)
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=40m"); err != nil {
		lacks(t, "right to mount a disk of its own", "run the tests as root")
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	fill := func(left int) {
		var free syscall.Statfs_t
		if err := syscall.Statfs(dir, &free); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(ballast, make([]byte, max(0, int(free.Bavail)*int(free.Bsize)-left)), 0o644) // as far as it goes
	}

	fill(0)
	path := filepath.Join(dir, "zoetrope.db")
	if _, err := Open(ctx, path, OpenOptions{Create: true}); !errors.Is(err, ErrNoSpace) && !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Open on a full disk = %v, want ErrNoSpace", err)
	} else {
		t.Log(err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("files are left behind: %q", got)
	}
	os.Remove(ballast)

	s := newStoreAt(t, path)
	r := newRun(t, s, "crash", crashSamples)
	state := crashState{}
	attempt, refused := 0, 0
	log := func(epoch int) error {
		attempt++
		err := r.Log(ctx, crashEpoch(epoch, attempt))
		if err == nil {
			state[epoch] = attempt
		}
		return err
	}
	check := func(s *Store) {
		t.Helper()
		if got, err := readCrashState(ctx, s, "test/crash"); err != nil || got.String() != state.String() {
			t.Fatalf("the store has epochs %s, want %s: %v", got, state, err)
		}
	}
	for round := range 10 {
		fill(round * 120_000)
		for n := 0; ; n++ {
			err := log(1 + n)
			if err == nil && n < 1000 {
				continue
			}
			if !errors.Is(err, ErrNoSpace) && !errors.Is(err, ErrIO) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "disk is full") {
				t.Fatalf("Log on a full disk, after %d epochs = %v, want ErrNoSpace", n, err)
			}
			refused++
			break
		}
		check(s)
		log(1) // may find room if it is a small one
		check(s)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		for epoch := range 3 {
			if err := log(1 + epoch); err != nil {
				t.Fatalf("Log after the disk was freed: %v", err)
			}
		}
		check(s)
		if err := r.TruncateAfter(ctx, 3); err != nil {
			t.Fatal(err)
		}
		maps.DeleteFunc(state, func(epoch, _ int) bool { return epoch > 3 })
	}
	if err := r.Finish(ctx); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = newStoreAt(t, path)
	check(s)
	t.Logf("%d times full; %d epochs logged", refused, attempt)
}
