package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/ingest"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestLog logs a run as a client would, and reads it back from the store.
func TestLog(t *testing.T) {
	store := newStore(t)
	c := newClient(t, store, ingest.Options{})
	run := c.Do(201, "POST", "runs", `{"experiment": "mnist", "name": "cnn", "params": {"lr": 3e-6, "seed": 12345678901234567890}}`)
	if run["state"] != "running" || run["last_epoch"] != nil || run["samples"] != 0.0 {
		t.Errorf("new run = %v", run)
	}
	id := run["id"].(string)
	added := c.Do(200, "POST", "runs/mnist%2Fcnn/samples", `{"samples": [{"id": "a", "label": "7", "metadata": {"split": "test"}}, {"id": "b", "label": null}, {"id": "c", "thumbnail": null}]}`)
	if added["added"] != 3.0 || added["samples"] != 3.0 {
		t.Errorf("samples = %v", added)
	}
	if again := c.Do(200, "POST", "runs/cnn/samples", `{"samples": [{"id": "d"}, {"id": "b"}]}`); again["added"] != 1.0 || again["samples"] != 4.0 {
		t.Errorf("samples again = %v", again)
	}
	c.Put(id, 1, "fc1", 4, 2, 10)
	if frames, _ := store.Frames(t.Context(), id); frames != nil {
		t.Errorf("frames before the commit = %v", frames)
	}
	// fc2 comes in two parts that name their samples, the second one first.
	for part, f := range []struct {
		ids []string
		v   []float32
	}{1: {[]string{"d", "a"}, []float32{4, 4, 4, 1, 1, 1}}, 0: {[]string{"c"}, []float32{3, 3, 3}}} {
		w := c.Send("PUT", "runs/"+id+"/epochs/1/frames/fc2?part="+string(rune('0'+part)), "application/x-zoetrope-frame", bytes.NewReader(raw(f.ids, 3, f.v)))
		c.Expect(202, w)
	}
	got := c.Do(200, "POST", "runs/"+id+"/epochs/1", `{"step": 469, "layers": ["fc1", "fc2"],
		"outputs": {"predictions": ["7", "", null, "1"], "losses": [0.5, null, "NaN", "Infinity"]},
		"metrics": {"loss": 0.25, "grad": "NaN", "up": "Infinity", "down": "-Infinity"}}`)
	if got["epoch"] != 1.0 || got["seq"].(float64) <= 0 || got["discarded"] != nil {
		t.Errorf("commit = %v", got)
	}
	f, err := store.Frame(t.Context(), id, "fc1", 1)
	if err != nil || !slices.Equal(f.Vectors, []float32{10, 10, 11, 11, 12, 12, 13, 13}) || !slices.Equal(f.IDs, []string{"a", "b", "c", "d"}) {
		t.Errorf("fc1 = %v, %v", f, err)
	}
	f, err = store.Frame(t.Context(), id, "fc2", 1)
	if err != nil || !slices.Equal(f.Vectors, []float32{3, 3, 3, 4, 4, 4, 1, 1, 1}) || !slices.Equal(f.IDs, []string{"c", "d", "a"}) {
		t.Errorf("fc2 = %v, %v", f, err)
	}
	out, err := store.Outputs(t.Context(), id, 1)
	if err != nil || !slices.Equal(out.Predictions, []string{"7", "", "", "1"}) || out.Losses[0] != 0.5 || !math.IsInf(out.Losses[3], 1) {
		t.Errorf("outputs = %v, %v", out, err)
	}
	c.Do(200, "POST", "runs/"+id+"/metrics", `{"metrics": [{"step": 500, "values": {"loss": 0.2}}, {"step": 501, "values": {"loss": "NaN"}}]}`)
	metrics, err := store.Metrics(t.Context(), id, "loss")
	if err != nil || len(metrics) != 3 || metrics[1].Step != 500 || metrics[1].Epoch != 2 || !math.IsNaN(metrics[2].Value) {
		t.Errorf("loss = %v, %v", metrics, err)
	}
	if ended := c.Do(200, "POST", "runs/"+id+"/finish", ""); ended["state"] != "finished" || ended["last_epoch"] != 1.0 || ended["last_step"] != 469.0 {
		t.Errorf("finished = %v", ended)
	}
	c.Do(200, "POST", "runs/"+id+"/finish", `{}`) // again does nothing
	if e := c.Do(409, "POST", "runs/"+id+"/metrics", `{"metrics": [{"step": 1, "values": {"a": 1}}]}`); e["code"] != "run_ended" {
		t.Errorf("metrics of an ended run = %v", e)
	}
	c.Do(409, "POST", "runs", `{"experiment": "mnist", "name": "cnn"}`)
	if resumed := c.Do(200, "POST", "runs", `{"experiment": "mnist", "name": "cnn", "resume": "must"}`); resumed["state"] != "running" || resumed["id"] != id {
		t.Errorf("resumed = %v", resumed)
	}
	c.Do(200, "POST", "runs/"+id+"/truncate", `{"after": 0}`)
	c.Do(200, "POST", "runs/"+id+"/fail", `{"cause": "out of memory"}`)
	info, err := store.Run(t.Context(), id)
	if err != nil || info.State != tracker.Failed || info.Cause != "out of memory" || info.Epochs != 0 {
		t.Errorf("in the end %+v, %v", info, err)
	}
}

// TestOneLayerDiverges refuses the frame of a layer that has NaN, and takes the rest of its epoch: the metrics, the outputs
// and the other layers.
func TestOneLayerDiverges(t *testing.T) {
	store := newStore(t)
	c := newClient(t, store, ingest.Options{})
	id := c.Start("cnn", 3)
	c.Put(id, 1, "fc1", 3, 2, 10)
	diverged := servertest.Vectors(3, 2, 0)
	diverged[3] = float32(math.NaN())
	w := c.Send("PUT", "runs/"+id+"/epochs/1/frames/fc2", "application/octet-stream", bytes.NewReader(npyOf(t, 3, 2, diverged)))
	if e := c.Expect(400, w); !strings.Contains(e["error"].(string), `row 1 (sample "s1"), column 1 is NaN`) {
		t.Errorf("a frame with NaN = %v", e)
	}
	if e := c.Do(409, "POST", "runs/"+id+"/epochs/1", `{"layers": ["fc1", "fc2"]}`); e["code"] != "frames_missing" {
		t.Errorf("an epoch with the layer that was refused = %v", e)
	}
	c.Do(200, "POST", "runs/"+id+"/epochs/1", `{"layers": ["fc1"], "outputs": {"predictions": ["0", "", "2"], "losses": ["NaN", null, 0.5]}, "metrics": {"loss": "NaN", "lr": 0.1}}`)
	if f, err := store.Frame(t.Context(), id, "fc1", 1); err != nil || !slices.Equal(f.Vectors, servertest.Vectors(3, 2, 10)) {
		t.Errorf("fc1 = %v, %v", f, err)
	}
	if f, err := store.Frame(t.Context(), id, "fc2", 1); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("fc2 = %v, %v: want none", f, err)
	}
	out, err := store.Outputs(t.Context(), id, 1)
	if err != nil || !slices.Equal(out.Predictions, []string{"0", "", "2"}) || !math.IsNaN(out.Losses[0]) || out.Losses[2] != 0.5 {
		t.Errorf("outputs = %v, %v", out, err)
	}
	for name, want := range map[string]float64{"loss": math.NaN(), "lr": 0.1} {
		m, err := store.Metrics(t.Context(), id, name)
		if err != nil || len(m) != 1 || m[0].Value != want && !(math.IsNaN(want) && math.IsNaN(m[0].Value)) {
			t.Errorf("%s = %v, %v", name, m, err)
		}
	}
}

// TestEdit: tags and notes come with a run, and are changed later.
func TestEdit(t *testing.T) {
	c := newClient(t, newStore(t), ingest.Options{})
	run := c.Do(201, "POST", "runs", `{"name": "r", "tags": ["b", "a"], "notes": "first", "code": "train.py abc", "host": "gpu7"}`)
	if !reflect.DeepEqual(run["tags"], []any{"a", "b"}) || run["notes"] != "first" {
		t.Errorf("new run = %v", run)
	}
	id := run["id"].(string)
	run = c.Do(200, "PATCH", "runs/"+id, `{"name": "r2", "tags": [], "notes": "second"}`)
	if !reflect.DeepEqual(run["tags"], []any{}) || run["notes"] != "second" || run["name"] != "r2" || run["id"] != id {
		t.Errorf("changed run = %v", run)
	}
	if same := c.Do(200, "PATCH", "runs/r2", `{}`); !reflect.DeepEqual(same, run) {
		t.Errorf("no change = %v", same)
	}
	if info, err := c.Store.Run(t.Context(), id); err != nil || info.Code != "train.py abc" || info.Host != "gpu7" {
		t.Errorf("%+v, %v", info, err)
	}
	c.Do(200, "POST", "runs/"+id+"/metrics", `{"metrics": [{"step": 1, "values": {"loss": 1}}]}`) // under the old name's writer
	c.Do(201, "POST", "runs", `{"name": "taken"}`)
	c.Do(200, "PATCH", "runs/"+id, `{"params": {"lr": 0.10, "epochs": 10, "seed": 9223372036854775809, "old": 1}}`)
	c.Do(200, "PATCH", "runs/"+id, `{"params": {"epochs": 20, "old": null}}`)
	if got := params(t, c.Store, id); got != `{"epochs":20,"lr":0.10,"seed":9223372036854775809}` {
		t.Errorf("params %s", got)
	}
	if e := c.Do(409, "PATCH", "runs/"+id, `{"name": "taken"}`); e["code"] != "run_exists" {
		t.Errorf("a name that is taken = %v", e)
	}
}

// TestRestart: after the server was restarted, clients go on without a word, and are told of frames that were lost.
func TestRestart(t *testing.T) {
	path := t.TempDir() + "/zoetrope.db"
	store := openStore(t, path)
	first := newClient(t, store, ingest.Options{})
	id := first.Start("r", 3)
	first.Put(id, 1, "fc1", 3, 2, 0)
	commit := first.Do(200, "POST", "runs/"+id+"/epochs/1", `{"layers": ["fc1"]}`, "Idempotency-Key", "commit 1")
	added := first.Do(200, "POST", "runs/"+id+"/samples", `{"samples": [{"id": "late"}]}`, "Idempotency-Key", "late")
	first.Do(200, "POST", "runs/"+id+"/metrics", `{"metrics": [{"step": 7, "values": {"loss": 1}}]}`, "Idempotency-Key", "step 7")
	started := map[string]any{"run 1": "", "run 2": ""}
	for key := range started {
		started[key] = first.Do(201, "POST", "runs", `{"experiment": "keyed"}`, "Idempotency-Key", key)["id"]
	}
	first.Put(id, 2, "fc1", 3, 2, 0)
	first.Handler.(*ingest.Handler).Close()
	if e := first.Do(503, "POST", "runs/"+id+"/metrics", `{"metrics": []}`); e["code"] != "closing" {
		t.Errorf("after Close = %v", e)
	}
	store.Close()

	second := newClient(t, openStore(t, path), ingest.Options{})
	second.Do(200, "POST", "runs/"+id+"/metrics", `{"metrics": [{"step": 7, "values": {"loss": 2}}]}`)
	if e := second.Do(409, "POST", "runs/"+id+"/epochs/2", `{"layers": ["fc1"]}`); e["code"] != "frames_missing" {
		t.Errorf("commit of a frame that was lost = %v", e)
	}
	second.Put(id, 2, "fc1", 4, 2, 0)
	second.Do(200, "POST", "runs/"+id+"/epochs/2", `{"layers": ["fc1"]}`)

	// What was answered before the restart is not done again after it.
	for key, id := range started {
		if again := second.Do(201, "POST", "runs", `{"experiment": "keyed"}`, "Idempotency-Key", key); again["id"] != id {
			t.Errorf("the run started as %s is %v, was %s", key, again["id"], id)
		}
	}
	if again := second.Do(200, "POST", "runs/"+id+"/samples", `{"samples": [{"id": "late"}]}`, "Idempotency-Key", "late"); !reflect.DeepEqual(again, added) {
		t.Errorf("samples again = %v, was %v", again, added)
	}
	second.Do(200, "POST", "runs/"+id+"/metrics", `{"metrics": [{"step": 7, "values": {"loss": 1}}]}`, "Idempotency-Key", "step 7")
	if m, err := second.Store.Metrics(t.Context(), id); err != nil || len(m) != 1 || m[0].Value != 2 {
		t.Errorf("metrics = %v, %v, want the later value", m, err)
	}
	second.Put(id, 1, "fc1", 3, 2, 0)
	if again := second.Do(200, "POST", "runs/"+id+"/epochs/1", `{"layers": ["fc1"]}`, "Idempotency-Key", "commit 1"); !reflect.DeepEqual(again, commit) {
		t.Errorf("commit again = %v, was %v", again, commit)
	}
}

// TestOtherWriter: a run belongs to one process at a time, and an idle server gives it up.
func TestOtherWriter(t *testing.T) {
	path := t.TempDir() + "/zoetrope.db"
	store, other := openStore(t, path), openStore(t, path)
	c := newClient(t, store, ingest.Options{Idle: 300 * time.Millisecond})
	id := c.Start("r", 2)
	config := tracker.RunConfig{Experiment: "mnist", Name: "r", Resume: tracker.Must}
	var run *tracker.Run
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		var err error
		if run, err = other.Start(t.Context(), config); err == nil {
			break
		}
		if time.Since(start) > 20*time.Second {
			t.Fatalf("the idle server does not give the run up: %v", err)
		}
	}
	if e := c.Do(409, "POST", "runs/"+id+"/heartbeat", ""); e["code"] != "run_active" {
		t.Errorf("while another process writes = %v", e)
	}
	run.Release()
	c.Do(200, "POST", "runs/"+id+"/heartbeat", "")
}

// TestAlso tells who starts or resumes a run of another client that writes it, unless that one has ended it or does not say
// who it is.
func TestAlso(t *testing.T) {
	c := newClient(t, newStore(t), ingest.Options{})
	const who = "Zoetrope-Client"
	start := `{"experiment": "mnist", "name": "cnn", "resume": "allow"}`
	for i, client := range []string{"a", "a", ""} {
		status := 200
		if i == 0 {
			status = 201
		}
		if got := c.Do(status, "POST", "runs", start, who, client)["also"]; got != nil {
			t.Errorf("%q is told of %v, want nobody", client, got)
		}
	}
	also := func(client string) any {
		got, _ := c.Do(200, "POST", "runs", start, who, client)["also"].(map[string]any)
		return got["client"]
	}
	if got := also("b"); got != "a" {
		t.Errorf("b is told of %v, want a", got)
	}
	c.Do(200, "POST", "runs/cnn/heartbeat", "", who, "a")
	if got := also("c"); got != "a" {
		t.Errorf("c is told of %v, want a, which was heard of last", got)
	}
	c.Do(200, "POST", "runs/cnn/finish", "", who, "a")
	c.Send("POST", "runs/cnn/stop", "application/json", strings.NewReader(""), who, "c") // refused: it has ended
	if got := also("d"); got != "b" {
		t.Errorf("d is told of %v, want b: the others have ended the run", got)
	}
	if e := c.Do(400, "POST", "runs", start, who, strings.Repeat("x", 301)); e["code"] != "invalid" {
		t.Errorf("a client that calls itself too much is answered %v", e)
	}
}

// TestIdempotency: the same request again, after its answer was lost, is not done again.
func TestIdempotency(t *testing.T) {
	store := newStore(t)
	c := newClient(t, store, ingest.Options{})
	first := c.Do(201, "POST", "runs", `{"name": "r"}`, "Idempotency-Key", "k1")
	if again := c.Do(201, "POST", "runs", `{"name": "r"}`, "Idempotency-Key", "k1"); !reflect.DeepEqual(again, first) {
		t.Errorf("answer again = %v, was %v", again, first)
	}
	if e := c.Do(422, "POST", "runs", `{"name": "r2"}`, "Idempotency-Key", "k1"); e["code"] != "key_reused" {
		t.Errorf("another request under the key = %v", e)
	}
	id := first["id"].(string)
	c.Do(200, "POST", "runs/"+id+"/samples", servertest.SamplesJSON(3), "Idempotency-Key", "k1") // another path has its own keys
	c.Put(id, 1, "fc1", 3, 2, 0)
	commit := c.Do(200, "POST", "runs/"+id+"/epochs/1", `{"layers": ["fc1"]}`, "Idempotency-Key", "k2")
	c.Do(200, "POST", "runs/"+id+"/epochs/2", `{"metrics": {"loss": 1}}`)
	if again := c.Do(200, "POST", "runs/"+id+"/epochs/1", `{"layers": ["fc1"]}`, "Idempotency-Key", "k2"); !reflect.DeepEqual(again, commit) {
		t.Errorf("commit again = %v, was %v", again, commit)
	}
	// A failure is not kept: the request again tries again.
	c.Do(409, "POST", "runs/"+id+"/epochs/3", `{"layers": ["fc1"]}`, "Idempotency-Key", "k3")
	c.Put(id, 3, "fc1", 3, 2, 0)
	c.Do(200, "POST", "runs/"+id+"/epochs/3", `{"layers": ["fc1"]}`, "Idempotency-Key", "k3")
}

// TestMemory: frames that wait are bounded together, and forgotten when nobody comes for them.
func TestMemory(t *testing.T) {
	c := newClient(t, newStore(t), ingest.Options{MaxMemory: 96 << 10, MaxFrame: 32 << 10, Idle: 400 * time.Millisecond})
	id := c.Start("r", 100)
	put := func(epoch string, dim int) *httptest.ResponseRecorder {
		return c.Send("PUT", "runs/"+id+"/epochs/"+epoch+"/frames/fc1", "", bytes.NewReader(servertest.Npy(100, dim, 0)))
	}
	if e := c.Expect(413, put("1", 100)); e["code"] != "too_large" {
		t.Errorf("a frame above the limit = %v", e)
	}
	c.Expect(202, put("1", 75))
	c.Expect(202, put("2", 75))
	c.Expect(202, put("1", 75)) // replaces
	c.Expect(202, put("3", 75))
	w := put("4", 75)
	if e := c.Expect(503, w); e["code"] != "memory_full" || w.Header().Get("Retry-After") == "" {
		t.Errorf("frames above the limit = %v", e)
	}
	c.Do(200, "POST", "runs/"+id+"/epochs/1", `{"layers": ["fc1"]}`)
	c.Expect(202, put("4", 75))
	for start := time.Now(); put("5", 75).Code != 202; time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatal("frames that nobody commits are kept")
		}
	}
	if e := c.Do(409, "POST", "runs/"+id+"/epochs/2", `{"layers": ["fc1"]}`); e["code"] != "frames_missing" {
		t.Errorf("commit of a frame that was forgotten = %v", e)
	}
}

// params returns the params of a run as JSON.
func params(t *testing.T, s *tracker.Store, run string) string {
	t.Helper()
	info, err := s.Run(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(info.Params)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestResumeLonger: a run is resumed with more epochs, and with what the client says may change.
func TestResumeLonger(t *testing.T) {
	c := newClient(t, newStore(t), ingest.Options{})
	c.Do(201, "POST", "runs", `{"name": "r", "params": {"epochs": 10, "lr": 0.5}}`)
	c.Do(200, "POST", "runs/r/finish", "")
	c.Do(200, "POST", "runs", `{"name": "r", "resume": "must", "params": {"epochs": 20, "lr": 0.5}}`)
	if e := c.Do(400, "POST", "runs", `{"name": "r", "resume": "must", "params": {"epochs": 20, "lr": 0.25}}`); !strings.Contains(fmt.Sprint(e), "lr is 0.25, was 0.5") {
		t.Errorf("another lr = %v", e)
	}
	c.Do(200, "POST", "runs", `{"name": "r", "resume": "must", "params": {"lr": 0.25}, "change": ["lr"]}`)
	if got := params(t, c.Store, "r"); got != `{"epochs":20,"lr":0.25}` {
		t.Errorf("params %s", got)
	}
}
