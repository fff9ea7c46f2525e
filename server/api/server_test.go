package api_test

import (
	"net/http/httptest"
	"os"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestMain runs what reads the store in its own way once more on PostgreSQL.
func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, "^Test(Runs|EpochsAndMetrics|SamplesAndOutputs|Positions|MissingSamples|Sprite|PointsNeighborsQuality|"+
		"Provisional|Events|NothingIsMissed|OtherProcess|Vectors|PointFormats|Comparison|Trust|Neighborhoods|StoreAway|"+
		"OpenAPIRoutes|OpenAPIAnswers|OneMistakeOneAnswer)$"))
}

// newServer serves the API of a store until the test ends.
func newServer(t testing.TB, store *tracker.Store, o api.Options) *httptest.Server {
	t.Helper()
	data := api.New(store, o)
	server := httptest.NewServer(data)
	t.Cleanup(func() {
		data.Close() // first, or the server waits for the event streams
		server.Close()
	})
	return server
}
