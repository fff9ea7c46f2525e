package tracker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"
)

// The environment of a process of TestProcesses: the store, and "writer N" or "reader".
const processStore, processRole = "ZOETROPE_PROCESS_STORE", "ZOETROPE_PROCESS_ROLE"

const (
	processWriters, processReaders = 4, 3
	processEpochs                  = 20
	processSamples, processDim     = 150, 60
)

// TestProcesses has several processes log a run each into one store, while others read all of it.
func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	s := newStore(t)
	var group sync.WaitGroup
	start := func(role string) {
		group.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestProcess$")
			cmd.Env = append(os.Environ(), processStore+"="+s.Path(), processRole+"="+role)
			var said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &said, &said
			if err := cmd.Run(); err != nil {
				t.Errorf("%s: %v\n%s", role, err, said.String())
			}
		})
	}
	for i := range processWriters {
		start(fmt.Sprint("writer ", i))
	}
	for range processReaders {
		start("reader")
	}
	group.Wait()
	runs, err := s.Runs(context.Background())
	if err != nil || len(runs) != processWriters {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	for _, r := range runs {
		if r.Epochs != processEpochs || r.State != Finished || r.Samples != processSamples {
			t.Errorf("Run = %+v", r)
		}
	}
	// All runs have the same samples: they are there once.
	if got := table(t, reader(s), "SELECT (SELECT count(*) FROM sample), (SELECT count(*) FROM sample_set), (SELECT count(*) FROM roster)"); got != fmt.Sprintf("[[%d 1 1]]", processSamples) {
		t.Errorf("samples, sets and lists: %s", got)
	}
}

// TestProcess is a process of TestProcesses.
func TestProcess(t *testing.T) {
	var n int
	switch role := os.Getenv(processRole); {
	case role == "":
		return // not a child
	case role == "reader":
		must(t, readProcess(os.Getenv(processStore)))
	default:
		if _, err := fmt.Sscanf(role, "writer %d", &n); err != nil {
			t.Fatal(err)
		}
		must(t, writeProcess(os.Getenv(processStore), n))
	}
}

func writeProcess(path string, n int) error {
	ctx := context.Background()
	s, err := Open(ctx, path, OpenOptions{})
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := s.Start(ctx, RunConfig{Name: fmt.Sprint(n), Async: n%2 == 1})
	if err != nil {
		return err
	}
	err = r.AddSamples(ctx, someSamples(processSamples))
	for e := 1; e <= processEpochs; e++ {
		err = errors.Join(err, r.LogMetrics(ctx, e, Metrics{"batch": float64(e)}), r.Log(ctx, Epoch{
			Number: e, Layers: []Layer{{Name: "fc1", Dim: processDim, Vectors: someVectors(1000*n+e, processSamples, processDim)}},
			Metrics: Metrics{"loss": float64(n)},
		}))
	}
	return errors.Join(err, r.Finish(ctx))
}

// readProcess follows all runs until they are finished, and holds each epoch against what was logged.
func readProcess(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, path, OpenOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer s.Close()
	seen := 0
	var cursor int64
	for deadline := time.Now().Add(2 * time.Minute); seen < processWriters*processEpochs; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d epochs after 2 minutes, want %d", seen, processWriters*processEpochs)
		}
		c, err := s.Changes(ctx, cursor)
		if err != nil {
			return err
		}
		for _, e := range c.Epochs {
			info, err := s.Run(ctx, e.Run)
			if err != nil {
				return err
			}
			var n int
			fmt.Sscan(info.Name, &n)
			f, err := s.Frame(ctx, e.Run, "fc1", e.Number)
			if err != nil || !slices.Equal(f.Vectors, someVectors(1000*n+e.Number, processSamples, processDim)) {
				return fmt.Errorf("epoch %d of run %d is not what was logged: %v", e.Number, n, err)
			}
		}
		cursor, seen = c.Cursor, seen+len(c.Epochs)
	}
	return nil
}
