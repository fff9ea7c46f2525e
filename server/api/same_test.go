package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestOneMistakeOneAnswer: the same mistake gets the same status and the same code, whichever part of the server is asked.
func TestOneMistakeOneAnswer(t *testing.T) {
	c, _ := newWhole(t, here)
	for _, experiment := range []string{"e", "f"} {
		id := c.Do(201, "POST", "runs", `{"experiment": "`+experiment+`", "name": "twin"}`)["id"].(string)
		c.Do(200, "POST", "runs/"+id+"/samples", servertest.SamplesJSON(6))
		c.Put(id, 1, "fc1", 6, 5, 1)
		c.Do(200, "POST", "runs/"+id+"/epochs/1", `{"layers": ["fc1"]}`)
	}
	o := projector.Defaults()
	o.NNeighbors, o.NEpochs = 3, 10
	if _, err := projector.Project(t.Context(), c.Store, []string{"e/twin", "f/twin"}, o, nil); err != nil {
		t.Fatal(err)
	}
	type request struct{ method, path, kind, body string }
	for _, m := range []struct {
		name   string
		status int
		code   string
		ask    []request
	}{
		{"a name of two runs", 400, "ambiguous", []request{{"GET", "runs/twin", "", ""}, {"POST", "runs/twin/finish", "", ""}, {"POST", "projections", "application/json", `{"runs": ["twin"]}`}}},
		{"no such run", 404, "not_found", []request{{"GET", "runs/none", "", ""}, {"POST", "runs/none/finish", "", ""}, {"POST", "projections", "application/json", `{"runs": ["none"]}`}}},
		{"no such path", 404, "not_found", []request{{"GET", "none", "", ""}, {"GET", "runs/e%2Ftwin/none", "", ""}}},
		{"no such method", 405, "method_not_allowed", []request{{"PUT", "session", "", ""}, {"PUT", "runs/e%2Ftwin", "", ""}, {"PUT", "jobs", "", ""}}},
		{"a form", 415, "wrong_type", []request{{"POST", "session", "text/plain", "x"}, {"POST", "runs", "text/plain", "x"}, {"POST", "projections", "text/plain", "x"}}},
		{"half a body", 400, "invalid", []request{{"POST", "session", "application/json", `{`}, {"POST", "runs", "application/json", `{`}, {"POST", "projections", "application/json", `{`}}},
		{"an unknown field", 400, "invalid", []request{{"POST", "session", "application/json", `{"x": 1}`}, {"POST", "runs", "application/json", `{"x": 1}`}, {"POST", "projections", "application/json", `{"x": 1}`}}},
		{"half of a character", 400, "invalid", []request{{"POST", "session", "application/json", `{"token": "\ud83d"}`}, {"POST", "runs", "application/json", `{"name": "\ud83d"}`}, {"POST", "projections", "application/json", `{"runs": ["\ud83d"]}`}}},
		{"two values", 400, "invalid", []request{{"POST", "session", "application/json", `{} {}`}, {"POST", "runs", "application/json", `{} {}`}, {"POST", "projections", "application/json", `{} {}`}}},
		{"a body that is too long", 413, "too_large", []request{{"POST", "session", "application/json", `{"token": "` + strings.Repeat("x", 5<<10) + `"}`},
			{"POST", "projections", "application/json", `{"runs": ["` + strings.Repeat("x", 2<<20) + `"]}`}}},
	} {
		text := map[string]bool{}
		for _, q := range m.ask {
			w := c.Send(q.method, q.path, q.kind, strings.NewReader(q.body))
			if e := c.Expect(m.status, w); e["code"] != m.code {
				t.Errorf("%s, %s %s: code %v, want %s", m.name, q.method, q.path, e["code"], m.code)
			} else if m.status == 415 || m.name == "half a body" {
				text[e["error"].(string)] = true
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s, %s %s: headers %v", m.name, q.method, q.path, w.Header())
			}
		}
		if len(text) > 1 {
			t.Errorf("%s is told in %d ways: %v", m.name, len(text), text)
		}
	}
	c.Store.Close()
	for _, q := range []request{{"GET", "runs/e%2Ftwin", "", ""}, {"PATCH", "runs/e%2Ftwin", "application/json", `{"notes": "x"}`}} {
		w := c.Send(q.method, q.path, q.kind, strings.NewReader(q.body))
		if e := c.Expect(http.StatusServiceUnavailable, w); e["code"] != "closing" || w.Header().Get("Retry-After") != "1" {
			t.Errorf("a closed store, %s: %v %v", q.method, e, w.Header())
		}
	}
}

// TestOneHostCheck: the page refuses the names that the guard refuses, in the same words.
func TestOneHostCheck(t *testing.T) {
	for _, host := range []string{"evil.example", "localhost.evil.example:8420", "192.168.1.5", ""} {
		var said []string
		guarded, _ := newWhole(t, here)
		for _, h := range []http.Handler{guarded.Handler, barePage(t, guarded.Store)} {
			r := httptest.NewRequest("GET", "/api/v1/runs", nil)
			r.Host = host
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			said = append(said, w.Body.String())
			if w.Code != http.StatusForbidden {
				t.Errorf("host %q = %d, want 403", host, w.Code)
			}
		}
		if said[0] != said[1] || !strings.Contains(said[0], `"unknown_host"`) {
			t.Errorf("host %q: %q and %q", host, said[0], said[1])
		}
	}
}

func barePage(t *testing.T, store *tracker.Store) http.Handler {
	data := api.New(store, api.Options{})
	t.Cleanup(func() { data.Close() })
	return page.New(data, page.Options{})
}
