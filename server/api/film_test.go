package api_test

import (
	"bytes"
	"context"
	"image/gif"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// TestFilm: a GIF of a run's map, in the colours that were asked for.
func TestFilm(t *testing.T) {
	store := servertest.NewStore(t)
	run := servertest.NewTraining(30, "a", "b").Log(t, store, "cnn", 4)
	base := "/api/v1/projections/" + servertest.Project(t, store, run.ID(), 2).Info().ID + "/film"
	h := api.New(store, api.Options{})
	t.Cleanup(func() { h.Close() })
	films := map[string][]byte{}
	for _, query := range []string{"", "?theme=dark", "?color=correct&pace=3", "?color=prediction&run=cnn"} {
		w := servertest.Get(t, h, base+query)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/gif" || w.Header().Get("ETag") == "" {
			t.Fatalf("%s: %d, %v: %.200s", query, w.Code, w.Header(), w.Body)
		}
		films[query] = w.Body.Bytes()
		g, err := gif.DecodeAll(w.Body)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		want := 41 // three steps at one and a half epochs a second, and twenty frames in each
		if strings.Contains(query, "pace=3") {
			want = 21
		}
		if len(g.Image) != want {
			t.Errorf("%s: %d frames, want %d", query, len(g.Image), want)
		}
		r, _, _, _ := g.Image[0].At(2, 2).RGBA()
		if dark := r < 0x4000; dark != strings.Contains(query, "dark") {
			t.Errorf("%s: its corner is %v", query, g.Image[0].At(2, 2))
		}
	}
	if bytes.Equal(films[""], films["?color=correct&pace=3"]) {
		t.Error("colours make no difference")
	}
	for query, says := range map[string]string{
		"?color=loss": "want label, prediction or correct", "?theme=blue": "want light or dark", "?pace=0": "at most 20", "?pace=x": "at most 20",
	} {
		if w := servertest.Get(t, h, base+query); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%s: %d %s, want 400 and %q", query, w.Code, w.Body, says)
		}
	}
	few := api.New(store, api.Options{FilmPoints: 119})
	t.Cleanup(func() { few.Close() })
	w := servertest.Get(t, few, base)
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "up to 119 points, and 4 epochs of 30 samples are 120") || !strings.Contains(w.Body.String(), "plot map --animate") {
		t.Errorf("of too many points: %d %s", w.Code, w.Body)
	}
	if w := servertest.Get(t, h, base+"?run=nobody"); w.Code != http.StatusNotFound {
		t.Errorf("of a run that is not there: %d", w.Code)
	}
}

// TestFilmBare: without predictions there is nothing to colour by them, and the answer says what to do.
func TestFilmBare(t *testing.T) {
	store := servertest.NewStore(t)
	run, err := store.Start(t.Context(), servertest.StartConfig("mnist", "bare"))
	if err != nil {
		t.Fatal(err)
	}
	tr := servertest.NewTraining(20, "a")
	if err := run.AddSamples(t.Context(), tr.Samples(t)); err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		e := tr.Epoch(n)
		e.Outputs = nil
		servertest.LogEpoch(t, run, e)
	}
	h := api.New(store, api.Options{})
	t.Cleanup(func() { h.Close() })
	base := "/api/v1/projections/" + servertest.Project(t, store, run.ID(), 2).Info().ID + "/film"
	if w := servertest.Get(t, h, base+"?color=prediction"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "colour by label") {
		t.Errorf("%d %s, want 400", w.Code, w.Body)
	}
	if w := servertest.Get(t, h, base); w.Code != http.StatusOK {
		t.Errorf("by label: %d %s", w.Code, w.Body)
	}
}

// TestFilmAlone: one is made at a time, and it ends when who asked for it leaves.
func TestFilmAlone(t *testing.T) {
	store := servertest.NewStore(t)
	large := servertest.NewTraining(600, "a", "b", "c").Log(t, store, "large", 20)
	small := servertest.NewTraining(20, "a").Log(t, store, "small", 2)
	h := api.New(store, api.Options{})
	t.Cleanup(func() { h.Close() })
	path := func(run string) string {
		return "/api/v1/projections/" + servertest.Project(t, store, run, 2).Info().ID + "/film?pace=0.5"
	}
	long, short := path(large.ID()), path(small.ID())
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	left := make(chan *httptest.ResponseRecorder)
	go func() {
		for {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "http://localhost"+long, nil))
			if w.Code != http.StatusServiceUnavailable {
				left <- w
				return
			}
		}
	}()
	until := func(what string, code int) *httptest.ResponseRecorder {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if w := servertest.Get(t, h, short); w.Code == code {
				return w
			}
		}
		t.Fatal(what)
		return nil
	}
	refused := until("a second one was never refused", http.StatusServiceUnavailable)
	if !strings.Contains(refused.Body.String(), "another GIF") || refused.Header().Get("Retry-After") == "" {
		t.Errorf("refused with %v %s", refused.Header(), refused.Body)
	}
	leave()
	if w := <-left; w.Body.Len() > 0 {
		t.Errorf("who left was sent %d bytes: %.100s", w.Body.Len(), w.Body)
	}
	until("it goes on without anybody", http.StatusOK)
}
