package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

type jobAnswer struct {
	ID, State, Stage, Projection, Error, Code string
	Runs                                      []string
	Options                                   projector.Options
}

// write sends a request as the page does.
func write(t *testing.T, h http.Handler, method, path, body string, headers ...string) (int, jobAnswer) {
	t.Helper()
	r := httptest.NewRequest(method, root+path, strings.NewReader(body))
	r.Host = "127.0.0.1:8420"
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var j jobAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &j); err != nil {
		t.Fatalf("answer %d %q: %v", w.Code, w.Body, err)
	}
	return w.Code, j
}

// await waits until a job is in a state.
func await(t *testing.T, h http.Handler, id, state string) jobAnswer {
	t.Helper()
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		j := decode[jobAnswer](t, h, root+"jobs/"+id)
		if j.State == state {
			return j
		}
		if j.State == "failed" || j.State == "finished" || time.Since(start) > 60*time.Second {
			t.Fatalf("the job is %+v, want %s", j, state)
		}
	}
}

func TestProjectFromPage(t *testing.T) {
	store := servertest.NewStore(t)
	h := api.New(store, api.Options{Projections: true})
	t.Cleanup(func() { h.Close() })
	run := servertest.NewTraining(60, "a", "b").Log(t, store, "r", 2)
	const quick = `{"runs": ["r"], "mode": "joint", "n_neighbors": 5, "n_epochs": 20, "min_dist": 0.2, "seed": 7, "scale": "standardize", "workers": 99}`
	status, j := write(t, h, "POST", "projections", quick, "Idempotency-Key", "k")
	if status != http.StatusAccepted || !slices.Equal(j.Runs, []string{run.ID()}) || j.Options.NNeighbors != 5 || j.Options.Spread != 1 || j.Options.Workers != 0 {
		t.Fatalf("answer %d %+v", status, j)
	}
	if _, again := write(t, h, "POST", "projections", quick, "Idempotency-Key", "k"); again.ID != j.ID {
		t.Errorf("the same request again is job %s, was %s", again.ID, j.ID)
	}
	for name, other := range map[string]string{"options": strings.Replace(quick, `"seed": 7`, `"seed": 8`, 1), "runs": strings.Replace(quick, `["r"]`, `[]`, 1)} {
		if status, _ := write(t, h, "POST", "projections", other, "Idempotency-Key", "k"); status != http.StatusUnprocessableEntity {
			t.Errorf("the same key with other %s = %d", name, status)
		}
	}
	done := await(t, h, j.ID, "finished")
	p, err := projector.Open(t.Context(), store, done.Projection)
	if err != nil || p.Info().Options.MinDist != 0.2 || p.Info().Options.Seed != 7 {
		t.Fatalf("the projection is %+v, %v", p, err)
	}
	if status, _ := write(t, h, "DELETE", "projections/"+done.Projection, ""); status != 200 {
		t.Errorf("deleting it = %d", status)
	}
	if status, e := write(t, h, "DELETE", "projections/"+done.Projection, ""); status != 404 || e.Code != "not_found" {
		t.Errorf("deleting it again = %d %+v", status, e)
	}
}

// TestProjectionsTakeTurns: one at a time, those that wait and the one that is made can be cancelled, and nothing is left of
// them; so does closing.
func TestProjectionsTakeTurns(t *testing.T) {
	store := servertest.NewStore(t)
	h := api.New(store, api.Options{Projections: true})
	defer h.Close()
	servertest.NewTraining(300, "a", "b").Log(t, store, "r", 4)
	const long = `{"n_epochs": 10000, "n_neighbors": 5}`
	_, first := write(t, h, "POST", "projections", long)
	_, second := write(t, h, "POST", "projections", long)
	await(t, h, first.ID, "running")
	if j := decode[jobAnswer](t, h, root+"jobs/"+second.ID); j.State != "queued" {
		t.Errorf("the second is %s", j.State)
	}
	list := decode[struct{ Jobs []jobAnswer }](t, h, root+"jobs")
	if len(list.Jobs) != 2 || list.Jobs[0].ID != second.ID {
		t.Errorf("jobs = %+v", list)
	}
	if _, j := write(t, h, "DELETE", "jobs/"+second.ID, ""); j.State != "cancelled" {
		t.Errorf("cancelled while it waits, the second is %s", j.State)
	}
	write(t, h, "DELETE", "jobs/"+first.ID, "")
	await(t, h, first.ID, "cancelled")
	_, third := write(t, h, "POST", "projections", long)
	await(t, h, third.ID, "running")
	for range 16 {
		if status, _ := write(t, h, "POST", "projections", long); status != http.StatusAccepted {
			t.Fatalf("one of 16 that wait = %d", status)
		}
	}
	if status, e := write(t, h, "POST", "projections", long); status != 503 || e.Code != "busy" {
		t.Errorf("one too many = %d %+v", status, e)
	}
	h.Close()
	if status, e := write(t, h, "POST", "projections", long); status != 503 {
		t.Errorf("after Close = %d %+v", status, e)
	}
	if maps, err := projector.List(t.Context(), store, ""); err != nil || len(maps) != 0 {
		t.Errorf("%d maps are left, %v", len(maps), err)
	}
}

// TestProgressIsTold to those who listen.
func TestProgressIsTold(t *testing.T) {
	store := servertest.NewStore(t)
	server := newServer(t, store, api.Options{Projections: true})
	servertest.NewTraining(60, "a").Log(t, store, "r", 2)
	resp, err := http.Get(server.URL + root + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	status, j := write(t, server.Config.Handler, "POST", "projections", `{"n_epochs": 20, "n_neighbors": 5}`)
	if status != http.StatusAccepted {
		t.Fatalf("answer %d %+v", status, j)
	}
	var states []string
	buf := make([]byte, 64<<10)
	text := ""
	for start := time.Now(); !slices.Contains(states, "finished") && time.Since(start) < 60*time.Second; {
		n, err := resp.Body.Read(buf)
		text += string(buf[:n])
		for {
			event, rest, ok := strings.Cut(text, "\n\n")
			if !ok {
				break
			}
			text = rest
			if data, ok := strings.CutPrefix(event, "event: job\ndata: "); ok {
				var j jobAnswer
				if err := json.Unmarshal([]byte(data), &j); err != nil {
					t.Fatal(err)
				}
				states = append(states, j.State)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if states[0] != "queued" || !slices.Contains(states, "running") || states[len(states)-1] != "finished" {
		t.Errorf("states told = %v", states)
	}
}

func TestProjectionsRefused(t *testing.T) {
	store := servertest.NewStore(t)
	h := api.New(store, api.Options{Projections: true})
	t.Cleanup(func() { h.Close() })
	servertest.NewTraining(10, "a").Log(t, store, "r", 1)
	if _, err := store.Start(t.Context(), servertest.StartConfig("mnist", "empty")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{``, 400, "the body is empty"},
		{`{"runs": "r"}`, 400, "runs"},
		{`{"neighbors": 5}`, 400, "unknown field"},
		{`{} {}`, 400, "more than one"},
		{`{"runs": ["none"]}`, 404, "none"},
		{`{"runs": ["empty"]}`, 400, "no epochs yet"},
		{`{"n_neighbors": 1}`, 400, "n_neighbors"},
		{`{"n_neighbors": 5000}`, 400, "1000 neighbours"},
		{`{"n_epochs": 1000000}`, 400, "10000 passes"},
		{`{"min_dist": -1}`, 400, "min_dist"},
		{`{"metric": "taxi"}`, 400, "metric"},
		{`{"mode": "x"}`, 400, "mode"},
		{`{"runs": [` + strings.Repeat(`"r",`, 200) + `"r"]}`, 400, "runs = 201, want at most 100 runs"},
		{strings.Repeat(" ", 2<<20), 413, "larger than"},
	} {
		if status, e := write(t, h, "POST", "projections", c.body); status != c.status || !strings.Contains(strings.ToLower(e.Error), c.says) || e.Code == "" {
			t.Errorf("%.60s = %d %+v, want %d and %q", c.body, status, e, c.status, c.says)
		}
	}
	if status, e := write(t, h, "POST", "projections", `{}`, "Content-Type", "text/plain"); status != 415 || e.Code != "wrong_type" || !strings.Contains(e.Error, "application/json") {
		t.Errorf("plain text = %d %+v", status, e)
	}
	if status, _ := write(t, h, "DELETE", "jobs/none", ""); status != 404 {
		t.Errorf("cancelling nothing = %d", status)
	}
	for _, path := range []string{"jobs", "runs", "events"} {
		if status, e := write(t, h, "POST", path, `{}`); status != 405 || strings.Contains(e.Error, "only reads") {
			t.Errorf("POST %s = %d %+v", path, status, e)
		}
	}
	reads := api.New(store, api.Options{})
	t.Cleanup(func() { reads.Close() })
	for _, c := range [][2]string{{"POST", "projections"}, {"DELETE", "projections/x"}, {"DELETE", "jobs/x"}} {
		if status, e := write(t, reads, c[0], c[1], `{}`); status != 405 || !strings.Contains(e.Error, "only reads") {
			t.Errorf("%s %s of a handler that only reads = %d %+v", c[0], c[1], status, e)
		}
	}
}

// TestFields: what the page is told of each option holds: its ends and its default are taken, and what is beyond them is not.
func TestFields(t *testing.T) {
	store := servertest.NewStore(t)
	h := api.New(store, api.Options{Projections: true})
	servertest.NewTraining(10, "a").Log(t, store, "r", 1)
	ask := func(name string, value any) int {
		t.Helper()
		body, err := json.Marshal(map[string]any{name: value})
		if err != nil {
			t.Fatal(err)
		}
		status, j := write(t, h, "POST", "projections", string(body))
		if status == http.StatusAccepted {
			write(t, h, "DELETE", "jobs/"+j.ID, "")
		} else if !strings.Contains(j.Error, name) {
			t.Errorf("%s is refused without its name: %q", body, j.Error)
		}
		return status
	}
	got := decode[struct {
		Fields []struct {
			Name, Title, About string
			Choices            []string
			Text               bool
			Whole              bool
			Min, Max           float64
			Default            any
		}
	}](t, h, root+"projections/fields")
	want := slices.DeleteFunc(projector.Settings(), func(s projector.Setting) bool { return !s.Form })
	if len(got.Fields) != len(want) || len(want) < 12 {
		t.Errorf("%d fields, and %d settings that a form asks for", len(got.Fields), len(want))
	}
	for _, f := range got.Fields {
		good, bad := []any{f.Default}, []any{f.Min - 1, f.Max + 1}
		for _, c := range f.Choices {
			good = append(good, c)
		}
		if f.Text {
			good, bad = append(good, "0-:50, last"), []any{"none such", "5-3", 0}
		} else if f.Choices != nil {
			bad = []any{"none such"}
		} else {
			good = append(good, f.Min, f.Max)
		}
		switch f.Name {
		case "seed":
			bad = bad[:1] // a program may have a larger one
		case "pca":
			bad, good = bad[:1], good[:2] // how many columns a layer has is not known yet
		}
		for _, v := range good {
			if status := ask(f.Name, v); status != http.StatusAccepted {
				t.Errorf("%s = %v is %d", f.Name, v, status)
			}
		}
		for _, v := range bad {
			if status := ask(f.Name, v); status != http.StatusBadRequest {
				t.Errorf("%s = %v is %d", f.Name, v, status)
			}
		}
		if f.Title == "" || f.About == "" {
			t.Errorf("%s is not described", f.Name)
		}
	}
	h.Close()
}
