package tracker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

// TestField holds the package against what users of other trackers have reported. Each row says what went wrong there, and
// where; Killed writers, full disks and power loss have tests of their own.
func TestField(t *testing.T) {
	for _, row := range []struct {
		name, wrong, where string
		test               func(t *testing.T, s *Store)
	}{
		{"StepBelowTheLast", "a step below the last one is dropped, with a warning", "wandb/wandb#10628, #5913, #9449", stepBelowTheLast},
		{"StepsOfTwoClocks", "series are lost when calls with and without a step are mixed", "wandb/wandb#6269", stepsOfTwoClocks},
		{"StepIsKept", "the step that was given is ignored", "huggingface/accelerate#3963", stepIsKept},
		{"RewriteAfterCrash", "a run that crashed cannot be written again from an earlier step", "wandb/wandb#4482, #10438", rewriteAfterCrash},
		{"ResumeAtCheckpoint", "after a restart from a checkpoint there are two values at a step", "gradio-app/trackio#125", resumeAtCheckpoint},
		{"RunningAfterKill", "a run whose process was killed stays running, and cannot be resumed", "GoodSeed run.py", runningAfterKill},
		{"CrashBeforeFinish", "what was logged is lost if the process ends before finish", "wandb/wandb#8114, #1297; aimhubio/aim#2573", crashBeforeFinish},
		{"LoggedAgain", "a table that is logged again is not updated", "wandb/wandb#2768, #2981", loggedAgain},
		{"EveryEpochIsKept", "the embedding of each epoch overwrites the last one's", "lanpa/tensorboardX#10, #43", everyEpochIsKept},
		{"LargeFrame", "what is larger than 4 or 10 MB is dropped", "wandb/wandb#2080, #3701", largeFrame},
		{"ManyColumns", "an embedding is one column per dimension, so that 128 are the most", "wandb tables", manyColumns},
		{"NaNTwice", "a metric that is NaN breaks a unique key when it is logged again", "mlflow/mlflow#26108", nanTwice},
		{"NoStep", "without a step, everything is at step 0 and nothing can be plotted", "mlflow/mlflow#2419", noStep},
		{"BatchOfMetrics", "metrics that go in one by one take 70 times as long", "mlflow/mlflow#3010", batchOfMetrics},
		{"LogDoesNotStall", "the training waits for the disk or the network", "wandb/wandb#8666, #950; mlflow/mlflow#1550", logDoesNotStall},
		{"FinishDoesNotHang", "finish never returns", "wandb/wandb#4929, #5601", finishDoesNotHang},
		{"FailedBatchIsKnown", "a batch that failed is gone, and nobody is told", "trackio-go batcher.go", failedBatchIsKnown},
		{"CloseEndsGoroutines", "close leaves a goroutine behind", "trackio-go client.go", closeEndsGoroutines},
		{"LockedDatabase", "database is locked", "gradio-app/trackio#133, #448, #492; mlflow/mlflow#6490", lockedDatabase},
		{"ReadALiveRun", "reading a run that is being written breaks it", "aimhubio/aim#2950, #2869", readALiveRun},
		{"NotTheWholeHistory", "a viewer fetches the full history each second", "gradio-app/trackio#573", notTheWholeHistory},
		{"AnyMetadata", "metadata that is a list, a bool or a struct raises", "nomic data_inference.py", anyMetadata},
		{"AbsentSample", "a sample that is absent at one epoch breaks the chain of those that follow", "lmcinnes/umap#543", absentSample},
		{"ReusedBuffer", "a buffer that the framework uses again changes what was logged", "queues that keep the slice", reusedBuffer},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.test(t, newStore(t))
			if t.Failed() {
				t.Logf("elsewhere: %s (%s)", row.wrong, row.where)
			}
		})
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// series returns the values of a metric as "step:value", in the order in which they are read.
func series(t *testing.T, s *Store, name string) string {
	t.Helper()
	ms, err := s.Metrics(context.Background(), "", name)
	must(t, err)
	var parts []string
	for _, m := range ms {
		parts = append(parts, fmt.Sprintf("%d:%v", m.Step, m.Value))
	}
	return strings.Join(parts, " ")
}

func wantSeries(t *testing.T, s *Store, name, want string) {
	t.Helper()
	if got := series(t, s, name); got != want {
		t.Errorf("%s is %s, want %s", name, got, want)
	}
}

func stepBelowTheLast(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	for _, step := range []int{100, 40, 70, 0} {
		must(t, r.LogMetrics(ctx, step, Metrics{"loss": float64(step)}))
	}
	wantSeries(t, s, "loss", "0:0 40:40 70:70 100:100")
}

func stepsOfTwoClocks(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	for e := 1; e <= 2; e++ { // batches count steps, evaluations count epochs
		must(t, r.LogMetrics(ctx, 1000*e, Metrics{"batch": 1}), r.LogMetrics(ctx, e, Metrics{"val": 2}), r.Log(ctx, Epoch{Number: e, Metrics: Metrics{"epoch": 3}}))
	}
	wantSeries(t, s, "batch", "1000:1 2000:1")
	wantSeries(t, s, "val", "1:2 2:2")
	wantSeries(t, s, "epoch", "0:3 0:3")
}

func stepIsKept(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	must(t, r.Log(ctx, Epoch{Number: 7, Step: 4321, Metrics: Metrics{"loss": 1}}))
	wantSeries(t, s, "loss", "4321:1")
	if info, err := s.Run(ctx, ""); info.LastEpoch != 7 || info.LastStep != 4321 || err != nil {
		t.Errorf("Run = %+v, %v", info, err)
	}
}

// reopened is what a new process sees of a run whose process is gone, without an end to it.
func reopened(t *testing.T, s *Store) (*Store, *Run) {
	t.Helper()
	ctx := context.Background()
	must(t, s.Close())
	s, err := Open(ctx, s.Path(), OpenOptions{})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Resume: Must})
	must(t, err)
	return s, r
}

func rewriteAfterCrash(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	for e := 1; e <= 5; e++ {
		must(t, r.LogMetrics(ctx, 100*e-50, Metrics{"batch": 1}))
		logged(t, r, e, 2, 1)
	}
	s, r = reopened(t, s) // still "running"
	must(t, r.TruncateAfter(ctx, 3))
	if got := numbers(t, s, ""); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("epochs %v, want 1 2 3", got)
	}
	logged(t, r, 4, 2, 2)
	wantSeries(t, s, "loss", "100:1 200:1 300:1 400:2")
	wantSeries(t, s, "batch", "50:1 150:1 250:1")
}

func resumeAtCheckpoint(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	train := func(from, to int, v float64) {
		for step := from; step <= to; step += 10 {
			must(t, r.LogMetrics(ctx, step, Metrics{"batch": v}))
			if step%100 == 0 {
				must(t, r.Log(ctx, Epoch{Number: step / 100, Step: step, Metrics: Metrics{"loss": v}}))
			}
		}
	}
	train(10, 270, 1)
	s, r = reopened(t, s)
	train(210, 300, 2) // from the checkpoint at step 200, without TruncateAfter
	ms, err := s.Metrics(ctx, "", "batch")
	must(t, err)
	for i, m := range ms {
		want := 1.0
		if m.Step > 200 {
			want = 2
		}
		if m.Step != 10*(i+1) || m.Value != want || m.Epoch != (m.Step+99)/100 {
			t.Errorf("metric %d: %+v", i, m)
		}
	}
	wantSeries(t, s, "loss", "100:1 200:1 300:2")
}

func runningAfterKill(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	logged(t, r, 1, 2, 1)
	s, r = reopened(t, s)
	if info, err := s.Run(ctx, ""); info.State != Running || err != nil {
		t.Errorf("Run = %+v, %v", info, err)
	}
	logged(t, r, 2, 2, 1)
	must(t, r.Finish(ctx))
}

func crashBeforeFinish(t *testing.T, s *Store) {
	r := newRun(t, s, "cnn", 2)
	logged(t, r, 1, 2, 0.5)
	// Another process sees it at once, whatever becomes of this one.
	other, err := Open(context.Background(), s.Path(), OpenOptions{ReadOnly: true})
	must(t, err)
	defer other.Close()
	wantSeries(t, other, "loss", "100:0.5")
	f, err := other.Frame(context.Background(), "", "", 1)
	if err != nil || len(f.Vectors) != 2 {
		t.Errorf("Frame = %+v, %v", f, err)
	}
}

func loggedAgain(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	for _, salt := range []float64{0, 0.25, 0.5} {
		logged(t, r, 1, 2, salt)
		f, err := s.Frame(ctx, "", "", 1)
		must(t, err)
		out, err := s.Outputs(ctx, "", 1)
		must(t, err)
		if f.Vectors[0] != 1+float32(salt) || out.Losses[0] != salt {
			t.Errorf("after logging %v again: %v, %v", salt, f.Vectors, out.Losses)
		}
		wantSeries(t, s, "loss", fmt.Sprint("100:", salt))
	}
}

func everyEpochIsKept(t *testing.T, s *Store) {
	r := newRun(t, s, "cnn", 2)
	for e := range 10 {
		logged(t, r, e, 2, 0)
	}
	for e := range 10 {
		if f, err := s.Frame(context.Background(), "", "", e); err != nil || f.Vectors[0] != float32(e) {
			t.Errorf("epoch %d: %v, %v", e, f.Vectors, err)
		}
	}
}

func largeFrame(t *testing.T, s *Store) {
	const n, dim = 3000, 1024 // 12 MB
	r := newRun(t, s, "cnn", n)
	v := someVectors(1, n, dim)
	must(t, r.Log(context.Background(), Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}}))
	if f, err := s.Frame(context.Background(), "", "", 1); err != nil || !slices.Equal(f.Vectors, v) {
		t.Errorf("12 MB are not what was logged: %v", err)
	}
}

func manyColumns(t *testing.T, s *Store) {
	const dim = 50_000
	r := newRun(t, s, "cnn", 2)
	v := someVectors(1, 2, dim)
	must(t, r.Log(context.Background(), Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}}))
	if f, err := s.Frame(context.Background(), "", "", 1); err != nil || !slices.Equal(f.Vectors, v) {
		t.Errorf("%d columns are not what was logged: %v", dim, err)
	}
}

func nanTwice(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	for range 2 {
		m := Metrics{"a": math.NaN(), "b": math.Inf(1), "c": math.Inf(-1)}
		must(t, r.LogMetrics(ctx, 5, m), r.Log(ctx, Epoch{Number: 1, Step: 9, Metrics: m}))
	}
	wantSeries(t, s, "a", "5:NaN 9:NaN")
	wantSeries(t, s, "b", "5:+Inf 9:+Inf")
	wantSeries(t, s, "c", "5:-Inf 9:-Inf")
	must(t, r.LogMetrics(ctx, 5, Metrics{"a": 1})) // and back to a number
	wantSeries(t, s, "a", "5:1 9:NaN")
}

func noStep(t *testing.T, s *Store) {
	r := newRun(t, s, "cnn", 1)
	for e := 3; e >= 0; e-- {
		must(t, r.Log(context.Background(), Epoch{Number: e, Metrics: Metrics{"loss": float64(e)}}))
	}
	ms, err := s.Metrics(context.Background(), "", "loss")
	must(t, err)
	for i, m := range ms { // the epoch is an axis of its own
		if m.Epoch != i || m.Value != float64(i) {
			t.Errorf("metric %d is %+v", i, m)
		}
	}
	if len(ms) != 4 {
		t.Errorf("%d metrics, want 4", len(ms))
	}
}

func batchOfMetrics(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 1)
	before, err := s.Changes(ctx, 0)
	must(t, err)
	var b Batch
	for step := range 1000 {
		b.Metrics = append(b.Metrics, StepMetrics{step, Metrics{"loss": float64(step)}})
	}
	_, err = r.Write(ctx, b)
	must(t, err)
	after, err := s.Changes(ctx, before.Cursor)
	must(t, err)
	ms, err := s.MetricsSince(ctx, "", before.Cursor)
	if err != nil || len(ms) != 1000 || after.Cursor != before.Cursor+1 {
		t.Errorf("%d metrics in %d transactions, %v", len(ms), after.Cursor-before.Cursor, err)
	}
}

func logDoesNotStall(t *testing.T, s *Store) {
	ctx := context.Background()
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, 2)
	unblock := block(t, s) // as a disk or a server that does not answer
	defer unblock()
	done := make(chan bool)
	go func() {
		for e := 1; e <= 50; e++ {
			logged(t, r, e, 2, 0)
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("Log waits for the disk")
	}
	unblock()
	must(t, r.Finish(ctx))
	if got := numbers(t, s, ""); len(got) != 50 {
		t.Errorf("%d epochs, want 50", len(got))
	}
}

func finishDoesNotHang(t *testing.T, s *Store) {
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, 2)
	for e := 1; e <= 20; e++ {
		logged(t, r, e, 2, 0)
	}
	interrupted, cancel := context.WithCancel(context.Background())
	cancel()
	begun := time.Now()
	must(t, r.Finish(interrupted)) // writes all the same, but not for ever
	if d := time.Since(begun); d > 2*endTimeout {
		t.Errorf("Finish took %v", d)
	}
	if info, err := s.Run(context.Background(), ""); info.Epochs != 20 || info.State != Finished || err != nil {
		t.Errorf("Run = %+v, %v", info, err)
	}
}

func failedBatchIsKnown(t *testing.T, s *Store) {
	ctx := context.Background()
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, 2)
	logged(t, r, 1, 2, 0)
	must(t, r.Log(ctx, wrong(2))) // accepted: what is wrong shows only in the store
	if err := r.Flush(ctx); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "epoch 2") {
		t.Errorf("Flush = %v, want the error of epoch 2", err)
	}
	if err := r.Finish(ctx); err == nil {
		t.Error("Finish has forgotten it")
	}
}

func closeEndsGoroutines(t *testing.T, s *Store) {
	ctx := context.Background()
	before := runtime.NumGoroutine()
	other, err := Open(ctx, s.Path(), OpenOptions{})
	must(t, err)
	for _, async := range []bool{false, true} {
		for i := range 3 {
			r, err := other.Start(ctx, RunConfig{Name: fmt.Sprint(async, i), Async: async})
			must(t, err, r.LogMetrics(ctx, 1, Metrics{"a": 1}))
			if i == 1 {
				must(t, r.Finish(ctx))
			}
		}
	}
	must(t, other.Close())
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
		}
	}
}

func lockedDatabase(t *testing.T, s *Store) {
	ctx := context.Background()
	done := make(chan error, 4)
	for i := range 4 { // each with connections of its own, as a process has
		go func() {
			other, err := Open(ctx, s.Path(), OpenOptions{})
			if err != nil {
				done <- err
				return
			}
			defer other.Close()
			r, err := other.Start(ctx, RunConfig{Name: fmt.Sprint(i)})
			for step := range 50 {
				err = errors.Join(err, r.LogMetrics(ctx, step, Metrics{"a": 1}))
			}
			done <- err
		}()
	}
	for range 4 {
		must(t, <-done)
	}
	var rows int
	if err := reader(s).QueryRow("SELECT count(*) FROM metric").Scan(&rows); rows != 200 || err != nil {
		t.Errorf("%d metrics, %v, want 200", rows, err)
	}
}

func readALiveRun(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 50)
	other, err := Open(ctx, s.Path(), OpenOptions{ReadOnly: true})
	must(t, err)
	defer other.Close()
	for e := 1; e <= 30; e++ {
		logged(t, r, e, 50, 0)
		f, err := other.Frame(ctx, "cnn", "", e) // at once, from elsewhere
		if err != nil || f.Vectors[49] != float32(e) {
			t.Fatalf("epoch %d: %v, %v", e, f.Vectors, err)
		}
	}
	if pgtest.Current != nil {
		return
	}
	if got := table(t, reader(s), "PRAGMA integrity_check"); got != "[[ok]]" {
		t.Errorf("integrity: %s", got)
	}
}

func notTheWholeHistory(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 2)
	for e := 1; e <= 20; e++ {
		logged(t, r, e, 2, 0)
	}
	c, err := s.Changes(ctx, 0)
	must(t, err)
	logged(t, r, 21, 2, 0)
	next, err := s.Changes(ctx, c.Cursor)
	must(t, err)
	ms, err := s.MetricsSince(ctx, "", c.Cursor)
	if err != nil || len(next.Epochs) != 1 || next.Epochs[0].Number != 21 || len(ms) != 1 || ms[0].Epoch != 21 {
		t.Errorf("after the cursor: %+v, %+v, %v, want epoch 21 only", next.Epochs, ms, err)
	}
}

func anyMetadata(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 0)
	type box struct{ X, Y int }
	must(t, r.AddSamples(ctx, []Sample{{ID: "0", Metadata: map[string]any{"list": []string{"a"}, "bool": true, "struct": box{1, 2}, "none": nil}}}))
	list, err := s.Samples(ctx, "")
	want := map[string]any{"list": []any{"a"}, "bool": true, "struct": map[string]any{"X": "1", "Y": "2"}, "none": nil}
	if err != nil || len(list) != 1 || fmt.Sprint(list[0].Metadata) != fmt.Sprint(want) || !reflect.DeepEqual(list[0].Metadata["list"], want["list"]) {
		t.Errorf("metadata %v, %v, want %v", list[0].Metadata, err, want)
	}
}

// absentSample also shows samples that appear later, and frames of some samples only.
func absentSample(t *testing.T, s *Store) {
	ctx := context.Background()
	r := newRun(t, s, "cnn", 3)
	layer := func(ids ...string) []Layer {
		v := make([]float32, len(ids))
		for i, id := range ids {
			fmt.Sscan(id, &v[i])
		}
		return []Layer{{Name: "fc1", Dim: 1, Vectors: v, IDs: ids}}
	}
	must(t,
		r.Log(ctx, Epoch{Number: 1, Layers: layer("0", "1", "2")}),
		r.Log(ctx, Epoch{Number: 2, Layers: layer("2", "0")}),
		r.AddSamples(ctx, []Sample{{ID: "7"}}),
		r.Log(ctx, Epoch{Number: 3, Layers: layer("7", "1")}),
	)
	for e, want := range map[int][]string{1: {"0", "1", "2"}, 2: {"2", "0"}, 3: {"7", "1"}} {
		f, err := s.Frame(ctx, "", "", e)
		if err != nil || !slices.Equal(f.IDs, want) {
			t.Errorf("epoch %d has samples %v, %v, want %v", e, f.IDs, err, want)
		}
		for i, id := range f.IDs {
			if fmt.Sprint(f.Vectors[i]) != id {
				t.Errorf("epoch %d: sample %s has the vector %v", e, id, f.Vectors[i])
			}
		}
	}
}

func reusedBuffer(t *testing.T, s *Store) {
	ctx := context.Background()
	r := asyncRun(t, s, RunConfig{Name: "cnn"}, 2)
	unblock := block(t, s)
	defer unblock()
	buffer := []float32{1, 2}
	for e := 1; e <= 3; e++ {
		buffer[0] = float32(e)
		must(t, r.Log(ctx, Epoch{Number: e, Layers: []Layer{{Name: "fc1", Dim: 1, Vectors: buffer}}}))
	}
	buffer[0] = 99
	unblock()
	must(t, r.Flush(ctx))
	for e := 1; e <= 3; e++ {
		if f, err := s.Frame(ctx, "", "", e); err != nil || f.Vectors[0] != float32(e) {
			t.Errorf("epoch %d: %v, %v", e, f.Vectors, err)
		}
	}
}
