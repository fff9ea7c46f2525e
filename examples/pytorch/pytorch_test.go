//go:build !race

// Package pytorch_test runs the example with PyTorch, for real. The race detector does not see the processes that it runs.
package pytorch_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// python is a Python with PyTorch; without one the test is skipped or, where ZOETROPE_REQUIRE_ALL is 1, fails.
func python(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("trains in Python")
	}
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import numpy, torch").Run() == nil {
			return name
		}
	}
	const lacks = "no python3 here has PyTorch (Debian: apt-get install python3-torch)"
	if os.Getenv("ZOETROPE_REQUIRE_ALL") == "1" {
		t.Fatal(lacks)
	}
	t.Skip("SKIPPED: " + lacks)
	return ""
}

// A place is a folder with the command, a store, and a server for it that can be killed.
type place struct {
	t            *testing.T
	dir, command string
	db, addr     string
	server       *exec.Cmd
}

func newPlace(t *testing.T) *place {
	dir := t.TempDir()
	p := &place{t: t, dir: dir, command: filepath.Join(dir, "zoetrope"), db: filepath.Join(dir, "runs.db")}
	if runtime.GOOS == "windows" {
		p.command += ".exe"
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", p.command, "../../cmd/zoetrope").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().String()
	l.Close()
	return p
}

// serve starts the server and waits until it answers.
func (p *place) serve() {
	p.t.Helper()
	p.server = exec.Command(p.command, "serve", "--create", "--db", p.db, "--addr", p.addr)
	out, err := p.server.StdoutPipe()
	if err == nil {
		err = p.server.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(p.kill)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		p.t.Fatalf("the server said %q, %v", line, err)
	}
}

// kill ends the server as kill -9 does.
func (p *place) kill() {
	if p.server != nil {
		p.server.Process.Kill()
		p.server.Wait()
		p.server = nil
	}
}

// run runs the example, calls each with every line that it prints, and returns all of them.
func (p *place) run(each func(line string), args ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), python(p.t), append([]string{"mnist.py"}, args...)...)
	cmd.Env = append(os.Environ(), "ZOETROPE_URL=http://"+p.addr, "ZOETROPE_DB="+p.db, "ZOETROPE_DIR="+filepath.Join(p.dir, "spool"),
		"PATH="+p.dir+string(filepath.ListSeparator)+os.Getenv("PATH"), "OMP_NUM_THREADS=1", "PYTHONDONTWRITEBYTECODE=1", "ZOETROPE_MODE=", "ZOETROPE_TOKEN=")
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	var all strings.Builder
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		all.WriteString(line)
		each(line)
		if errors.Is(err, io.EOF) || err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		p.t.Fatalf("%v\n%s", err, all.String())
	}
	return all.String()
}

func (p *place) store() *tracker.Store {
	p.t.Helper()
	s, err := tracker.Open(p.t.Context(), p.db, tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.Close() })
	return s
}

func TestExample(t *testing.T) {
	python(t)
	p := newPlace(t)
	p.serve()
	t.Run("ends in the map", func(t *testing.T) { endsInMap(t, p) })
	t.Run("the server is killed", func(t *testing.T) { serverKilled(t, p) })
}

// endsInMap trains for two short epochs, and checks the content of the store.
func endsInMap(t *testing.T, p *place) {
	p.t = t
	out := p.run(func(string) {}, "--epochs", "2", "--limit", "1280", "--samples", "200", "--name", "first", "--lr", "1e-3")
	if want := "the map: http://" + p.addr + "/?run="; !strings.Contains(out, want) {
		t.Errorf("the output lacks %q:\n%s", want, out)
	}
	ctx, store := t.Context(), p.store()
	run, err := store.Run(ctx, "mnist/first")
	if err != nil {
		t.Fatal(err)
	}
	if run.State != tracker.Finished || run.Epochs != 2 || run.Samples != 200 || fmt.Sprint(run.Layers) != "[fc1]" || fmt.Sprint(run.Params["lr"]) != "0.001" {
		t.Errorf("the run is %+v", run)
	}
	samples, err := store.Samples(ctx, run.ID)
	if err != nil || len(samples) != 200 || samples[1].ID != "1" || samples[1].Label != "Digit: 2" {
		t.Errorf("the samples are %+v, %v", samples, err)
	}
	if png, err := store.Thumbnail(ctx, run.ID, "1"); err != nil || len(png) == 0 {
		t.Errorf("sample 1 has no picture: %v", err)
	}
	outputs, err := store.Outputs(ctx, run.ID, 2)
	if err != nil || len(outputs.Losses) != 200 || !strings.HasPrefix(outputs.Predictions[0], "Digit: ") {
		t.Errorf("the outputs of epoch 2 are %+v, %v", outputs, err)
	}
	learned := values(t, store, run.ID, "accuracy")
	if loss := values(t, store, run.ID, "loss"); len(loss) != 2 || !(loss[1] < loss[0]) || len(learned) != 2 || !(learned[1] > 0.5) {
		t.Errorf("loss %v and accuracy %v after two epochs", loss, learned)
	}
	m, err := projector.Open(ctx, store, "")
	if err != nil {
		t.Fatal(err)
	}
	if points, err := m.Points(ctx, projector.Query{Epoch: 2}); err != nil || len(points) != 200 {
		t.Errorf("the map has %d points at epoch 2, %v", len(points), err)
	}
}

// serverKilled kills the server half-way through a training, and starts it again two epochs later: the store has what
// that of a training has which nothing befell, to the last bit.
func serverKilled(t *testing.T, p *place) {
	p.t = t
	flags := []string{"--epochs", "6", "--limit", "384", "--samples", "100", "--no-project"}
	p.run(func(string) {}, append(flags, "--name", "calm")...)
	p.run(func(line string) {
		switch {
		case strings.HasPrefix(line, "epoch 2 of 6"):
			p.kill()
		case strings.HasPrefix(line, "epoch 4 of 6"):
			p.serve()
		}
	}, append(flags, "--name", "stormy")...)
	ctx, store := t.Context(), p.store()
	calm, stormy := logged(ctx, t, store, "calm"), logged(ctx, t, store, "stormy")
	if len(calm) != 6 {
		t.Fatalf("the calm training has %d epochs, want 6", len(calm))
	}
	for i, e := range calm {
		if i >= len(stormy) || !reflect.DeepEqual(e, stormy[i]) {
			t.Errorf("epoch %d is not the same after the server was killed", e.Number)
		}
	}
	if len(stormy) != 6 {
		t.Errorf("the other one has %d", len(stormy))
	}
	if run, err := store.Run(ctx, "stormy"); err != nil || run.State != tracker.Finished {
		t.Errorf("the run is %s, %v", run.State, err)
	}
	if left, err := filepath.Glob(filepath.Join(p.dir, "spool", "*")); err != nil || len(left) != 0 {
		t.Errorf("the spool still has %v, %v", left, err)
	}
}

// An epoch as the store has it.
type epoch struct {
	Number, Step int
	Vectors      []float32
	Outputs      tracker.Outputs
	Metrics      map[string]float64
}

func logged(ctx context.Context, t *testing.T, s *tracker.Store, run string) []epoch {
	t.Helper()
	infos, err := s.Epochs(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]epoch, len(infos))
	for i, e := range infos {
		frame, err := s.Frame(ctx, run, "fc1", e.Number)
		if err != nil {
			t.Fatal(err)
		}
		outputs, err := s.Outputs(ctx, run, e.Number)
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := s.Metrics(ctx, run)
		if err != nil {
			t.Fatal(err)
		}
		list[i] = epoch{e.Number, e.Step, frame.Vectors, outputs, map[string]float64{}}
		for _, m := range metrics {
			if m.Epoch == e.Number {
				list[i].Metrics[m.Name] = m.Value
			}
		}
		if len(list[i].Metrics) != 2 || math.IsNaN(list[i].Metrics["loss"]) || len(frame.Vectors) != 100*128 {
			t.Errorf("epoch %d of %s: %d numbers, metrics %v", e.Number, run, len(frame.Vectors), list[i].Metrics)
		}
	}
	return list
}

func values(t *testing.T, s *tracker.Store, run, name string) (list []float64) {
	t.Helper()
	metrics, err := s.Metrics(t.Context(), run, name)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		list = append(list, m.Value)
	}
	return list
}
