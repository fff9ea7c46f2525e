package ingest_test

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/server/ingest"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestMain runs everything once more on PostgreSQL.
func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, "")) }

// openStore opens the store at path, which it makes if there is none.
func openStore(t testing.TB, path string) *tracker.Store {
	t.Helper()
	store, err := tracker.Open(t.Context(), path, tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func newStore(t testing.TB) *tracker.Store {
	t.Helper()
	return openStore(t, pgtest.Store(t))
}

func newClient(t testing.TB, store *tracker.Store, o ingest.Options) *servertest.Client {
	t.Helper()
	h := ingest.New(store, o)
	t.Cleanup(func() { h.Close() })
	return &servertest.Client{T: t, Store: store, Handler: h}
}

// raw returns a raw frame; ids may be nil.
func raw(ids []string, dim int, v []float32) []byte {
	head, err := json.Marshal(map[string]any{"rows": len(v) / dim, "dim": dim, "ids": ids})
	if err != nil {
		panic(err)
	}
	b := binary.LittleEndian.AppendUint32([]byte("ZFR1"), uint32(len(head)))
	b = append(b, head...)
	b, err = binary.Append(b, binary.LittleEndian, v)
	if err != nil {
		panic(err)
	}
	return b
}
