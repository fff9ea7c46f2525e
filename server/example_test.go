package server_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/zoetrope-ml/zoetrope/server"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A program in any language logs to a server, and a browser shows what it logged.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := tracker.Open(ctx, filepath.Join(dir, "zoetrope.db"), tracker.OpenOptions{Create: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	s, err := server.New(store, server.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- s.Serve(ctx, l) }()

	url := "http://" + l.Addr().String()
	started, err := http.Post(url+"/api/v1/runs", "application/json", strings.NewReader(`{"name": "first"}`))
	if err != nil {
		log.Fatal(err)
	}
	defer started.Body.Close()
	page, err := http.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer page.Body.Close()
	fmt.Println(started.Status)
	fmt.Println(page.Status)
	stop()
	fmt.Println(<-done)
	// Output:
	// 201 Created
	// 200 OK
	// <nil>
}
