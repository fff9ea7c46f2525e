package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// stressEpochs is how many epochs a writer logs before it begins to replace them.
const stressEpochs = 25

// stressResult is the trial as JSON.
type stressResult struct {
	Writers int      `json:"writers"`
	Readers int      `json:"readers"`
	Seconds float64  `json:"seconds"`
	Logged  int      `json:"epochs_logged"`
	Read    int      `json:"epochs_read"`
	Found   int      `json:"epochs_found"` // at the end, with the content that was logged last
	Lost    int      `json:"epochs_lost"`
	Longest float64  `json:"longest_log_ms"`
	Errors  []string `json:"errors"`
}

// stressPart is the work that one process did, as it reports on standard output.
type stressPart struct {
	Run     string      `json:"run"`
	Epochs  int         `json:"epochs"`
	Last    map[int]int `json:"last"` // for each epoch, the last acknowledged attempt
	Longest float64     `json:"longest_ms"`
}

func (a *app) benchStress(ctx context.Context, o benchLog) (err error) {
	address := o.postgres
	if address == "" {
		dir, err := os.MkdirTemp(o.dir, "zoetrope-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		address = filepath.Join(dir, "stress.db")
	}
	store, err := tracker.Open(ctx, address, tracker.OpenOptions{Create: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	r := stressResult{Writers: o.writers, Readers: o.readers, Seconds: o.seconds, Errors: []string{}}
	name := fmt.Sprintf("stress %x", rand.Uint32())
	parts := make([]stressPart, o.writers+o.readers)
	failures := make([]error, len(parts))
	var group sync.WaitGroup
	for i := range parts {
		role, run := "writer", fmt.Sprint(name, " ", i)
		if i >= o.writers {
			role = "reader"
		}
		group.Go(func() { parts[i], failures[i] = stressProcess(ctx, address, role, run, o) })
	}
	group.Wait()
	for i, p := range parts {
		if err := failures[i]; err != nil {
			r.Errors = append(r.Errors, err.Error())
		}
		if i < o.writers {
			r.Logged += p.Epochs
			r.Longest = max(r.Longest, p.Longest)
			found, lost, err := verify(ctx, store, p, o)
			r.Found, r.Lost = r.Found+found, r.Lost+lost
			if err != nil {
				r.Errors = append(r.Errors, err.Error())
			}
			if p.Run == "" {
				continue
			}
			if err := store.RemoveRun(context.WithoutCancel(ctx), p.Run); err != nil {
				r.Errors = append(r.Errors, err.Error())
			}
		} else {
			r.Read += p.Epochs
		}
	}
	if a.JSON {
		err = a.PrintJSON(r)
	} else {
		_, err = fmt.Fprintf(a.Stdout, "%d writers and %d readers, %.0f s: %d epochs logged, the longest took %.0f ms; %d read meanwhile.\n"+
			"At the end %d of %d epochs hold what was logged last. %s.\n",
			r.Writers, r.Readers, r.Seconds, r.Logged, r.Longest, r.Read, r.Found, r.Found+r.Lost, cli.Plural(len(r.Errors), "error"))
	}
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err == nil && (r.Lost > 0 || len(r.Errors) > 0) {
		err = fmt.Errorf("%d epochs are lost, %d processes have failed: %v", r.Lost, len(r.Errors), r.Errors)
	}
	return err
}

// stressProcess runs this command again, as a writer or a reader.
func stressProcess(ctx context.Context, address, role, run string, o benchLog) (p stressPart, err error) {
	path, err := os.Executable()
	if err != nil {
		return p, err
	}
	cmd := exec.CommandContext(ctx, path, "log", "--db", address, "--role", role, "--run", run, "--seconds", fmt.Sprint(o.seconds),
		"--samples", fmt.Sprint(o.samples), "--dim", fmt.Sprint(o.dim))
	cmd.Args[0] = os.Args[0]
	cmd.Stderr = nil // Output keeps it for the error
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return p, fmt.Errorf("%s %q: %w: %s", role, run, err, exit.Stderr)
	} else if err != nil {
		return p, err
	}
	return p, json.Unmarshal(out, &p)
}

// stressRole is the role of the process.
func (a *app) stressRole(ctx context.Context, o benchLog) error {
	do := stressRead
	if o.role == "writer" {
		do = stressWrite
	}
	p, err := do(ctx, a.DB, o, time.Now().Add(time.Duration(o.seconds*float64(time.Second))))
	if err != nil {
		return err
	}
	return a.PrintJSON(p)
}

func stressWrite(ctx context.Context, address string, o benchLog, until time.Time) (p stressPart, err error) {
	store, err := tracker.Open(ctx, address, tracker.OpenOptions{})
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "zoetrope-bench", Name: o.run})
	if err != nil {
		return p, err
	}
	if err := run.AddSamples(ctx, benchSamples(o.samples)); err != nil {
		return p, err
	}
	p.Run, p.Last = run.ID(), map[int]int{}
	for attempt := 1; time.Now().Before(until); attempt++ {
		epoch := 1 + attempt%stressEpochs
		begun := time.Now()
		err := run.Log(ctx, tracker.Epoch{Number: epoch, Step: attempt, Metrics: tracker.Metrics{"attempt": float64(attempt)},
			Layers: []tracker.Layer{{Name: "fc1", Dim: o.dim, Vectors: stressVectors(epoch, attempt, o.samples*o.dim)}}})
		if err != nil {
			return p, err
		}
		p.Longest = max(p.Longest, float64(time.Since(begun))/1e6)
		p.Last[epoch] = attempt
		p.Epochs++
	}
	return p, run.Finish(ctx)
}

// stressRead reads each epoch that is logged, and checks that all of it comes from one attempt.
func stressRead(ctx context.Context, address string, o benchLog, until time.Time) (p stressPart, err error) {
	store, err := tracker.Open(ctx, address, tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var cursor int64
	for time.Now().Before(until) {
		c, err := store.Changes(ctx, cursor)
		if err != nil {
			return p, err
		}
		cursor = c.Cursor
		for _, e := range c.Epochs {
			if time.Now().After(until) {
				break
			}
			if info, err := store.Run(ctx, e.Run); err != nil || info.Experiment != "zoetrope-bench" {
				continue // of another program, in a shared store
			}
			f, err := store.Frame(ctx, e.Run, "fc1", e.Number)
			if err != nil {
				return p, err
			}
			if want := stressVectors(e.Number, int(f.Vectors[1]), len(f.Vectors)); !slices.Equal(f.Vectors, want) {
				return p, fmt.Errorf("epoch %d of run %s is torn", e.Number, e.Run)
			}
			p.Epochs++
		}
		time.Sleep(5 * time.Millisecond)
	}
	return p, nil
}

// verify compares the store with what a writer reported as logged.
func verify(ctx context.Context, store *tracker.Store, p stressPart, o benchLog) (found, lost int, err error) {
	for epoch, attempt := range p.Last {
		f, ferr := store.Frame(ctx, p.Run, "fc1", epoch)
		if ferr != nil || !slices.Equal(f.Vectors, stressVectors(epoch, attempt, o.samples*o.dim)) {
			lost++
			err = errors.Join(err, ferr)
			continue
		}
		found++
	}
	return found, lost, err
}

// stressVectors returns n floats that differ for each epoch and attempt, and begin with these two.
func stressVectors(epoch, attempt, n int) []float32 {
	v := make([]float32, n)
	state := uint32(epoch)<<20 ^ uint32(attempt)
	for i := range v {
		state = state*1664525 + 1013904223
		v[i] = float32(state >> 8)
	}
	v[0], v[1] = float32(epoch), float32(attempt)
	return v
}
