package access_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/access"
)

// TestLimitConnections: so many connections are served at once, further ones when there is room.
func TestLimitConnections(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := access.LimitConnections(inner, 2)
	g := newGuard(t, access.Options{})
	server := &http.Server{Handler: g}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	talk := func(c net.Conn, wait time.Duration) error {
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		c.SetReadDeadline(time.Now().Add(wait))
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	for i, c := range conns[:2] {
		if err := talk(c, 10*time.Second); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
	if err := talk(conns[2], 200*time.Millisecond); err == nil {
		t.Error("a third connection is served")
	}
	conns[0].Close()
	if err := talk(conns[2], 10*time.Second); err != nil {
		t.Errorf("after one was closed: %v", err)
	}
	server.Close()
	if err := <-done; err != http.ErrServerClosed {
		t.Errorf("Serve = %v", err)
	}
	if _, err := listener.Accept(); err == nil {
		t.Error("a closed listener accepts")
	}
}

// TestLimitedListenerCloses while it waits for room.
func TestLimitedListenerCloses(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := access.LimitConnections(inner, 1)
	c, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	failed := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		failed <- err
	}()
	time.Sleep(20 * time.Millisecond)
	l.Close()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("Accept = nil after Close")
		}
	case <-time.After(10 * time.Second):
		t.Error("Accept waits on after Close")
	}
}

// TestBodyIsRead through a guard, and the connection lives on: no deadline is left behind.
func TestBodyIsRead(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprint(w, len(b), err)
	})
	g, err := access.New(echo, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: g}
	go server.Serve(inner)
	defer server.Close()
	for range 3 {
		resp, err := http.Post("http://"+inner.Addr().String()+"/x", "text/plain", strings.NewReader(strings.Repeat("x", 1<<20)))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(b) != "1048576 <nil>" && string(b) != "1048576<nil>" {
			t.Errorf("answer %q", b)
		}
	}
}

// TestSlowBody: who sends a body more slowly than anybody has to is cut off, and a slow answer is not.
func TestSlowBody(t *testing.T) {
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err == nil {
			time.Sleep(300 * time.Millisecond) // longer than a body may take
		}
		if err == nil && r.Context().Err() != nil {
			t.Error("the request is cancelled while it is answered")
		}
		fmt.Fprint(w, len(b), " ", err == nil)
	})
	g, err := access.New(slow, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g.SetPatience(150 * time.Millisecond)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: g}
	go server.Serve(inner)
	defer server.Close()
	c, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	start := time.Now()
	fmt.Fprintf(c, "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
	go func() {
		for range 50 { // a byte now and then changes nothing
			time.Sleep(100 * time.Millisecond)
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
		}
	}()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	b, _ := io.ReadAll(c)
	if took := time.Since(start); took > 5*time.Second || strings.Contains(string(b), "true") {
		t.Errorf("after %v: %q", took, b)
	}
	resp, err := http.Post("http://"+inner.Addr().String()+"/x", "text/plain", strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); string(b) != "5 true" {
		t.Errorf("a body that comes at once: %q", b)
	}
}
