package page_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// newPage returns the page of a store, with its API.
func newPage(t testing.TB, store *tracker.Store, o page.Options) *page.Handler {
	data := api.New(store, api.Options{Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { data.Close() })
	return page.New(data, o)
}

func newHandler(t testing.TB, store *tracker.Store) *page.Handler {
	return newPage(t, store, page.Options{})
}

// newServer serves the page of a store until the test ends.
func newServer(t testing.TB, store *tracker.Store, o api.Options) *httptest.Server {
	t.Helper()
	data := api.New(store, o)
	server := httptest.NewServer(page.New(data, page.Options{}))
	t.Cleanup(func() {
		data.Close() // first, or the server waits for the event streams
		server.Close()
	})
	return server
}
