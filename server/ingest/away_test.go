package ingest_test

import (
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/server/ingest"
)

// TestStoreRestarts lets the store's server crash and come back while a client logs, who notices nothing but the wait.
func TestStoreRestarts(t *testing.T) {
	if pgtest.Current == nil {
		t.Skip("is about PostgreSQL")
	}
	store := newStore(t)
	c := newClient(t, store, ingest.Options{})
	id := c.Start("cnn", 3)
	c.Put(id, 1, "fc1", 3, 2, 1)
	pgtest.Current.Kill()
	restarted := make(chan error)
	go func() {
		time.Sleep(200 * time.Millisecond)
		restarted <- pgtest.Current.Run()
	}()
	c.Do(200, "POST", "runs/"+id+"/epochs/1", `{"step": 10, "layers": ["fc1"]}`)
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	if f, err := store.Frame(t.Context(), id, "fc1", 1); err != nil || len(f.Vectors) != 6 {
		t.Errorf("Frame = %+v, %v", f, err)
	}
}
