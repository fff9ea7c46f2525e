package api_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server"
	"github.com/zoetrope-ml/zoetrope/server/access"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// newWhole returns everything that zoetrope serve answers with.
func newWhole(t testing.TB, o server.Options) (*servertest.Client, *server.Server) {
	t.Helper()
	store := servertest.NewStore(t)
	s, err := server.New(store, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &servertest.Client{T: t, Store: store, Handler: s}, s
}

// here is for requests that httptest makes, which are for example.com.
var here = server.Options{Access: access.Options{Hosts: []string{"example.com"}}}

// TestOpenAPIRoutes: each route of the servers is in the file, and each of the file's is one of the servers'.
func TestOpenAPIRoutes(t *testing.T) {
	_, all := newWhole(t, here)
	have := all.Routes()
	said := slices.Collect(maps.Keys(servertest.ReadDocument(t, "openapi.json").Operations()))
	for _, r := range have {
		if !slices.Contains(said, r) {
			t.Errorf("%s is not in the file", r)
		}
	}
	for _, r := range said {
		if !slices.Contains(have, r) {
			t.Errorf("%s is in the file, and nobody answers it", r)
		}
	}
}

// TestOpenAPIAnswers sends each request that the file describes, with the file's own example where it has one, and holds the
// answer against what the file says of it.
func TestOpenAPIAnswers(t *testing.T) {
	d := servertest.ReadDocument(t, "openapi.json")
	c, _ := newWhole(t, here)
	ops := d.Operations()
	asked := map[string]bool{}
	ask := func(route, path string, want int, body ...byte) map[string]any {
		t.Helper()
		op := ops[route]
		if op == nil {
			t.Fatalf("%s is not in the file", route)
		}
		asked[route] = true
		method, _, _ := strings.Cut(route, " ")
		kind := ""
		if body == nil {
			body = d.Example(op, route)
			kind = "application/json"
		}
		w := c.Send(method, path, kind, bytes.NewReader(body))
		return d.Hold(op, route, w, want)
	}
	ask("GET /api/v1/limits", "limits", 200)
	run := ask("POST /api/v1/runs", "runs", 201)
	ask("POST /api/v1/runs", "runs", 200) // its example resumes
	ask("PATCH /api/v1/runs/{run}", "runs/first", 200)
	ask("POST /api/v1/runs/{run}/samples", "runs/first/samples", 200)
	ask("PUT /api/v1/runs/{run}/epochs/{epoch}/frames/{layer}", "runs/first/epochs/1/frames/fc1", 202, servertest.Npy(3, 4, 0)...)
	ask("POST /api/v1/runs/{run}/epochs/{epoch}", "runs/first/epochs/1", 200)
	ask("PUT /api/v1/runs/{run}/epochs/{epoch}/frames/{layer}", "runs/first/epochs/2/frames/fc1", 202, servertest.Npy(3, 4, 1)...)
	ask("PUT /api/v1/runs/{run}/epochs/{epoch}/frames/{layer}", "runs/first/epochs/2/frames/fc2", 202, servertest.Npy(3, 4, 1)...)
	ask("POST /api/v1/runs/{run}/epochs/{epoch}", "runs/first/epochs/2", 200)
	ask("POST /api/v1/runs/{run}/metrics", "runs/first/metrics", 200)
	ask("POST /api/v1/runs/{run}/heartbeat", "runs/first/heartbeat", 200)

	// A run with pictures and a projection, for reading.
	var list []string
	for i := range 12 {
		list = append(list, fmt.Sprintf(`{"id": "s%d", "label": "%d", "thumbnail": %q}`, i, i%2, servertest.OnePixel))
	}
	mapped := c.Do(201, "POST", "runs", `{"name": "mapped"}`)["id"].(string)
	c.Do(200, "POST", "runs/mapped/samples", `{"samples": [`+strings.Join(list, ",")+`]}`)
	for epoch := 1; epoch <= 2; epoch++ {
		c.Put("mapped", epoch, "fc1", 12, 5, float32(epoch))
		c.Do(200, "POST", fmt.Sprintf("runs/mapped/epochs/%d", epoch), `{"layers": ["fc1"]}`)
	}
	o := projector.Defaults()
	o.NNeighbors, o.NEpochs = 4, 20
	p, err := projector.Project(t.Context(), c.Store, []string{mapped}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := p.Info().ID
	for _, run := range []string{"first", "mapped"} {
		ask("GET /api/v1/runs", "runs", 200)
		ask("GET /api/v1/runs/{run}", "runs/"+run, 200)
		ask("GET /api/v1/runs/{run}/epochs", "runs/"+run+"/epochs", 200)
		ask("GET /api/v1/runs/{run}/metrics", "runs/"+run+"/metrics", 200)
		ask("GET /api/v1/metrics", "metrics?run="+run, 200)
		ask("GET /api/v1/runs/{run}/samples", "runs/"+run+"/samples", 200)
		ask("GET /api/v1/runs/{run}/samples", "runs/"+run+"/samples?form=compact", 200)
		ask("GET /api/v1/runs/{run}/epochs/{epoch}/outputs", "runs/"+run+"/epochs/1/outputs?form=compact", 200)
		ask("GET /api/v1/runs/{run}/vectors", "runs/"+run+"/vectors", 200)
		ask("GET /api/v1/runs/{run}/vectors", "runs/"+run+"/vectors?format=npy", 200)
		ask("GET /api/v1/runs/{run}/epochs/{epoch}/outputs", "runs/"+run+"/epochs/1/outputs", 200)
		ask("GET /api/v1/runs/{run}/epochs/{epoch}/neighborhoods", "runs/"+run+"/epochs/1/neighborhoods?k=2", 200)
		layout := ask("GET /api/v1/runs/{run}/provisional", "runs/"+run+"/provisional", 200)
		ask("GET /api/v1/runs/{run}/provisional/{revision}/positions", layout["positions"].(string), 200)
	}
	ask("GET /api/v1/runs/{run}/samples/{sample}/thumbnail", "runs/mapped/samples/s1/thumbnail", 200)
	sprite := ask("GET /api/v1/runs/{run}/samples", "runs/mapped/samples", 200)["sprite"].(map[string]any)
	ask("GET /api/v1/runs/{run}/sprite/{version}/{sheet}", fmt.Sprintf("runs/mapped/sprite/%s/0.png", sprite["version"]), 200)
	ask("GET /api/v1/projections", "projections", 200)
	ask("GET /api/v1/projections/fields", "projections/fields", 200)
	base := "projections/" + id
	ask("GET /api/v1/projections/{projection}", base, 200)
	layout := ask("GET /api/v1/projections/{projection}/layout", base+"/layout", 200)
	ask("GET /api/v1/projections/{projection}/revisions/{revision}/positions", layout["positions"].(string), 200)
	ask("GET /api/v1/projections/{projection}/revisions/{revision}/epochs/{epoch}/trust", base+"/revisions/1/epochs/1/trust", 200)
	for _, format := range []string{"json", "csv", "npy"} {
		ask("GET /api/v1/projections/{projection}/points", base+"/points?format="+format, 200)
	}
	ask("GET /api/v1/projections/{projection}/trajectory", base+"/trajectory?sample=s1", 200)
	ask("GET /api/v1/projections/{projection}/film", base+"/film?theme=dark&pace=20", 200)
	ask("GET /api/v1/projections/{projection}/neighbors", base+"/neighbors?epoch=1&sample=s1", 200)
	ask("GET /api/v1/projections/{projection}/quality", base+"/quality", 200)
	// Of revisions that the map does not have.
	ask("GET /api/v1/projections/{projection}/revisions/{revision}/positions", base+"/revisions/9/positions", 204)
	ask("GET /api/v1/projections/{projection}/revisions/{revision}/epochs/{epoch}/trust", base+"/revisions/9/epochs/1/trust?run=mapped", 204)
	ask("GET /api/v1/runs/{run}/epochs/{epoch}/neighborhoods", "runs/mapped/epochs/1/neighborhoods?revision=9&projection="+id, 204)
	ask("GET /api/v1/runs/{run}/provisional/{revision}/positions", "runs/mapped/provisional/9/positions", 204)
	job := "jobs/" + ask("POST /api/v1/projections", "projections", 202)["id"].(string)
	ask("GET /api/v1/jobs", "jobs", 200)
	for ask("GET /api/v1/jobs/{job}", job, 200)["ended"] == nil {
		time.Sleep(5 * time.Millisecond)
	}
	if got := ask("DELETE /api/v1/jobs/{job}", job, 200); got["state"] != "finished" {
		t.Errorf("the projection of the example is %v", got)
	}
	ask("DELETE /api/v1/projections/{projection}", base, 200)
	ask("GET /api/v1/openapi.json", "openapi.json", 200)
	ask("GET /api/v1/session", "session", 200)
	ask("POST /api/v1/session", "session", 200)
	ask("DELETE /api/v1/session", "session", 200)
	asked["GET /api/v1/events"] = true
	d.Hold(ops["GET /api/v1/events"], "events", listenBriefly(t, c), 200)

	ask("POST /api/v1/runs/{run}/truncate", "runs/first/truncate", 200)
	for _, end := range []string{"finish", "stop", "fail"} {
		c.Do(200, "POST", "runs", `{"experiment": "digits", "name": "first", "resume": "must"}`)
		if state := ask("POST /api/v1/runs/{run}/"+end, "runs/first/"+end, 200)["state"]; state == "running" {
			t.Errorf("after %s the run is %s", end, state)
		}
	}
	if run["id"] == nil {
		t.Error("a run has no id")
	}
	for route := range ops {
		if !asked[route] {
			t.Errorf("%s was not asked for", route)
		}
	}
}

// listenBriefly opens an event stream for a moment.
func listenBriefly(t *testing.T, c *servertest.Client) *httptest.ResponseRecorder {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	c.Handler.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/events", nil).WithContext(ctx))
	return w
}
