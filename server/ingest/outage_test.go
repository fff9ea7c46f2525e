package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/access"
	"github.com/zoetrope-ml/zoetrope/server/ingest"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// An outage is a server that comes and goes at one address.
type outage struct {
	t    *testing.T
	path string
	addr string
	stop func()
}

func (o *outage) start() {
	store, err := tracker.Open(o.t.Context(), o.path, tracker.OpenOptions{Create: true})
	if err != nil {
		o.t.Error(err)
		return
	}
	h := ingest.New(store, ingest.Options{Idle: 20 * time.Millisecond})
	guard, err := access.New(h, access.Options{})
	if err != nil {
		o.t.Error(err)
		return
	}
	var listener net.Listener
	for range 100 { // the address may be busy for a moment
		if listener, err = net.Listen("tcp", o.addr); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		o.t.Error(err)
		return
	}
	o.addr = listener.Addr().String()
	server := &http.Server{Handler: guard}
	done := make(chan struct{})
	go func() {
		server.Serve(listener)
		close(done)
	}()
	o.stop = func() {
		server.Close() // cuts all connections, whatever they are at
		<-done
		h.Close()
		store.Close()
	}
}

// TestOutages: clients that log while the server is cut off and started again, and who send again what was not answered,
// find all of it stored, once.
func TestOutages(t *testing.T) {
	o := &outage{t: t, path: filepath.Join(t.TempDir(), "zoetrope.db"), addr: "127.0.0.1:0"}
	o.start()
	const rows, dim = 5, 3
	clients, epochs := 4, 12
	if raceDetector {
		clients, epochs = 2, 4
	}
	seqs := make([][]float64, clients) // of each epoch, as answered
	var answered atomic.Int64
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			s := &sender{t: t, base: "http://" + o.addr + "/api/v1/", answered: &answered}
			name := fmt.Sprintf("r%d", n)
			s.send("POST", "runs", fmt.Sprintf(`{"name": %q, "resume": "allow"}`, name), "")
			s.send("POST", "runs/"+name+"/samples", servertest.SamplesJSON(rows), "samples")
			for e := range epochs {
				for {
					s.send("PUT", fmt.Sprintf("runs/%s/epochs/%d/frames/fc1", name, e), string(servertest.Npy(rows, dim, float32(100*n+e))), "")
					a, code := s.send("POST", fmt.Sprintf("runs/%s/epochs/%d", name, e), fmt.Sprintf(`{"step": %d, "layers": ["fc1"]}`, e), fmt.Sprint("epoch ", e))
					if code == "frames_missing" {
						continue
					}
					seqs[n] = append(seqs[n], a["seq"].(float64))
					break
				}
				s.send("POST", "runs/"+name+"/metrics", fmt.Sprintf(`{"metrics": [{"step": %d, "values": {"loss": %d}}]}`, e, 100*n+e), fmt.Sprint("metrics ", e))
			}
			s.send("POST", "runs/"+name+"/finish", "", "finish")
		})
	}
	finished := make(chan struct{})
	go func() {
		wg.Wait()
		close(finished)
	}()
	outages, next := 0, int64(5)
	for running := true; running; {
		select {
		case <-finished:
			running = false
		case <-time.After(time.Duration(10+rand.IntN(10)) * time.Millisecond):
			if answered.Load() < next { // so that however slow the machine is, it gets on
				continue
			}
			next = answered.Load() + 5 + rand.Int64N(15)
			o.stop()
			outages++
			time.Sleep(20 * time.Millisecond)
			o.start()
		}
		if t.Failed() {
			return
		}
	}
	o.stop()
	t.Logf("%d outages", outages)
	if outages < 2 {
		t.Errorf("there were %d outages: the test shows nothing", outages)
	}
	store := openStore(t, o.path)
	for n := range clients {
		name := fmt.Sprintf("r%d", n)
		info, err := store.Run(t.Context(), name)
		if err != nil || info.State != tracker.Finished || info.Epochs != epochs || info.Samples != rows {
			t.Fatalf("%s is %+v, %v", name, info, err)
		}
		list, err := store.Epochs(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for e, at := range list {
			if f, err := store.Frame(t.Context(), name, "fc1", e); err != nil || !slices.Equal(f.Vectors, servertest.Vectors(rows, dim, float32(100*n+e))) {
				t.Errorf("%s, epoch %d: %v, %v", name, e, f.Vectors, err)
			}
			if float64(at.Seq) != seqs[n][e] {
				t.Errorf("%s, epoch %d was stored twice: its seq is %d, and %v was answered", name, e, at.Seq, seqs[n][e])
			}
		}
		if m, err := store.Metrics(t.Context(), name); err != nil || len(m) != epochs || m[epochs-1].Value != float64(100*n+epochs-1) {
			t.Errorf("%s: metrics %v, %v", name, m, err)
		}
	}
}

// A sender sends again what was not answered.
type sender struct {
	t        *testing.T
	base     string
	answered *atomic.Int64
}

// send returns the answer to a request; code is that of a refusal that the caller must look at.
func (s *sender) send(method, path, body, key string) (v map[string]any, code string) {
	for start := time.Now(); time.Since(start) < 60*time.Second; time.Sleep(10 * time.Millisecond) {
		r, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
		if err != nil {
			s.t.Error(err)
			return nil, ""
		}
		if method == "POST" {
			r.Header.Set("Content-Type", "application/json")
		}
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			continue
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || json.NewDecoder(bytes.NewReader(b)).Decode(&v) != nil {
			continue
		}
		switch {
		case resp.StatusCode < 300:
			s.answered.Add(1)
			return v, ""
		case resp.StatusCode == 503:
			continue
		}
		if code, _ := v["code"].(string); code == "frames_missing" {
			return v, code
		}
		s.t.Errorf("%s %s = %d %s", method, path, resp.StatusCode, b)
		return v, ""
	}
	s.t.Errorf("%s %s is not answered", method, path)
	return nil, ""
}
