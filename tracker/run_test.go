package tracker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("TRACKER_TEST_WRITER"); path != "" {
		writeForever(path)
	}
	if os.Getenv(crashEnv) != "" || os.Getenv(processRole) != "" { // a process that a test has started
		os.Exit(m.Run())
	}
	os.Exit(pgtest.Main(m, ""))
}

// writeForever is the second process of TestKilledWriter: it logs until it is killed, and says what Log has returned for.
func writeForever(path string) {
	ctx := context.Background()
	s, err := Open(ctx, path, OpenOptions{})
	if err == nil {
		var r *Run
		if r, err = s.Start(ctx, RunConfig{Experiment: "test", Name: "killed"}); err == nil {
			err = r.AddSamples(ctx, someSamples(100))
		}
		for epoch := 1; err == nil; epoch++ {
			err = r.Log(ctx, Epoch{Number: epoch, Layers: []Layer{{Name: "fc1", Dim: 3000, Vectors: someVectors(epoch, 100, 3000)}}})
			fmt.Println(epoch)
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

func TestKilledWriter(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "TRACKER_TEST_WRITER="+s.Path())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, err := fmt.Sscan(lines.Text(), &last); err != nil {
			t.Fatalf("the second process: %s", lines.Text())
		}
		if last != 4 {
			continue
		}
		_, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "killed", Resume: Allow})
		if !errors.Is(err, ErrRunActive) || !strings.Contains(err.Error(), fmt.Sprint(cmd.Process.Pid)) {
			t.Errorf("Start while the other process writes = %v, want ErrRunActive with its number", err)
		}
		cmd.Process.Kill()
	}
	cmd.Wait()

	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "killed", Resume: Must})
	if err != nil {
		t.Fatalf("resuming at once: %v", err)
	}
	got := numbers(t, s, "killed")
	if len(got) < last {
		t.Errorf("%d epochs are stored, but Log had returned for %d", len(got), last)
	}
	for _, e := range got { // whole or not at all
		f, err := s.Frame(ctx, "killed", "", e)
		if err != nil || !slices.Equal(f.Vectors, someVectors(e, 100, 3000)) {
			t.Errorf("epoch %d is not what was logged: %v", e, err)
		}
	}
	if err := r.Log(ctx, Epoch{Number: len(got) + 1, Layers: []Layer{{Name: "fc1", Dim: 3000, Vectors: someVectors(0, 100, 3000)}}}); err != nil {
		t.Errorf("Log after resuming: %v", err)
	}
}

func TestResume(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	config := RunConfig{Experiment: "mnist", Name: "cnn", Params: map[string]any{"lr": 3e-6}, Resume: Allow}
	cause := errors.New("out of memory")
	ends := []struct {
		state State
		end   func(r *Run) error
	}{
		{Stopped, func(r *Run) error { return r.Stop(ctx) }},
		{Failed, func(r *Run) error { return r.Fail(ctx, cause) }},
		{Finished, func(r *Run) error { return r.Finish(ctx) }},
	}
	var id string
	for i, e := range ends {
		r, err := s.Start(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		if id == "" {
			id = r.ID()
		}
		if err := r.AddSamples(ctx, someSamples(5)); err != nil {
			t.Fatal(err)
		}
		logged(t, r, i, 5, 0)
		if info, _ := s.Run(ctx, id); info.State != Running || !info.Ended.IsZero() || info.Cause != "" {
			t.Errorf("resumed run %+v", info)
		}
		if err := e.end(r); err != nil {
			t.Fatal(err)
		}
		info, err := s.Run(ctx, id)
		if err != nil || info.State != e.state || info.Epochs != i+1 || info.Ended.IsZero() || (info.Cause != "") != (e.state == Failed) {
			t.Errorf("run %+v, %v, want %s", info, err, e.state)
		}
		if err := r.Log(ctx, Epoch{Number: 9}); !errors.Is(err, ErrRunEnded) || !strings.Contains(err.Error(), "mnist/cnn is "+string(e.state)) {
			t.Errorf("Log after the end = %v, want ErrRunEnded", err)
		}
		if err := e.end(r); err != nil {
			t.Errorf("the same end again: %v", err)
		}
		if err := ends[(i+1)%3].end(r); !errors.Is(err, ErrRunEnded) {
			t.Errorf("another end = %v, want ErrRunEnded", err)
		}
		config.Params = nil // from now on what the run has
	}
	if info, _ := s.Run(ctx, id); fmt.Sprint(info.Params["lr"]) != "0.000003" {
		t.Errorf("params %v", info.Params)
	}
}

func TestSecondWriter(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	first := newRun(t, s, "cnn", 3)
	again := RunConfig{Experiment: "test", Name: "cnn", Resume: Allow}
	if _, err := s.Start(ctx, again); !errors.Is(err, ErrRunActive) {
		t.Errorf("second Start in one store = %v, want ErrRunActive", err)
	}
	other, err := Open(ctx, s.Path(), OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Start(ctx, again); !errors.Is(err, ErrRunActive) {
		t.Errorf("second Start in another store = %v, want ErrRunActive", err)
	}

	// Where locks do not work, the generation does.
	loseLocks(t, s)
	second, err := other.Start(ctx, again)
	if err != nil {
		t.Fatal(err)
	}
	logged(t, second, 1, 3, 0)
	for name, write := range map[string]func() error{
		"Log":        func() error { return first.Log(ctx, Epoch{Number: 2}) },
		"LogMetrics": func() error { return first.LogMetrics(ctx, 2, Metrics{"loss": 1}) },
		"AddSamples": func() error { return first.AddSamples(ctx, someSamples(9)) },
		"Truncate":   func() error { return first.TruncateAfter(ctx, 0) },
		"Finish":     func() error { return first.Finish(ctx) },
	} {
		if err := write(); !errors.Is(err, ErrSuperseded) {
			t.Errorf("%s of the first writer = %v, want ErrSuperseded", name, err)
		}
	}
	if info, err := s.Run(ctx, "cnn"); info.State != Running || info.Epochs != 1 || info.Samples != 3 || err != nil {
		t.Errorf("run %+v, %v", info, err)
	}
}

// loseLocks lets another writer have the runs that s writes.
func loseLocks(t testing.TB, s *Store) {
	t.Helper()
	if pgtest.Current != nil {
		const end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted"
		if _, err := reader(s).Exec(end); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.RemoveAll(s.Path() + "-locks"); err != nil {
		t.Skip(err) // a system that keeps open files
	}
}

func TestCloseLeavesRunToResume(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 3)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 1}); !errors.Is(err, ErrClosed) {
		t.Errorf("Log = %v, want ErrClosed", err)
	}
	s, err := Open(ctx, s.Path(), OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if info, err := s.Run(ctx, ""); info.State != Running || err != nil {
		t.Errorf("run %+v, %v", info, err)
	}
	if r, err = s.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Resume: Must}); err != nil {
		t.Fatal(err)
	}
	logged(t, r, 1, 3, 0) // with the samples of before
}

func TestNames(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	clock := time.Date(2026, 7, 22, 15, 4, 5, 0, time.Local)
	s.now = func() time.Time { return clock }
	var unnamed []string
	for range 3 {
		r, err := s.Start(ctx, RunConfig{Resume: Allow})
		if err != nil {
			t.Fatal(err)
		}
		unnamed = append(unnamed, r.Experiment()+"/"+r.Name())
	}
	if want := []string{"default/2026-07-22_15-04-05", "default/2026-07-22_15-04-05-2", "default/2026-07-22_15-04-05-3"}; !slices.Equal(unnamed, want) {
		t.Errorf("names %q, want %q", unnamed, want)
	}
	clock = clock.Add(time.Hour)
	for _, experiment := range []string{"a", "b"} {
		if _, err := s.Start(ctx, RunConfig{Experiment: experiment, Name: "cnn"}); err != nil {
			t.Fatal(err)
		}
	}
	newest, err := s.Run(ctx, "")
	if err != nil || newest.Experiment != "b" {
		t.Errorf("the newest run is %+v, %v", newest, err)
	}
	for _, name := range []string{"b/cnn", newest.ID} {
		if r, err := s.Run(ctx, name); r.ID != newest.ID || err != nil {
			t.Errorf("Run(%q) = %+v, %v", name, r, err)
		}
	}
	if _, err := s.Run(ctx, "cnn"); !errors.Is(err, ErrAmbiguous) || !strings.Contains(err.Error(), "a/cnn") {
		t.Errorf("Run(cnn) = %v, want ErrAmbiguous", err)
	}
	if _, err := s.Run(ctx, "rnn"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "the newest are b/cnn, a/cnn") {
		t.Errorf("Run(rnn) = %v, want ErrNotFound", err)
	}
	if _, err := newStore(t).Run(ctx, ""); !errors.Is(err, ErrNotFound) || err.Error() != "the store has no runs yet" {
		t.Errorf("Run of an empty store = %v", err)
	}
}
