package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/server/page"
	"github.com/zoetrope-ml/zoetrope/tracker"
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

	data := api.New(store, api.Options{})
	defer data.Close()
	handler := page.New(data, page.Options{})
	// http.ListenAndServe("127.0.0.1:8420", handler) serves people; this asks for the list of runs as they would.
	server := httptest.NewServer(handler)
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
