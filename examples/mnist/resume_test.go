package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

// Stopped in the third of four epochs by Ctrl-C, and resumed, a run ends as if nothing had happened.
func TestInterruptAndResume(t *testing.T) {
	data, dir := writeDigits(t, 20, 12), t.TempDir()
	whole := uninterrupted(t)
	db := filepath.Join(dir, "a.db")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out output
	out.watch("epoch 2 of 4", cancel)
	err := run(ctx, quick(data, db, "-epochs", "4"), &out, &out)
	if !errors.Is(err, errInterrupted) || exitCode(err) != 130 || !strings.Contains(err.Error(), "stays at epoch 2 of 4; to go on: "+command+" -resume -db "+db) {
		t.Fatalf("interrupted: %v", err)
	}
	if r := newestRun(t, db); r.State != tracker.Stopped || r.LastEpoch != 2 {
		t.Errorf("after Ctrl-C the run is %s at epoch %d, want stopped at 2", r.State, r.LastEpoch)
	}
	resumed, err := try(t.Context(), "-data", data, "-db", db, "-serve=false", "-resume")
	if err != nil {
		t.Fatalf("%v\n%s", err, resumed)
	}
	if got := tableOf(t, resumed); got != whole {
		t.Errorf("after a resume the table is\n%swant\n%s", got, whole)
	}
	if r := newestRun(t, db); r.State != tracker.Finished || r.Epochs != 4 {
		t.Errorf("after the resume the run is %s with %d epochs, want finished with 4", r.State, r.Epochs)
	}
}

// uninterrupted returns the table of four epochs.
func uninterrupted(t *testing.T) string {
	t.Helper()
	whole.once.Do(func() {
		whole.out, whole.err = try(t.Context(), quick(writeDigits(t, 20, 12), filepath.Join(t.TempDir(), "whole.db"), "-epochs", "4")...)
	})
	if whole.err != nil {
		t.Fatal(whole.err)
	}
	return tableOf(t, whole.out)
}

var whole struct {
	once sync.Once
	out  string
	err  error
}

// A process that is killed in the third of four epochs leaves the epochs that it logged, and can be resumed.
func TestKillAndResume(t *testing.T) {
	data, dir := writeDigits(t, 20, 12), t.TempDir()
	whole := uninterrupted(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(dir, "a.db")
	child := exec.CommandContext(t.Context(), exe, quick(data, db, "-epochs", "4")...)
	child.Env = append(os.Environ(), "MNIST_EXAMPLE=1")
	var out output
	out.watch("epoch 2 of 4", func() { child.Process.Kill() })
	child.Stdout, child.Stderr = &out, &out
	if err := child.Run(); err == nil {
		t.Fatalf("the process was not killed:\n%s", out.String())
	}
	if r := newestRun(t, db); r.State != tracker.Running || r.LastEpoch < 2 || r.LastEpoch > 3 {
		t.Fatalf("after the kill the run is %s at epoch %d, want running at 2 or 3", r.State, r.LastEpoch)
	}
	resumed, err := try(t.Context(), "-data", data, "-db", db, "-serve=false", "-resume")
	if err != nil {
		t.Fatalf("%v\n%s", err, resumed)
	}
	if got := tableOf(t, resumed); got != whole {
		t.Errorf("after a resume the table is\n%swant\n%s", got, whole)
	}
}

// Whenever a process dies between Log and the checkpoint, the epoch is done again: here the
// checkpoint is put back by one epoch, or lost before the first.
func TestResumeFromAnOlderCheckpoint(t *testing.T) {
	data, db := writeDigits(t, 20, 12), filepath.Join(t.TempDir(), "a.db")
	whole, err := try(t.Context(), quick(data, db, "-epochs", "2", "-initial")...)
	if err != nil {
		t.Fatal(err)
	}
	path := checkpointPath(db, newestRun(t, db).ID)
	older, err := train.New(train.Settings{LearningRate: 1e-3, Batch: 16, Seed: 42})
	if err != nil {
		t.Fatal(err)
	}
	if err := older.Save(path); err != nil {
		t.Fatal(err)
	}
	resumed, err := try(t.Context(), "-data", data, "-db", db, "-serve=false", "-resume")
	if err != nil {
		t.Fatalf("%v\n%s", err, resumed)
	}
	if got, want := tableOf(t, resumed), tableOf(t, whole); got != want {
		t.Errorf("the table is\n%swant\n%s", got, want)
	}
	if n := newestRun(t, db).Epochs; n != 3 {
		t.Errorf("the run has %d epochs, want 3", n)
	}
}

func TestResumeRefuses(t *testing.T) {
	data, db := writeDigits(t, 20, 12), filepath.Join(t.TempDir(), "a.db")
	if _, err := try(t.Context(), "-data", data, "-db", db, "-resume"); !errors.Is(err, tracker.ErrNoStore) {
		t.Errorf("no store: %v", err)
	}
	if out, err := try(t.Context(), quick(data, db, "-epochs", "2")...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"learning rate", []string{"-lr", "1e-4"}, "it was started with -lr 0.001, not 0.0001"},
		{"several", []string{"-seed", "5", "-samples", "7", "-initial"}, "-samples 12, not 7, -seed 42, not 5, -initial false, not true"},
		{"fewer epochs", []string{"-epochs", "1"}, "has trained 2 epochs already, more than -epochs 1"},
		{"other images", []string{"-data", writeDigits(t, 21, 13), "-epochs", "3"}, "another thumbnail"},
	} {
		_, err := try(t.Context(), append([]string{"-data", data, "-db", db, "-serve=false", "-resume"}, c.args...)...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if r := newestRun(t, db); r.State != tracker.Finished || r.Epochs != 2 {
		t.Errorf("after refusals the run is %s with %d epochs, want finished with 2", r.State, r.Epochs)
	}
	// Same settings, and more epochs: it goes on.
	out, err := try(t.Context(), "-data", data, "-db", db, "-serve=false", "-resume", "-epochs", "3", "-lr", "1e-3")
	if err != nil || !strings.Contains(out, "from epoch 3 of 3") {
		t.Errorf("one more epoch: %v\n%s", err, out)
	}
	if got := fmt.Sprint(newestRun(t, db).Params["epochs"]); got != "3" {
		t.Errorf("the params of the longer training say %s epochs, want 3", got)
	}
	path := checkpointPath(db, newestRun(t, db).ID)
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	_, err = try(t.Context(), "-data", data, "-db", db, "-serve=false", "-resume")
	if !errors.Is(err, train.ErrCheckpoint) || !strings.Contains(err.Error(), path) {
		t.Errorf("truncated checkpoint: %v", err)
	}
}

// A checkpoint folder that cannot be made is known before training; the run is marked failed.
func TestNoCheckpoints(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(db+"-checkpoints", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := try(t.Context(), quick(writeDigits(t, 20, 12), db)...)
	if err == nil || !strings.Contains(err.Error(), db+"-checkpoints") {
		t.Errorf("run = %v, want the folder's name", err)
	}
	if r := newestRun(t, db); r.State != tracker.Failed {
		t.Errorf("the run is %s, want failed", r.State)
	}
}
