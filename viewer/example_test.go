package viewer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/viewer"
)

func ExampleNew() {
	dir, err := os.MkdirTemp("", "zoetrope")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := tracker.Open(context.Background(), filepath.Join(dir, "zoetrope.db"), tracker.OpenOptions{Create: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Start(context.Background(), tracker.RunConfig{Experiment: "mnist", Name: "cnn"}); err != nil {
		log.Fatal(err)
	}

	page := viewer.New(store, viewer.Options{})
	defer page.Close()
	// http.ListenAndServe("127.0.0.1:8420", page) serves people; this asks for the list of runs as they would.
	server := httptest.NewServer(page)
	defer server.Close()
	answer, err := http.Get(server.URL + "/api/v1/runs")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	var list struct {
		Runs []struct {
			Experiment, Name, State string
		}
	}
	err = json.NewDecoder(answer.Body).Decode(&list)
	fmt.Println(list.Runs, err)
	// Output: [{mnist cnn running}] <nil>
}
