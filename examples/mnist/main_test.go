package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

// TestMain lets the tests run the example as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("MNIST_EXAMPLE") != "" {
		main()
	}
	os.Exit(m.Run())
}

// quick are flags for an epoch of two small steps.
func quick(data, db string, more ...string) []string {
	return append([]string{"-data", data, "-db", db, "-batch", "16", "-samples", "12", "-lr", "1e-3", "-serve=false"}, more...)
}

func TestRun(t *testing.T) {
	data, db := writeDigits(t, 20, 12), filepath.Join(t.TempDir(), "a.db")
	out, err := try(t.Context(), quick(data, db, "-epochs", "2", "-initial")...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"epoch 0, before training: accuracy ", "epoch 2 of 2: loss ", "36 points in ", "\n  epoch    loss  accuracy"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	rows := strings.Fields(tableOf(t, out))
	if n := len(rows); n != 3*5 || rows[0] != "0" || rows[1] != "-" || rows[10] != "2" {
		t.Errorf("the table has the fields %q, want epochs 0 to 2 with 4 numbers, no loss in epoch 0", rows)
	}

	ctx, store := t.Context(), openStore(t, db)
	run, err := store.Run(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if run.Experiment != "mnist" || run.State != tracker.Finished || run.Epochs != 3 || run.Samples != 12 || fmt.Sprint(run.Layers) != "[fc1]" {
		t.Errorf("the run is %+v", run)
	}
	samples, err := store.Samples(ctx, run.ID)
	if err != nil || samples[1].ID != "1" || samples[1].Label != "Digit: 7" {
		t.Errorf("sample 1 is %+v, %v", samples[1], err)
	}
	picture, err := store.Thumbnail(ctx, run.ID, "1")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := png.Decode(bytes.NewReader(picture)); err != nil || m.Bounds().Dx() != train.Side {
		t.Errorf("the picture of sample 1: %v", err)
	}
	outputs, err := store.Outputs(ctx, run.ID, 2)
	if err != nil || len(outputs.Losses) != 12 || !strings.HasPrefix(outputs.Predictions[0], "Digit: ") || !(outputs.Confidences[0] >= 0.1) {
		t.Errorf("the outputs are %+v, %v", outputs, err)
	}
	p, err := projector.Open(ctx, store, "")
	if err != nil {
		t.Fatal(err)
	}
	if o := p.Info().Options; o.NNeighbors != 20 || o.MinDist != 0.01 || o.NEpochs != 200 || p.Info().Mode != "balanced" {
		t.Errorf("the map was made with %+v", o)
	}
	if _, epoch, err := train.Saved(checkpointPath(db, run.ID)); err != nil || epoch != 2 {
		t.Errorf("the checkpoint has epoch %d, %v, want 2", epoch, err)
	}

	// Once more in the same store: another run, beside the first.
	if out, err := try(ctx, quick(data, db, "-epochs", "1")...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	runs, err := store.Runs(ctx)
	if err != nil || len(runs) != 2 || runs[0].Name == runs[1].Name {
		t.Errorf("after a second time the store has the runs %+v, %v", runs, err)
	}
}

func TestRunningLoss(t *testing.T) {
	data, db := writeDigits(t, averaged+5, 10), filepath.Join(t.TempDir(), "a.db")
	out, err := try(t.Context(), quick(data, db, "-batch", "1", "-samples", "10", "-epochs", "1")...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	metrics, err := openStore(t, db).Metrics(t.Context(), "", "running_loss", "loss")
	if err != nil || len(metrics) != 2 {
		t.Fatalf("metrics %+v, %v, want a running loss and a loss", metrics, err)
	}
	if m := metrics[1]; m.Step != averaged || m.Epoch != 1 || math.Abs(m.Value-metrics[0].Value) > 0.5 {
		t.Errorf("running loss %+v beside %+v", m, metrics[0])
	}
	if want := fmt.Sprintf("epoch 1, batch 200 of 205: loss %.4f\n", metrics[1].Value); !strings.Contains(out, want) {
		t.Errorf("the output lacks %q:\n%s", want, out)
	}
}

// A map that is watched grows with the training and stays one map, also when the training is interrupted.
func TestMapGrows(t *testing.T) {
	data, db := writeDigits(t, 20, 12), filepath.Join(t.TempDir(), "a.db")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var part, out output
	part.watch("epoch 3 of 4", cancel)
	if err := run(ctx, append(quick(data, db, "-epochs", "4"), "-serve", "-addr", "127.0.0.1:0"), &part, io.Discard); !errors.Is(err, errInterrupted) {
		t.Fatalf("interrupted: %v\n%s", err, part.String())
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	out.watch("until Ctrl-C", cancel)
	if err := run(ctx, []string{"-data", data, "-db", db, "-resume", "-addr", "127.0.0.1:0"}, &out, io.Discard); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	maps, err := projector.List(t.Context(), store, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(maps) != 1 || maps[0].Points != 48 || maps[0].Revision < 2 || maps[0].Extended != 0 {
		t.Errorf("maps %+v, want one of 4×12 points, renewed", maps)
	}
	if table := tableOf(t, out.String()); !strings.Contains(table, "\n      4  ") {
		t.Errorf("the table lacks epoch 4:\n%s", table)
	}
}

func TestBadInput(t *testing.T) {
	data, dir := writeDigits(t, 4, 4), t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("hello, this is no store at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		code       int
		args       []string
	}{
		{"unknown flag", "-epoch", 2, []string{"-epoch", "3"}},
		{"no number", "-epochs", 2, []string{"-epochs", "many"}},
		{"argument", `unexpected argument "now"`, 2, []string{"now"}},
		{"no epochs", "-epochs 0: want 1 or more", 2, []string{"-epochs", "0"}},
		{"one sample", "-samples 1: want 2 or more", 2, []string{"-samples", "1"}},
		{"no learning rate", "learning rate 0: want", 2, []string{"-lr", "0"}},
		{"no batch", "batch of 0 images", 2, []string{"-batch", "0"}},
		{"no port", "-addr localhost: want host:port", 2, []string{"-addr", "localhost"}},
		{"open to all", "other machines could reach it", 2, []string{"-addr", ":8420"}},
		{"open without page", "-open needs the page", 2, []string{"-open", "-serve=false"}},
		{"no data", "train-images-idx3-ubyte.gz", 1, []string{"-data", dir}},
		{"too many samples", "first 5 images of 4", 1, []string{"-data", data, "-serve=false", "-samples", "5", "-db", filepath.Join(dir, "a.db")}},
		{"a text as store", text, 1, []string{"-data", data, "-serve=false", "-samples", "4", "-db", text}},
		{"a folder that is a file", text, 1, []string{"-data", data, "-serve=false", "-samples", "4", "-db", filepath.Join(text, "a.db")}},
		{"no such folder", filepath.Join(dir, "none"), 1, []string{"-data", data, "-serve=false", "-samples", "4", "-db", filepath.Join(dir, "none", "a.db")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := try(t.Context(), c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) || exitCode(err) != c.code {
				t.Errorf("run = %v (exit %d), want %q (exit %d)", err, exitCode(err), c.want, c.code)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	out, err := try(t.Context(), "--help")
	if err != nil || exitCode(err) != 0 {
		t.Fatal(err)
	}
	for _, want := range []string{"Usage: go run ./examples/mnist", "-resume", "Examples:", "default 3e-06"} {
		if !strings.Contains(out, want) {
			t.Errorf("the help lacks %q", want)
		}
	}
}

// try runs the example and returns all it prints.
func try(ctx context.Context, args ...string) (string, error) {
	var out output
	err := run(ctx, args, &out, &out)
	return out.String(), err
}

// output collects the printed text, and can act when a text appears.
type output struct {
	mu    sync.Mutex
	b     strings.Builder
	until string
	then  func()
}

func (o *output) watch(text string, then func()) { o.until, o.then = text, then }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	n, err := o.b.Write(p)
	var then func()
	if o.then != nil && strings.Contains(o.b.String(), o.until) {
		then, o.then = o.then, nil
	}
	o.mu.Unlock()
	if then != nil {
		then()
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// tableOf returns the rows of the final table.
func tableOf(t *testing.T, out string) string {
	t.Helper()
	_, rows, found := strings.Cut(out, "in the layer\n")
	if !found {
		t.Fatalf("no table in\n%s", out)
	}
	return rows
}

func openStore(t *testing.T, db string) *tracker.Store {
	t.Helper()
	store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func newestRun(t *testing.T, db string) tracker.RunInfo {
	t.Helper()
	r, err := newest(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
