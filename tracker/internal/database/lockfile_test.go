package database

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// TestLockFile has many take and give back one lock, whose file is removed each time: never do two have it.
func TestLockFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.lock")
	const writers, turns = 8, 2000
	var holders, got atomic.Int32
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range turns {
				lock, err := tryLockFile(path, 0o600)
				if errors.Is(err, refusal.ErrRunActive) {
					runtime.Gosched()
					continue
				} else if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d have the lock", n)
				}
				got.Add(1)
				runtime.Gosched()
				holders.Add(-1)
				unlockFile(lock)
			}
		})
	}
	group.Wait()
	if n := got.Load(); n < writers {
		t.Errorf("the lock was taken %d times of %d", n, writers*turns)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); len(left) > 0 || err != nil {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

// TestUnlockLeavesOthersFile gives a lock back whose file was removed by somebody else, and made again by another writer.
func TestUnlockLeavesOthersFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.lock")
	first, err := lockFile(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Skip(err) // a system that keeps open files
	}
	second, err := lockFile(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	unlockFile(first)
	if _, err := lockFile(path, 0o600); !errors.Is(err, refusal.ErrRunActive) {
		t.Errorf("the second writer's lock is gone with the first one's: %v", err)
	}
	unlockFile(second)
}
