package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// ramp writes embeddings of the given shape to a file of a fresh folder, and makes its store the default.
func ramp(t *testing.T, epochs, n, dim int) (path, db string) {
	t.Helper()
	dir := t.TempDir()
	v := make([]float32, epochs*n*dim)
	state := uint32(1)
	for i := range v {
		state = state*1664525 + 1013904223
		v[i] = float32(state >> 8)
	}
	var b bytes.Buffer
	if err := interchange.Write(&b, v, epochs, n, dim); err != nil {
		t.Fatal(err)
	}
	path, db = filepath.Join(dir, "embeddings.npy"), filepath.Join(dir, "a.DB")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ZOETROPE_DB", db)
	return path, db
}

// interrupt runs the command and cancels it as soon as ready reports true. It returns the exit status, standard error,
// and how long the command went on.
func interrupt(t *testing.T, ready func() bool, args ...string) (status int, stderr string, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	done := make(chan int)
	go func() { done <- run(ctx, args, &out, &errs) }()
	for !ready() {
		select {
		case status := <-done:
			t.Fatalf("zoetrope %s ended with status %d before it was interrupted\n%s", strings.Join(args, " "), status, errs.String())
		case <-time.After(time.Millisecond):
		}
	}
	cancelled := time.Now()
	cancel()
	status = <-done
	return status, errs.String(), time.Since(cancelled)
}

func TestInterruptedImportKeepsWhatWasDone(t *testing.T) {
	const epochs = 400
	path, db := ramp(t, epochs, 200, 64)
	logged := func() tracker.RunInfo {
		store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{ReadOnly: true})
		if err != nil {
			return tracker.RunInfo{}
		}
		defer store.Close()
		info, _ := store.Run(t.Context(), "big")
		return info
	}
	status, stderr, took := interrupt(t, func() bool { return logged().Epochs > 0 }, "import", "--run", "big", path)
	info := logged()
	if status != 1 || !strings.Contains(stderr, "interrupted") || !strings.Contains(stderr, "marked stopped") {
		t.Errorf("status %d, stderr %q, want 1 and what became of the run", status, stderr)
	}
	if took > 2*time.Second {
		t.Errorf("the command went on for %v", took)
	}
	if info.State != tracker.Stopped || info.Epochs < 1 || info.Epochs >= epochs {
		t.Errorf("the run is %s with %d epochs, want stopped with some of %d", info.State, info.Epochs, epochs)
	}
}

func TestInterruptedProjectLeavesNothing(t *testing.T) {
	path, db := ramp(t, 6, 1500, 32)
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"import", "--run", "a", path}, &out, &errs); status != 0 {
		t.Fatal(errs.String())
	}
	began := time.Now()
	status, stderr, took := interrupt(t, func() bool { return time.Since(began) > 300*time.Millisecond }, "project", "--n-epochs", "20000")
	if status != 1 || !strings.HasPrefix(stderr, "zoetrope: interrupted") {
		t.Errorf("status %d, stderr %q, want 1 and that it was interrupted", status, stderr)
	}
	if took > 2*time.Second {
		t.Errorf("the command went on for %v", took)
	}
	store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if list, err := projector.List(t.Context(), store, ""); err != nil || len(list) != 0 {
		t.Errorf("List = %d projections, %v, want none", len(list), err)
	}
}

// TestExportHTMLInterrupted: a page that is stopped half-way leaves nothing, and a file that was there as it was.
func TestExportHTMLInterrupted(t *testing.T) {
	path, db := ramp(t, 60, 1200, 32)
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"import", "--run", "r", path}, &out, &errs); status != 0 {
		t.Fatal(errs.String())
	}
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	if err := os.WriteFile(page, []byte("before"), 0o666); err != nil {
		t.Fatal(err)
	}
	half := func() bool {
		files, err := os.ReadDir(dir)
		return err == nil && len(files) == 2
	}
	status, stderr, took := interrupt(t, half, "export", "--db", db, "-o", page)
	if status != 1 || !strings.Contains(stderr, "interrupted") || took > 2*time.Second {
		t.Errorf("status %d after %v, stderr %q", status, took, stderr)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("%d files are left (%v)", len(files), err)
	}
	if b, err := os.ReadFile(page); err != nil || string(b) != "before" {
		t.Errorf("the file holds %.20q (%v)", b, err)
	}
}

// TestPlotInterrupted: an animation that is stopped leaves no file, and one that was there stays as it was.
func TestPlotInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	path, db := ramp(t, 3, 40, 4)
	var out, errs bytes.Buffer
	for _, args := range [][]string{{"import", "--run", "r", path}, {"project", "--n-neighbors", "5", "--n-epochs", "5"}} {
		if status := run(t.Context(), args, &out, &errs); status != 0 {
			t.Fatalf("%v: %s", args, errs.String())
		}
	}
	film := filepath.Join(filepath.Dir(db), "training.gif")
	if err := os.WriteFile(film, []byte("before"), 0o666); err != nil {
		t.Fatal(err)
	}
	cancel()
	if status := run(ctx, []string{"plot", "--animate", "-o", film}, &out, &errs); status == 0 {
		t.Error("it went on")
	}
	if b, err := os.ReadFile(film); err != nil || string(b) != "before" {
		t.Errorf("the file holds %.20q (%v)", b, err)
	}
}
