package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/charmap"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli/clitest"
	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/internal/usage"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"zoetrope": main, "zoetrope-peak": peak})
}

// peak is the command, which also writes to the file $ZOETROPE_PEAK how many bytes of memory it took.
func peak() {
	status := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)
	os.WriteFile(os.Getenv("ZOETROPE_PEAK"), strconv.AppendInt(nil, usage.PeakRSS(), 10), 0o600)
	os.Exit(status)
}

// TestScripts runs testdata/script/*.txtar against the command in a child process, one file for each subcommand.
func TestScripts(t *testing.T) {
	runScripts(t, testscript.Params{Dir: "testdata/script"}, func() string { return "" })
}

// TestScriptsOnPostgres runs some of them, and one of its own, with their stores on a server.
func TestScriptsOnPostgres(t *testing.T) {
	server := pgtest.Need(t)
	p := testscript.Params{Files: []string{"testdata/postgres/team.txtar"}}
	for _, name := range []string{"edit", "neighbors", "points", "project", "quality", "show"} {
		p.Files = append(p.Files, "testdata/script/"+name+".txtar")
	}
	runScripts(t, p, func() string { return server.Address(t) })
}

// runScripts runs scripts whose default store is what db returns.
func runScripts(t *testing.T, p testscript.Params, db func() string) {
	testscript.Run(t, testscript.Params{
		Dir:                 p.Dir,
		Files:               p.Files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ZOETROPE_DB", db())
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or each child lingers for a second under -race
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("there is no condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     clitest.Exits,
			"blobs":     blobs,
			"labels":    labels,
			"pictures":  pictures,
			"cut":       cut,
			"overwrite": overwrite,
			"latin1":    latin1,
			"listen":    listen,
			"get":       get,
			"count":     count,
			"back":      back,
			"trainings": trainings,
			"dead":      dead,
		},
	})
}

// blobs FILE TYPE EPOCHS SAMPLES DIM [VALUE AT] writes embeddings in which sample i belongs to cluster i mod 3 and the
// clusters part from epoch to epoch; the number at place AT is VALUE.
func blobs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 && len(args) != 7 {
		ts.Fatalf("usage: blobs FILE TYPE EPOCHS SAMPLES DIM [VALUE AT]")
	}
	epochs, n, dim := clitest.Whole(ts, args[2]), clitest.Whole(ts, args[3]), clitest.Whole(ts, args[4])
	wide := make([]float64, epochs*n*dim)
	state := uint32(1)
	for at := range wide {
		epoch, sample, column := at/(n*dim), at/dim%n, at%dim
		state = state*1664525 + 1013904223
		wide[at] = float64(state>>8)/(1<<24) - 0.5
		if column == sample%3 {
			wide[at] += float64(epoch)
		}
	}
	if len(args) == 7 {
		v, err := strconv.ParseFloat(args[5], 64)
		ts.Check(err)
		wide[clitest.Whole(ts, args[6])] = v
	}
	shape := []int{epochs, n, dim}
	var b bytes.Buffer
	switch args[1] {
	case "f4":
		narrow := make([]float32, len(wide))
		for i, v := range wide {
			narrow[i] = float32(v)
		}
		ts.Check(interchange.Write(&b, narrow, shape...))
	case "f8":
		ts.Check(interchange.Write(&b, wide, shape...))
	case "i8":
		ts.Check(interchange.Write(&b, make([]int64, len(wide)), shape...))
	case "n×d":
		ts.Check(interchange.Write(&b, wide, epochs*n, dim))
	default:
		ts.Fatalf("type %q", args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// labels FILE N writes the labels 0, 1, 2, 0, 1, …
func labels(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: labels FILE N")
	}
	v := make([]uint8, clitest.Whole(ts, args[1]))
	for i := range v {
		v[i] = uint8(i % 3)
	}
	var b bytes.Buffer
	ts.Check(interchange.Write(&b, v, len(v)))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// pictures FILE N writes grey pictures of 4×5.
func pictures(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pictures FILE N")
	}
	n := clitest.Whole(ts, args[1])
	v := make([]uint8, n*4*5)
	for i := range v {
		v[i] = uint8(i)
	}
	var b bytes.Buffer
	ts.Check(interchange.Write(&b, v, n, 4, 5))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// cut FILE N removes the last N bytes of a file.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut FILE N")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), info.Size()-int64(clitest.Whole(ts, args[1]))))
}

// overwrite FILE PLACE N changes N bytes, from a place in the file between 0 and 1 on.
func overwrite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: overwrite FILE PLACE N")
	}
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	place, err := strconv.ParseFloat(args[1], 64)
	ts.Check(err)
	at := int(place * float64(len(b)))
	for i := range clitest.Whole(ts, args[2]) {
		b[at+i] ^= 0xa5
	}
	ts.Check(os.WriteFile(path, b, 0o666))
}

// latin1 FROM TO writes a file of UTF-8 as Latin-1.
func latin1(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: latin1 FROM TO")
	}
	text, err := charmap.ISO8859_1.NewEncoder().String(ts.ReadFile(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}

// listen NAME sets $NAME to a loopback address; with "held" after it, one that is taken until the script ends.
func listen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: listen NAME [held]")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	if len(args) == 2 {
		ts.Defer(func() { l.Close() })
	} else {
		l.Close()
	}
}

// get URL TEXT waits until the address answers 200, with TEXT in the body.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: get URL TEXT")
	}
	var last error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(args[0])
		if last = err; err != nil {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		ts.Check(err)
		if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), args[1]) {
			ts.Fatalf("%s\n%s", resp.Status, body)
		}
		return
	}
	ts.Fatalf("no answer: %v", last)
}

// count N FILE checks that a file, or stdout, has N lines.
func count(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: count N FILE")
	}
	if n, want := strings.Count(ts.ReadFile(args[1]), "\n"), clitest.Whole(ts, args[0]); n != want {
		ts.Fatalf("%s has %d lines, want %d", args[1], n, want)
	}
}

// back FILE imports what was exported of run first, vectors and map, into a store of its own, and exports that: it must
// be first.npz again, byte for byte, but for the types that a text file does not know.
func back(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: back FILE")
	}
	file := args[0]
	db, again := file+".db", file+".again.npz"
	ts.Check(ts.Exec("zoetrope", "import", "--db", db, "--run", "first", "--points", file, file))
	ts.Check(ts.Exec("zoetrope", "export", "--db", db, "-o", again))
	if got, want := ts.ReadFile(again), ts.ReadFile("first.npz"); got != want {
		ts.Fatalf("what came back of %s differs: %d bytes, want %d", file, len(got), len(want))
	}
}

// trainings FILE logs runs a to d, of which c has diverged and d goes on.
func trainings(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: trainings FILE")
	}
	ctx := context.Background()
	store, err := tracker.Open(ctx, ts.MkAbs(args[0]), tracker.OpenOptions{Create: true})
	ts.Check(err)
	defer func() { ts.Check(store.Close()) }()
	for _, run := range []struct {
		name   string
		params map[string]any
		tags   []string
		losses []float64
		more   tracker.Metrics
	}{
		{"a", map[string]any{"lr": 0.01, "optimizer": "sgd", "model": map[string]any{"depth": 3}}, []string{"best", "wide"}, []float64{3, 1, 0.25}, tracker.Metrics{"accuracy": 0.9}},
		{"b", map[string]any{"lr": 0.1, "optimizer": "adam"}, nil, []float64{2, 0.5}, tracker.Metrics{"accuracy": 0.8}},
		{"c", map[string]any{"lr": 1}, nil, []float64{2, math.NaN()}, tracker.Metrics{"accuracy": 0.1}},
		{"d", nil, nil, []float64{9, 2}, tracker.Metrics{"loss,val": 4}},
	} {
		r, err := store.Start(ctx, tracker.RunConfig{Name: run.name, Params: run.params, Tags: run.tags})
		ts.Check(err)
		for i, loss := range run.losses {
			ts.Check(r.LogMetrics(ctx, i+1, tracker.Metrics{"loss": loss}))
		}
		ts.Check(r.Log(ctx, tracker.Epoch{Number: 1, Step: len(run.losses), Metrics: run.more}))
		if run.name != "d" {
			ts.Check(r.Finish(ctx))
		}
	}
}

// dead FILE logs a run of which layer fc2 is zero, fc3 the same for every sample, fc1 zero for fewer and fewer, and fc4 sound.
func dead(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: dead FILE")
	}
	ctx := context.Background()
	store, err := tracker.Open(ctx, ts.MkAbs(args[0]), tracker.OpenOptions{Create: true})
	ts.Check(err)
	defer func() { ts.Check(store.Close()) }()
	r, err := store.Start(ctx, tracker.RunConfig{Name: "dead"})
	ts.Check(err)
	const n, dim = 30, 4
	samples := make([]tracker.Sample, n)
	for i := range samples {
		samples[i].ID = strconv.Itoa(i)
	}
	ts.Check(r.AddSamples(ctx, samples))
	for epoch, zero := range []int{1: n, 2: 25, 3: 20} {
		if epoch == 0 {
			continue
		}
		fc1, fc3, fc4 := make([]float32, n*dim), make([]float32, n*dim), make([]float32, n*dim)
		for i := range fc4 {
			fc3[i], fc4[i] = float32(epoch+i%dim), float32(math.Sin(float64(i+100*epoch)))
			if i/dim >= zero {
				fc1[i] = fc4[i]
			}
		}
		layers := []tracker.Layer{{Name: "fc1", Vectors: fc1}, {Name: "fc2", Vectors: make([]float32, n*dim)}, {Name: "fc3", Vectors: fc3}, {Name: "fc4", Vectors: fc4}}
		for i := range layers {
			layers[i].Dim = dim
		}
		ts.Check(r.Log(ctx, tracker.Epoch{Number: epoch, Layers: layers}))
	}
	ts.Check(r.Finish(ctx))
}
