package page_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestBehind: the list of maps says how far each is behind its run, and so does the page, which follows the run; the file of
// one page holds even a map none of whose vectors is left.
func TestBehind(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(40, "a", "b")
	run := tr.Log(t, store, "cnn", 4)
	servertest.Project(t, store, run.ID(), 2)
	h := newHandler(t, store)
	check := func(want string) {
		t.Helper()
		if w := servertest.Get(t, h, "/api/v1/projections?run=cnn"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"behind":`+want) {
			t.Errorf("%d %s, want %s", w.Code, w.Body, want)
		}
	}
	check(`{"new":0,"changed":0,"removed":0}`)
	servertest.LogEpoch(t, run, tr.Epoch(2)) // the same again
	check(`{"new":0,"changed":0,"removed":0}`)
	if err := run.TruncateAfter(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	other := servertest.NewTraining(40, "a", "b")
	for i := range other.Vectors {
		other.Vectors[i] = -other.Vectors[i]
	}
	for _, e := range []int{3, 5, 6} {
		servertest.LogEpoch(t, run, other.Epoch(e))
	}
	check(`{"new":2,"changed":1,"removed":1}`)
	for _, e := range []int{1, 2} {
		servertest.LogEpoch(t, run, other.Epoch(e))
	}
	check(`{"new":2,"changed":3,"removed":1}`)
	if err := store.Write(t.Context(), forgetQuality); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := page.WriteHTML(t.Context(), &b, store, page.HTMLOptions{Run: run.ID(), Projections: ids(t, store)}); err != nil || b.Len() < 100_000 {
		t.Errorf("a page of a map that is behind: %d bytes, %v", b.Len(), err)
	}
}

// TestPageBehind: the page says that its map is behind, as soon as it is.
func TestPageBehind(t *testing.T) {
	store := servertest.NewStore(t)
	tr := servertest.NewTraining(40, "a", "b")
	run := tr.Log(t, store, "cnn", 3)
	servertest.Project(t, store, run.ID(), 2)
	tb := openTab(t, newServer(t, store, api.Options{}), "", 1160, 800)
	tb.ready()
	said := `document.getElementById("quality-words").textContent + document.querySelector("#maps-list .pick small").textContent`
	if text := eval[string](tb, "%s", said); strings.Contains(text, "behind") {
		t.Errorf("the page says %q of a map that is not behind", text)
	}
	servertest.LogEpoch(t, run, tr.Epoch(4))
	tb.wait("the page says that the map is behind", `((t) => t.includes("This map is 1 epoch behind: 1 new. ") && t.endsWith("1 epoch behind: 1 new"))(`+said+`)`, 10*time.Second)
}

func forgetQuality(tx *tracker.Tx) error {
	_, err := tx.ExecContext(context.Background(), "UPDATE projection SET quality = NULL")
	return err
}

// ids are those of all projections.
func ids(t *testing.T, store *tracker.Store) (list []string) {
	t.Helper()
	infos, err := projector.List(t.Context(), store, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range infos {
		list = append(list, i.ID)
	}
	return list
}
