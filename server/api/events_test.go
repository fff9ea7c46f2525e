package api_test

import (
	"bufio"
	"context"
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
	"github.com/zoetrope-ml/zoetrope/tracker"
)

type event struct {
	ID, Kind string
	Data     struct {
		Store  string
		Runs   []string
		Cut    []string
		Epochs []struct {
			Run   string
			Epoch int
		}
		Projections []struct {
			ID, Revision string
			Runs         []string
		}
		Removed []string
	}
}

// listen returns the events of a stream; the channel is closed at its end.
func listen(t *testing.T, server *httptest.Server, query, lastID string) <-chan event {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+root+"events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("Content-Type = %q", got)
	}
	events := make(chan event, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(events)
		var e event
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.ID = value
			case "event":
				e.Kind = value
			case "data":
				if err := json.Unmarshal([]byte(value), &e.Data); err != nil {
					t.Errorf("event %s: %v", value, err)
				}
			case "":
				if e.Kind != "" {
					events <- e
				}
				e = event{}
			}
		}
	}()
	t.Cleanup(func() { cancel(); answer.Body.Close(); <-done })
	return events
}

// next returns the next event, which must come within a second.
func next(t *testing.T, events <-chan event) event {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(time.Second):
		t.Fatal("no event within a second")
	}
	panic("unreachable")
}

// epochsOf waits for the news of n epochs and returns their numbers.
func epochsOf(t *testing.T, events <-chan event, n int) []int {
	t.Helper()
	var list []int
	for len(list) < n {
		for _, e := range next(t, events).Data.Epochs {
			list = append(list, e.Epoch)
		}
	}
	return list
}

func TestEvents(t *testing.T) {
	store := servertest.NewStore(t)
	server := newServer(t, store, api.Options{Poll: 20 * time.Millisecond})
	tr := servertest.NewTraining(20, "a", "b")
	run := tr.Log(t, store, "r", 1)
	events := listen(t, server, "", "")
	if e := next(t, events); e.Kind != "hello" || e.ID == "" || e.Data.Store == "" {
		t.Fatalf("the first event is %+v", e)
	}
	servertest.LogEpoch(t, run, tr.Epoch(2))
	e := next(t, events)
	if e.Kind != "change" || !slices.Contains(e.Data.Runs, run.ID()) || len(e.Data.Epochs) != 1 || e.Data.Epochs[0].Epoch != 2 || e.Data.Epochs[0].Run != run.ID() {
		t.Errorf("after Log: %+v", e)
	}
	if err := run.LogMetrics(t.Context(), 205, tracker.Metrics{"loss": 1}); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); !slices.Contains(e.Data.Runs, run.ID()) || len(e.Data.Epochs) != 0 {
		t.Errorf("after LogMetrics: %+v", e)
	}
	p := servertest.Project(t, store, run.ID(), 2)
	if e := next(t, events); len(e.Data.Projections) != 1 || e.Data.Projections[0].ID != p.Info().ID || e.Data.Projections[0].Runs[0] != run.ID() {
		t.Errorf("after Project: %+v", e)
	}
	if err := projector.Delete(t.Context(), store, p.Info().ID); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); !slices.Equal(e.Data.Removed, []string{p.Info().ID}) {
		t.Errorf("after Delete: %+v", e)
	}
	if err := run.TruncateAfter(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); !slices.Equal(e.Data.Cut, []string{run.ID()}) {
		t.Errorf("after TruncateAfter: %+v", e)
	}
	if err := run.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); !slices.Equal(e.Data.Runs, []string{run.ID()}) {
		t.Errorf("after Finish: %+v", e)
	}
}

// TestCatchUp: who was away goes on where it left off, by either way of saying where that was.
func TestCatchUp(t *testing.T) {
	store := servertest.NewStore(t)
	server := newServer(t, store, api.Options{Poll: 20 * time.Millisecond})
	tr := servertest.NewTraining(8, "a")
	run := tr.Log(t, store, "r", 1)
	first := listen(t, server, "", "")
	next(t, first)
	servertest.LogEpoch(t, run, tr.Epoch(2))
	seen := next(t, first)
	for e := 3; e <= 5; e++ {
		servertest.LogEpoch(t, run, tr.Epoch(e))
	}
	for name, events := range map[string]<-chan event{
		"Last-Event-ID": listen(t, server, "", seen.ID),
		"after":         listen(t, server, "?after="+seen.ID, ""),
	} {
		if e := next(t, events); e.Kind != "hello" || e.ID != seen.ID {
			t.Errorf("%s: the first event is %+v", name, e)
		}
		if got := epochsOf(t, events, 3); !slices.Equal(got, []int{3, 4, 5}) {
			t.Errorf("%s: epochs %v, want 3, 4, 5", name, got)
		}
	}
	// A cursor from another store: all is told.
	ahead := listen(t, server, "?after=999999999", "")
	next(t, ahead)
	if got := epochsOf(t, ahead, 5); len(got) != 5 {
		t.Errorf("after a cursor of the future: epochs %v, want 5", got)
	}
}

// TestNothingIsMissed: epochs that are logged while a client connects are told exactly once or more, never less.
func TestNothingIsMissed(t *testing.T) {
	store := servertest.NewStore(t)
	server := newServer(t, store, api.Options{Poll: 5 * time.Millisecond})
	tr := servertest.NewTraining(4, "a")
	run := tr.Log(t, store, "r", 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := 1; e <= 40; e++ {
			if err := run.Log(t.Context(), tr.Epoch(e)); err != nil {
				t.Error(err)
			}
		}
	}()
	var streams []<-chan event
	for range 8 {
		streams = append(streams, listen(t, server, "?after=0", ""))
		time.Sleep(5 * time.Millisecond)
	}
	<-done
	for _, events := range streams {
		missing := map[int]bool{}
		for e := 1; e <= 40; e++ {
			missing[e] = true
		}
		for len(missing) > 0 {
			for _, e := range next(t, events).Data.Epochs {
				delete(missing, e.Epoch)
			}
		}
	}
}

// TestOtherProcess: another Store on the same file stands for another process.
func TestOtherProcess(t *testing.T) {
	store := servertest.NewStore(t)
	reader, err := tracker.Open(t.Context(), store.Path(), tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	server := newServer(t, reader, api.Options{})
	events := listen(t, server, "", "")
	next(t, events)
	servertest.NewTraining(8, "a").Log(t, store, "r", 1)
	if got := epochsOf(t, events, 1); got[0] != 1 {
		t.Errorf("epochs = %v", got)
	}
}

func TestCloseEndsStreams(t *testing.T) {
	store := servertest.NewStore(t)
	page := api.New(store, api.Options{})
	server := httptest.NewServer(page)
	defer server.Close()
	streams := []<-chan event{listen(t, server, "", ""), listen(t, server, "", "")}
	for _, events := range streams {
		next(t, events)
	}
	if err := page.Close(); err != nil {
		t.Fatal(err)
	}
	for _, events := range streams {
		select {
		case e, ok := <-events:
			if ok {
				t.Errorf("an event after Close: %+v", e)
			}
		case <-time.After(time.Second):
			t.Error("a stream goes on after Close")
		}
	}
	if err := page.Close(); err != nil {
		t.Errorf("a second Close = %v", err)
	}
	late := listen(t, server, "", "")
	for range late { // it says hello and ends
	}
}

// TestSlowClient: who does not take its events is dropped, and the others go on.
func TestSlowClient(t *testing.T) {
	store := servertest.NewStore(t)
	page := api.New(store, api.Options{Poll: time.Millisecond})
	defer page.Close()
	stuck := &stuckWriter{header: http.Header{}, release: make(chan struct{})}
	r := httptest.NewRequest("GET", root+"events", nil)
	r.Host = "localhost"
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		page.ServeHTTP(stuck, r)
	}()
	server := httptest.NewServer(page)
	defer server.Close()
	events := listen(t, server, "", "")
	next(t, events)
	run := servertest.NewTraining(2, "a").Log(t, store, "r", 0)
	for i := range 150 {
		if err := run.LogMetrics(t.Context(), i+1, tracker.Metrics{"loss": 1}); err != nil {
			t.Fatal(err)
		}
		next(t, events) // the other one is never held up
	}
	close(stuck.release)
	select {
	case <-gone:
	case <-time.After(time.Second):
		t.Error("the slow client is still served")
	}
	page.Close()
}

// stuckWriter takes the first few writes, and then nothing until it is released.
type stuckWriter struct {
	header  http.Header
	writes  int
	release chan struct{}
}

func (w *stuckWriter) Header() http.Header { return w.header }
func (w *stuckWriter) WriteHeader(int)     {}
func (w *stuckWriter) Flush()              {}

func (w *stuckWriter) Write(p []byte) (int, error) {
	if w.writes++; w.writes > 3 {
		<-w.release
	}
	return len(p), nil
}

// TestStreamLimit: so many may listen at once, and another when one has left.
func TestStreamLimit(t *testing.T) {
	server := newServer(t, servertest.NewStore(t), api.Options{Streams: 2})
	open := func() *http.Response {
		t.Helper()
		resp, err := http.Get(server.URL + root + "events")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	first := open()
	if second := open(); first.StatusCode != 200 || second.StatusCode != 200 {
		t.Errorf("two streams = %s, %s", first.Status, second.Status)
	}
	if third := open(); third.StatusCode != 503 || third.Header.Get("Retry-After") == "" {
		t.Errorf("a third stream = %s", third.Status)
	}
	first.Body.Close()
	for start := time.Now(); open().StatusCode != 200; time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatal("there is no room after a stream was closed")
		}
	}
}
