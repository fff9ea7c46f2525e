package access_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/access"
)

// A dialled is a connection to a server, as a client holds it.
type dialled struct {
	t *testing.T
	net.Conn
	answers *bufio.Reader
}

// serveLimited serves a guard with at most n connections, and returns a function that opens one.
func serveLimited(t *testing.T, g http.Handler, n int, proxies ...netip.Prefix) (dial func() *dialled) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: g, ConnContext: access.ConnContext}
	done := make(chan error, 1)
	go func() { done <- server.Serve(access.LimitConnections(inner, n, proxies...)) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; err != http.ErrServerClosed {
			t.Errorf("Serve = %v", err)
		}
	})
	return func() *dialled {
		t.Helper()
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(30 * time.Second))
		return &dialled{t, c, bufio.NewReader(c)}
	}
}

// ask sends a request, and returns the status of its answer.
func (c *dialled) ask(headers string) int {
	c.t.Helper()
	fmt.Fprintf(c, "GET /x HTTP/1.1\r\nHost: localhost\r\n%s\r\n", headers)
	resp, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// isClosed waits until the server has closed the connection.
func (c *dialled) isClosed() bool {
	_, err := c.answers.ReadByte()
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
}

const withToken = "Authorization: Bearer " + both + "\r\n"

// TestLimitConnections: at the limit, strangers go before those who have a token, and of the strangers the one that has been
// idle for longest. The newest is always served.
func TestLimitConnections(t *testing.T) {
	dial := serveLimited(t, newGuard(t, access.Options{Tokens: tokens(t)}), 4, netip.MustParsePrefix("127.0.0.1/32"))
	friend := dial()
	if status := friend.ask(withToken); status != 200 {
		t.Fatalf("with a token = %d", status)
	}
	var strangers []*dialled
	for range 10 {
		strangers = append(strangers, dial())
		time.Sleep(5 * time.Millisecond) // the server takes them in this order
	}
	newest := dial()
	if status := newest.ask(withToken); status != 200 {
		t.Errorf("the newest = %d", status)
	}
	for i, c := range strangers[:8] {
		if !c.isClosed() {
			t.Errorf("stranger %d of 10 is open", i)
		}
	}
	if status := strangers[9].ask(""); status != 401 {
		t.Errorf("the last stranger = %d", status)
	}
	if status := friend.ask(withToken); status != 200 {
		t.Errorf("the oldest connection, with a token = %d", status)
	}
}

// TestLimitStrangers: strangers of one source have a quarter of the connections.
func TestLimitStrangers(t *testing.T) {
	dial := serveLimited(t, newGuard(t, access.Options{Tokens: tokens(t)}), 8)
	var strangers []*dialled
	for range 3 {
		strangers = append(strangers, dial())
		time.Sleep(5 * time.Millisecond)
	}
	if !strangers[0].isClosed() {
		t.Error("a third stranger of one source is let in beside the first")
	}
	if status := strangers[1].ask(""); status != 401 {
		t.Errorf("the second = %d", status)
	}
	for range 8 {
		if status := dial().ask(withToken); status != 200 {
			t.Errorf("with a token = %d", status)
		}
	}
}

// TestLimitRush: strangers who come in a rush do not cut off who comes with them.
func TestLimitRush(t *testing.T) {
	dial := serveLimited(t, newGuard(t, access.Options{Tokens: tokens(t)}), 40)
	var friends []*dialled
	for i := range 48 {
		if c := dial(); i%6 == 5 {
			friends = append(friends, c)
		}
	}
	for i, c := range friends {
		if status := c.ask(withToken); status != 200 {
			t.Errorf("friend %d = %d", i, status)
		}
	}
}

// TestLimitWorking: a request that is being answered is not cut off for others that rest.
func TestLimitWorking(t *testing.T) {
	begun, leave := make(chan struct{}), make(chan struct{})
	g, err := access.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Slow") != "" {
			begun <- struct{}{}
			<-leave
		}
	}), access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dial := serveLimited(t, g, 3)
	slow := dial()
	status := make(chan int, 1)
	go func() { status <- slow.ask("Slow: yes\r\n") }()
	<-begun
	for range 6 {
		if status := dial().ask(""); status != 200 {
			t.Errorf("beside a slow request = %d", status)
		}
	}
	close(leave)
	if got := <-status; got != 200 {
		t.Errorf("the slow request = %d", got)
	}
}

// TestStrangersBody: a stranger's body is not waited for, however long it is said to be, and the connection is closed.
func TestStrangersBody(t *testing.T) {
	dial := serveLimited(t, newGuard(t, access.Options{Tokens: tokens(t)}), 8)
	for _, path := range []string{"/api/v1/session", "/api/v1/runs"} {
		c := dial()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000000000000\r\n\r\n{", path)
		resp, err := http.ReadResponse(c.answers, nil)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if want := map[string]int{"/api/v1/session": 413, "/api/v1/runs": 401}[path]; resp.StatusCode != want {
			t.Errorf("%s = %d, want %d", path, resp.StatusCode, want)
		}
		if !c.isClosed() {
			t.Errorf("%s: the connection is open", path)
		}
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
