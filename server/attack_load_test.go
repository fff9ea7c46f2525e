package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/interchange"
)

// A caller sends requests with the token one after the other, on a connection that is kept, and counts what came of them.
type caller struct {
	a      *attacked
	client http.Client
	tally  tally
	first  error // the first that failed
}

func (a *attacked) caller() *caller {
	return &caller{a: a, client: http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}
}

// call sends a request, which should succeed.
func (c *caller) call(method, path, kind string, body []byte) {
	begin := time.Now()
	err := func() error {
		r, err := http.NewRequest(method, "http://"+c.a.addr+"/api/v1/"+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", kind)
		resp, err := c.client.Do(r)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode >= 300 {
			err = fmt.Errorf("%s %s = %d %.200s", method, path, resp.StatusCode, answer)
		}
		return err
	}()
	if err != nil {
		c.tally.failed++
		if c.first == nil {
			c.first = err
		}
		return
	}
	c.tally.took = append(c.tally.took, time.Since(begin))
}

// write logs epochs to a run of its own until ctx ends.
func (c *caller) write(ctx context.Context, name string) {
	const samples, dim, kind = 200, 32, "application/json"
	c.call("POST", "runs", kind, []byte(`{"name": "`+name+`"}`))
	var list []string
	for i := range samples {
		list = append(list, fmt.Sprintf(`{"id": "%d", "label": "%d"}`, i, i%10))
	}
	c.call("POST", "runs/"+name+"/samples", kind, []byte(`{"samples": [`+strings.Join(list, ",")+`]}`))
	vectors := make([]float32, samples*dim)
	for n := 0; ctx.Err() == nil; n++ {
		for i := range vectors {
			vectors[i] = float32(i%97 + n)
		}
		var npy bytes.Buffer
		interchange.Write(&npy, vectors, samples, dim) // a Buffer takes everything
		epoch := "runs/" + name + "/epochs/" + strconv.Itoa(n)
		c.call("PUT", epoch+"/frames/fc1", "application/x-npy", npy.Bytes())
		c.call("POST", epoch, kind, []byte(`{"layers": ["fc1"], "metrics": {"loss": 0.5}}`))
		time.Sleep(100 * time.Millisecond)
	}
	c.call("POST", "runs/"+name+"/finish", kind, nil)
}

// read reads what a page reads until ctx ends.
func (c *caller) read(ctx context.Context, name string) {
	for ctx.Err() == nil {
		for _, path := range []string{"runs", "runs/" + name, "runs/" + name + "/epochs", "runs/" + name + "/metrics", "runs/" + name + "/samples", "projections"} {
			c.call("GET", path, "", nil)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// follow reads an event stream until ctx ends, and returns how many lines came.
func (a *attacked) follow(ctx context.Context) (lines int, err error) {
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+a.addr+"/api/v1/events", nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := (&http.Transport{}).RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	for s := bufio.NewScanner(resp.Body); s.Scan(); {
		lines++
	}
	if ctx.Err() == nil {
		return lines, fmt.Errorf("the stream ends after %d lines", lines)
	}
	return lines, nil
}

// TestAttackLoad: 16 writers, 32 readers and 20 event streams are served without an error beside 512 strangers who hold their
// connections, and dial again when they are cut off. $ZOETROPE_LOAD_SECONDS says for how long.
func TestAttackLoad(t *testing.T) {
	seconds := 5
	if text := os.Getenv("ZOETROPE_LOAD_SECONDS"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	a := attack(t, newStorePath(t))
	for i := range 16 { // readers find their runs
		a.must(201, "POST", "runs", fmt.Sprintf(`{"name": "read%d"}`, i))
	}
	memory, descriptors := a.memory("VmRSS"), a.descriptors()
	ctx, stop := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second)
	defer stop()
	var all sync.WaitGroup
	var cutOff, lines atomic.Int64
	for range 512 {
		all.Go(func() {
			for ctx.Err() == nil {
				s, err := net.Dial("tcp", a.addr)
				if err != nil {
					continue
				}
				end := context.AfterFunc(ctx, func() { s.Close() })
				fmt.Fprint(s, "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000000000\r\n")
				s.Read(make([]byte, 1)) // until the server cuts it off
				end()
				s.Close()
				cutOff.Add(1)
				time.Sleep(time.Second)
			}
		})
	}
	var writers, readers []*caller
	for i := range 16 {
		c := a.caller()
		writers = append(writers, c)
		all.Go(func() { c.write(ctx, fmt.Sprintf("write%d", i)) })
	}
	for i := range 32 {
		c := a.caller()
		readers = append(readers, c)
		all.Go(func() { c.read(ctx, fmt.Sprintf("read%d", i%16)) })
	}
	for range 20 {
		all.Go(func() {
			n, err := a.follow(ctx)
			lines.Add(int64(n))
			if err != nil {
				t.Errorf("an event stream: %v", err)
			}
		})
	}
	time.Sleep(time.Duration(seconds) * time.Second / 2)
	t.Logf("half way: %d MiB, %d descriptors", a.memory("VmRSS"), a.descriptors())
	all.Wait()
	for name, callers := range map[string][]*caller{"writers": writers, "readers": readers} {
		var sum tally
		for _, c := range callers {
			sum.took = append(sum.took, c.tally.took...)
			sum.failed += c.tally.failed
			if c.first != nil {
				t.Errorf("%s: %v", name, c.first)
			}
			c.client.CloseIdleConnections()
		}
		t.Logf("%s, %d s: requests: %v", name, seconds, &sum)
	}
	for range 50 { // until the server has noticed that everybody has left
		if a.descriptors() <= descriptors {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("20 event streams: %d lines; strangers were cut off %d times; memory %d MiB before, %d after, %d at its peak; descriptors %d before, %d after",
		lines.Load(), cutOff.Load(), memory, a.memory("VmRSS"), a.memory("VmHWM"), descriptors, a.descriptors())
}
