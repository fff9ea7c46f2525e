package ingest_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/server"
	"github.com/zoetrope-ml/zoetrope/server/access"
	"github.com/zoetrope-ml/zoetrope/server/ingest"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

const (
	readToken = "read-0123456789abcdef"
	logToken  = "log-0123456789abcdef"
	bothToken = "both-0123456789abcdef"
)

// newGuardedServer returns all that zoetrope serve answers with, where tokens are needed.
func newGuardedServer(t *testing.T, store *tracker.Store) http.Handler {
	t.Helper()
	var tokens []access.Token
	for secret, permits := range map[string]access.Permission{readToken: access.Read, logToken: access.Log, bothToken: access.Read | access.Log} {
		token, err := access.NewToken(secret, permits)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	s, err := server.New(store, server.Options{Access: access.Options{Tokens: tokens, Hosts: []string{"lab.example"}}, Logging: ingest.Options{MaxFrame: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestRefused sends what cannot be accepted. Each request gets its status, its code, a message that says what is wrong, and
// leaves the store as it was.
func TestRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zoetrope.db")
	store := openStore(t, path)
	h := newGuardedServer(t, store)
	ask := func(method, path string, body []byte, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://127.0.0.1:8420/api/v1/"+path, bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+bothToken)
		if method != "PUT" {
			r.Header.Set("Content-Type", "application/json")
		}
		for i := 0; i < len(headers); i += 2 {
			switch {
			case headers[i] == "Host":
				r.Host = headers[i+1]
			case headers[i+1] == "":
				r.Header.Del(headers[i])
			case headers[i] == "Content-Length":
				r.ContentLength = -1
			default:
				r.Header.Set(headers[i], headers[i+1])
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	must := func(method, path, body string) {
		t.Helper()
		if w := ask(method, path, []byte(body)); w.Code >= 300 {
			t.Fatalf("%s %s = %d %s", method, path, w.Code, w.Body)
		}
	}
	must("POST", "runs", `{"experiment": "e", "name": "r", "params": {"lr": 1}}`)
	must("POST", "runs/r/samples", `{"samples": [{"id": "a", "label": "7"}, {"id": "b"}, {"id": "c"}]}`)
	must("PUT", "runs/r/epochs/1/frames/fc1", string(servertest.Npy(3, 2, 0)))
	must("POST", "runs/r/epochs/1", `{"layers": ["fc1"]}`)
	must("PUT", "runs/r/epochs/2/frames/fc1", string(servertest.Npy(3, 2, 0)))
	must("PUT", "runs/r/epochs/2/frames/wide", string(servertest.Npy(3, 2, 0)))
	must("PUT", "runs/r/epochs/2/frames/short", string(servertest.Npy(2, 2, 0)))
	must("PUT", "runs/r/epochs/4/frames/fc1", string(servertest.Npy(3, 3, 0)))
	must("PUT", "runs/r/epochs/4/frames/stranger", string(raw([]string{"a", "zzz"}, 2, servertest.Vectors(2, 2, 0))))
	must("POST", "runs", `{"experiment": "e", "name": "ended"}`)
	must("POST", "runs/ended/finish", ``)
	must("POST", "runs", `{"experiment": "e", "name": "empty"}`)
	must("POST", "runs", `{"experiment": "e", "name": "twin"}`)
	must("POST", "runs", `{"experiment": "f", "name": "twin"}`)
	other := openStore(t, path)
	if _, err := other.Start(t.Context(), tracker.RunConfig{Experiment: "e", Name: "active"}); err != nil {
		t.Fatal(err)
	}

	float64s := func(v ...float64) string {
		var b bytes.Buffer
		if err := interchange.Write(&b, v, 3, len(v)/3); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	ints := func() string {
		var b bytes.Buffer
		if err := interchange.Write(&b, []int64{1, 2, 3, 4, 5, 6}, 3, 2); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	withNaN := servertest.Vectors(3, 2, 0)
	withNaN[3] = float32(math.NaN())
	whole := string(servertest.Npy(3, 2, 0))
	rawWhole := string(raw(nil, 2, servertest.Vectors(3, 2, 0)))
	header := func(text string) string {
		return string(binary.LittleEndian.AppendUint32([]byte("ZFR1"), uint32(len(text)))) + text
	}
	long := strings.Repeat("x", 2000)
	many := func(element string, n int) string { return "[" + strings.Repeat(element+",", n) + element + "]" }
	const frame = "runs/r/epochs/3/frames/fc1"

	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code, says               string
		headers                  []string
	}{
		// Who asks, from where, and how.
		{"no token", "POST", "runs", `{}`, 401, "no_token", "Authorization: Bearer", []string{"Authorization", ""}},
		{"wrong token", "POST", "runs", `{}`, 401, "wrong_token", "typing errors", []string{"Authorization", "Bearer " + bothToken + "x"}},
		{"a token in clothes of a password", "POST", "runs", `{}`, 401, "no_token", "Bearer", []string{"Authorization", "Basic " + bothToken}},
		{"a reader logs", "POST", "runs", `{"name": "x"}`, 403, "not_permitted", "your token permits read, and this needs log", []string{"Authorization", "Bearer " + readToken}},
		{"a logger reads", "GET", "runs", "", 403, "not_permitted", "your token permits log, and this needs read", []string{"Authorization", "Bearer " + logToken}},
		{"another site posts", "POST", "runs", `{"name": "x"}`, 403, "cross_origin", "another site", []string{"Sec-Fetch-Site", "cross-site"}},
		{"an old browser posts for another site", "POST", "runs/r/finish", "", 403, "cross_origin", "another site", []string{"Origin", "https://evil.example"}},
		{"another site embeds", "GET", "runs", "", 403, "cross_origin", "another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}},
		{"a foreign name", "GET", "runs", "", 403, "unknown_host", "--allow-host evil.example", []string{"Host", "evil.example:8420"}},
		{"a form", "POST", "runs", `name=x`, 415, "wrong_type", "application/json", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"no type", "POST", "runs", `{"name": "x"}`, 415, "wrong_type", "application/json", []string{"Content-Type", ""}},
		{"a packed body", "POST", "runs", `{"name": "x"}`, 415, "wrong_type", "Content-Encoding", []string{"Content-Encoding", "gzip"}},
		{"wrong method", "DELETE", "runs", "", 405, "method_not_allowed", "use GET or HEAD or POST", nil},
		{"reading what is written", "GET", "runs/r/finish", "", 405, "method_not_allowed", "use POST", nil},
		{"a path that is none", "POST", "run", `{}`, 405, "method_not_allowed", "", nil},
		{"a key that is none", "POST", "runs", `{}`, 400, "invalid", "Idempotency-Key", []string{"Idempotency-Key", long}},

		// JSON.
		{"no body", "POST", "runs", ``, 400, "invalid", "the body is empty", nil},
		{"no JSON", "POST", "runs", `{"name": `, 400, "invalid", "ends too early", nil},
		{"a comma too many", "POST", "runs", `{"name": "x",}`, 400, "invalid", "not JSON", nil},
		{"two values", "POST", "runs", `{} {}`, 400, "invalid", "more than one", nil},
		{"unknown field", "POST", "runs", `{"nam": "x"}`, 400, "invalid", `unknown field "nam"`, nil},
		{"wrong type of field", "POST", "runs", `{"name": 7}`, 400, "invalid", `"name" cannot be a number`, nil},
		{"an array", "POST", "runs", `[]`, 400, "invalid", "cannot be a array", nil},

		// Runs.
		{"a name that is taken", "POST", "runs", `{"experiment": "e", "name": "r"}`, 409, "run_exists", "resume", nil},
		{"resuming nothing", "POST", "runs", `{"experiment": "e", "name": "none", "resume": "must"}`, 404, "not_found", "no run e/none to resume", nil},
		{"resuming somehow", "POST", "runs", `{"name": "r", "resume": "maybe"}`, 400, "invalid", "never, allow or must", nil},
		{"resuming with other params", "POST", "runs", `{"experiment": "e", "name": "r", "resume": "must", "params": {"lr": 2}}`, 400, "invalid", "lr is 2, was 1", nil},
		{"a slash in an experiment", "POST", "runs", `{"experiment": "a/b"}`, 400, "invalid", "slash", nil},
		{"a control character in a name", "POST", "runs", `{"name": "a\u0007"}`, 400, "invalid", "printable", nil},
		{"a huge name", "POST", "runs", `{"name": "` + long + `"}`, 400, "invalid", "at most 200", nil},
		{"a run that another process writes", "POST", "runs/active/metrics", `{"metrics": []}`, 409, "run_active", "another writer", nil},
		{"resuming a run that another process writes", "POST", "runs", `{"experiment": "e", "name": "active", "resume": "allow"}`, 409, "run_active", "another writer", nil},
		{"unknown run", "POST", "runs/none/metrics", `{"metrics": []}`, 404, "not_found", `no run "none"`, nil},
		{"a path out of the store", "POST", "runs/..%2F..%2Fetc%2Fpasswd/metrics", `{"metrics": []}`, 404, "not_found", "no run", nil},
		{"which run", "POST", "runs/twin/finish", "", 400, "ambiguous", "e/twin", nil},
		{"ended run", "POST", "runs/ended/metrics", `{"metrics": [{"step": 1, "values": {"a": 1}}]}`, 409, "run_ended", "resume", nil},
		{"a frame for an ended run", "PUT", "runs/ended/epochs/1/frames/fc1", whole, 409, "run_ended", "resume", nil},
		{"renaming to nothing", "PATCH", "runs/r", `{"name": ""}`, 400, "invalid", "empty", nil},
		{"renaming to what is taken", "PATCH", "runs/r", `{"name": "ended"}`, 409, "run_exists", "choose another name", nil},
		{"an empty tag", "PATCH", "runs/r", `{"tags": [""]}`, 400, "invalid", "tag", nil},
		{"going back to nowhere", "POST", "runs/r/truncate", `{}`, 400, "invalid", `"after" is missing`, nil},
		{"going back too far", "POST", "runs/r/truncate", `{"after": -2}`, 400, "invalid", "from -1", nil},

		// Samples.
		{"no samples", "POST", "runs/r/samples", `{"samples": []}`, 400, "invalid", "empty", nil},
		{"a sample without id", "POST", "runs/r/samples", `{"samples": [{"label": "1"}]}`, 400, "invalid", "has no ID", nil},
		{"a sample twice", "POST", "runs/r/samples", `{"samples": [{"id": "x"}, {"id": "x"}]}`, 400, "invalid", "twice", nil},
		{"a sample with another label", "POST", "runs/r/samples", `{"samples": [{"id": "a", "label": "8"}]}`, 400, "invalid", `with label "7"`, nil},
		{"huge label", "POST", "runs/r/samples", `{"samples": [{"id": "x", "label": "` + long + `"}]}`, 400, "invalid", "2000 bytes, at most 1024", nil},
		{"huge id", "POST", "runs/r/samples", `{"samples": [{"id": "` + long + `"}]}`, 400, "invalid", "sample id", nil},
		{"huge metadata", "POST", "runs/r/samples", `{"samples": [{"id": "x", "metadata": {"k": "` + strings.Repeat("x", 70_000) + `"}}]}`, 400, "invalid", "metadata", nil},
		{"metadata that is a list", "POST", "runs/r/samples", `{"samples": [{"id": "x", "metadata": [1]}]}`, 400, "invalid", "metadata", nil},
		{"metadata that is not UTF-8", "POST", "runs/r/samples", "{\"samples\": [{\"id\": \"x\", \"metadata\": {\"city\": \"Z\xfcrich\"}}]}", 400, "invalid", `sample 0 ("x"): metadata: city: "Z\xfcrich" is not UTF-8`, nil},
		{"metadata with half a character", "POST", "runs/r/samples", `{"samples": [{"id": "x", "metadata": {"a": ["\udc80"]}}]}`, 400, "invalid", "has half of a surrogate pair", nil},
		{"a label that is not UTF-8", "POST", "runs/r/samples", "{\"samples\": [{\"id\": \"x\", \"label\": \"Z\xfcrich\"}]}", 400, "invalid", `sample 0 ("x"): label: "Z\xfcrich" is not UTF-8`, nil},
		{"a prediction with half a character", "POST", "runs/r/epochs/3", `{"outputs": {"predictions": ["7", "\ud83d", "1"]}}`, 400, "invalid", "has half of a surrogate pair", nil},
		{"a metric's name that is not UTF-8", "POST", "runs/r/metrics", "{\"metrics\": [{\"step\": 1, \"values\": {\"lo\xffss\": 1}}]}", 400, "invalid", `metrics[0].values.lo`, nil},
		{"params that are not UTF-8", "POST", "runs", "{\"name\": \"new\", \"params\": {\"dir\": \"\xff\"}}", 400, "invalid", `params.dir: `, nil},
		{"a thumbnail that is no PNG", "POST", "runs/r/samples", `{"samples": [{"id": "x", "thumbnail": "AAAA"}]}`, 400, "invalid", "not a PNG", nil},
		{"a thumbnail that is no base64", "POST", "runs/r/samples", `{"samples": [{"id": "x", "thumbnail": "%%%"}]}`, 400, "invalid", "base64", nil},
		{"too many samples", "POST", "runs/r/samples", `{"samples": ` + many(`{}`, 100_000) + `}`, 413, "too_many", "further requests", nil},
		{"a body too large", "POST", "runs/r/samples", strings.Repeat(" ", 33<<20), 413, "too_large", "several requests", nil},
		{"a body too large, of unknown length", "POST", "runs/r/samples", strings.Repeat(" ", 33<<20), 413, "too_large", "several requests", []string{"Content-Length", "unknown"}},

		// Frames.
		{"negative epoch", "PUT", "runs/r/epochs/-1/frames/fc1", whole, 400, "invalid", `epoch = "-1"`, nil},
		{"an epoch that is no number", "POST", "runs/r/epochs/one", `{}`, 400, "invalid", `epoch = "one"`, nil},
		{"an epoch out of range", "POST", "runs/r/epochs/99999999999", `{}`, 400, "invalid", "whole number", nil},
		{"a part that is no number", "PUT", frame + "?part=x", whole, 400, "invalid", `part = "x"`, nil},
		{"a frame before its samples", "PUT", "runs/empty/epochs/1/frames/fc1", whole, 400, "invalid", "no samples yet", nil},
		{"an empty frame", "PUT", frame, "", 400, "invalid", "body is empty", nil},
		{"a frame of another kind", "PUT", frame, "PK\x03\x04 a zip file", 415, "wrong_type", "neither a .npy file", nil},
		{"truncated npy", "PUT", frame, whole[:len(whole)-3], 400, "invalid", "truncated", nil},
		{"npy cut in its header", "PUT", frame, whole[:20], 400, "invalid", "truncated in its header", nil},
		{"npy with more behind it", "PUT", frame, whole + "x", 400, "invalid", "trailing", nil},
		{"npy of unknown length", "PUT", frame, whole, 411, "length_required", "Content-Length", []string{"Content-Length", "unknown"}},
		{"wrong dtype", "PUT", frame, ints(), 400, "invalid", "int64", nil},
		{"NaN row", "PUT", frame, string(npyOf(t, 3, 2, withNaN)), 400, "invalid", `row 1 (sample "b"), column 1 is NaN`, nil},
		{"a number beyond float32", "PUT", frame, float64s(1, 2, 1e300), 400, "invalid", "does not fit float32", nil},
		{"a cube", "PUT", frame, string(npyOf(t, 3, 2, servertest.Vectors(6, 1, 0), 1)), 400, "invalid", "a frame is n×d", nil},
		{"more rows than samples", "PUT", frame, string(servertest.Npy(4, 2, 0)), 400, "invalid", "4 rows, and the run 3 samples", nil},
		{"frame too large", "PUT", frame, string(servertest.Npy(3, 100_000, 0)), 413, "too_large", "in parts", nil},
		{"truncated raw frame", "PUT", frame, rawWhole[:len(rawWhole)-3], 400, "invalid", "24 bytes after the header, and there are 21", nil},
		{"truncated raw frame of unknown length", "PUT", frame, rawWhole[:len(rawWhole)-3], 400, "invalid", "truncated", []string{"Content-Length", "unknown"}},
		{"raw frame with more behind it", "PUT", frame, rawWhole + "x", 400, "invalid", "bytes follow", []string{"Content-Length", "unknown"}},
		{"raw frame with a NaN", "PUT", frame, string(raw([]string{"c", "a", "b"}, 2, withNaN)), 400, "invalid", `row 1 (sample "a"), column 1`, nil},
		{"raw frame with a bad header", "PUT", frame, header(`{"rows": 1, "dims": 2}`), 400, "invalid", "unknown field", nil},
		{"raw frame with a huge header", "PUT", frame, "ZFR1\xff\xff\xff\xff", 413, "too_large", "header claims", nil},
		{"raw frame of absurd shape", "PUT", frame, header(`{"rows": 3, "dim": 4611686018427387904}`), 400, "invalid", "columns", nil},
		{"raw frame without rows", "PUT", frame, header(`{"rows": 0, "dim": 2}`), 400, "invalid", "at least one row", nil},
		{"ids that do not fit", "PUT", frame, header(`{"rows": 2, "dim": 2, "ids": ["a"]}`), 400, "invalid", "1 ids for 2 rows", nil},
		{"parts of different widths", "PUT", "runs/r/epochs/4/frames/fc1?part=1", whole, 400, "invalid", "all parts of a frame have the same", nil},

		// Epochs.
		{"frames that are not there", "POST", "runs/r/epochs/7", `{"layers": ["fc1", "fc2"]}`, 409, "frames_missing", "fc1, fc2", nil},
		{"a layer twice", "POST", "runs/r/epochs/2", `{"layers": ["fc1", "fc1"]}`, 400, "invalid", "twice", nil},
		{"too few rows", "POST", "runs/r/epochs/2", `{"layers": ["short"]}`, 400, "invalid", "expected 3 samples", nil},
		{"another width than before", "POST", "runs/r/epochs/4", `{"layers": ["fc1"]}`, 400, "invalid", "3 columns, expected 2", nil},
		{"unknown sample id", "POST", "runs/r/epochs/4", `{"layers": ["stranger"]}`, 400, "invalid", `sample "zzz" is not known`, nil},
		{"outputs that do not fit", "POST", "runs/r/epochs/2", `{"outputs": {"losses": [1, 2]}}`, 400, "invalid", "2 elements, expected 3", nil},
		{"a prediction that is a list", "POST", "runs/r/epochs/2", `{"outputs": {"predictions": [1, [2], 3]}}`, 400, "invalid", "a list cannot be", nil},
		{"a huge prediction", "POST", "runs/r/epochs/2", `{"outputs": {"predictions": ["` + long + `", "", ""]}}`, 400, "invalid", "prediction", nil},
		{"a negative step", "POST", "runs/r/epochs/2", `{"step": -1}`, 400, "invalid", "step = -1", nil},
		{"half a step", "POST", "runs/r/epochs/2", `{"step": 1.5}`, 400, "invalid", `"step" cannot be a number 1.5`, nil},

		// Metrics.
		{"a metric that is a word", "POST", "runs/r/metrics", `{"metrics": [{"step": 1, "values": {"a": "high"}}]}`, 400, "invalid", "is no number", nil},
		{"a metric that is null", "POST", "runs/r/metrics", `{"metrics": [{"step": 1, "values": {"a": null}}]}`, 400, "invalid", `"NaN"`, nil},
		{"a metric too large for a number", "POST", "runs/r/metrics", `{"metrics": [{"step": 1, "values": {"a": 1e999}}]}`, 400, "invalid", "is no number", nil},
		{"a metric without a name", "POST", "runs/r/metrics", `{"metrics": [{"step": 1, "values": {"": 1}}]}`, 400, "invalid", "metric name", nil},
		{"a metric without a step", "POST", "runs/r/metrics", `{"metrics": [{"values": {"a": 1}}]}`, 400, "invalid", "has no step", nil},
		{"metrics that are no list", "POST", "runs/r/metrics", `{"metrics": {"loss": 1}}`, 400, "invalid", "must be an array", nil},
		{"too many metrics", "POST", "runs/r/metrics", `{"metrics": ` + many(`{"step": 1, "values": {}}`, 10_000) + `}`, 413, "too_many", "further requests", nil},
		{"one good metric, one bad", "POST", "runs/r/metrics", `{"metrics": [{"step": 9, "values": {"a": 1}}, {"step": -1, "values": {"a": 1}}]}`, 400, "invalid", "step = -1", nil},

		// Reading.
		{"vectors of no epoch", "GET", "runs/r/vectors?epoch=9", "", 404, "not_found", "no epoch 9", nil},
		{"vectors in no format", "GET", "runs/r/vectors?format=csv", "", 400, "invalid", "json or npy", nil},
		{"a picture out of the store", "GET", "runs/r/samples/..%2f..%2f..%2fetc%2fpasswd/thumbnail", "", 404, "not_found", "no sample", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := content(t, store)
			w := ask(c.method, c.path, []byte(c.body), c.headers...)
			var answer struct {
				Error, Code string
				At          any // TestRefusedValue looks at it
			}
			d := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
			d.DisallowUnknownFields()
			if err := d.Decode(&answer); err != nil || w.Header().Get("Content-Type") != "application/json" {
				t.Fatalf("answer %d %.200s is no error in JSON: %v", w.Code, w.Body, err)
			}
			if w.Code != c.status || answer.Code != c.code || !strings.Contains(answer.Error, c.says) || answer.Error == "" {
				t.Errorf("answer %d %s %q, want %d %s and %q", w.Code, answer.Code, answer.Error, c.status, c.code, c.says)
			}
			if len(answer.Error) > 600 {
				t.Errorf("the message has %d bytes", len(answer.Error))
			}
			if c.status == 405 && w.Header().Get("Allow") == "" {
				t.Error("no Allow header")
			}
			if after := content(t, store); after != before {
				t.Errorf("the store was changed to %s", after)
			}
		})
	}
}

// content says all that clients have written to a store.
func content(t *testing.T, store *tracker.Store) string {
	t.Helper()
	runs, err := store.Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range runs {
		samples, err := store.Samples(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		frames, err := store.Frames(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := store.Metrics(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, r.ID, r.Experiment, r.Name, r.State, r.Params, r.Tags, r.Notes, r.Epochs, r.LastEpoch, r.LastStep, samples, frames, metrics)
	}
	return b.String()
}

// npyOf returns v as .npy of these dimensions, and more.
func npyOf(t *testing.T, n, dim int, v []float32, more ...int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := interchange.Write(&b, v, append([]int{n, dim}, more...)...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestCutOff: a body that ends before its time stores nothing, and gives back its memory.
func TestCutOff(t *testing.T) {
	c := newClient(t, newStore(t), ingest.Options{MaxMemory: 1 << 20})
	id := c.Start("r", 3)
	for range 200 {
		body := io.MultiReader(bytes.NewReader(servertest.Npy(3, 2000, 0)[:10_000]), brokenReader{})
		r := httptest.NewRequest("PUT", "/api/v1/runs/"+id+"/epochs/1/frames/fc1", body)
		r.ContentLength = int64(len(servertest.Npy(3, 2000, 0)))
		w := httptest.NewRecorder()
		c.Handler.ServeHTTP(w, r)
		if w.Code != 400 {
			t.Fatalf("answer %d %s", w.Code, w.Body)
		}
		w = c.Send("POST", "runs/"+id+"/metrics", "application/json", io.MultiReader(strings.NewReader(`{"metrics": [`), brokenReader{}))
		if w.Code != 400 {
			t.Fatalf("answer %d %s", w.Code, w.Body)
		}
	}
	c.Put(id, 1, "fc1", 3, 2000, 0)
	c.Do(200, "POST", "runs/"+id+"/epochs/1", `{"layers": ["fc1"]}`)
}

// brokenReader is a client that has gone.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
