package page

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"iter"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
)

// The page comes with the answers to its first requests. Each of these requests waits for the answer to the previous one,
// and through a tunnel to the training machine, that is most of the time until there is a map.

// Answers that are larger or take longer are left out: the page requests them once it is shown.
const (
	preloadBytes    = 128 << 10 // of one answer
	preloadSamples  = 5000
	preloadPatience = 250 * time.Millisecond // of all answers together
)

// A preloaded answer comes with the page.
type preloaded struct {
	path string // below /api/v1/, as the page asks for it
	body []byte // JSON
}

// index sends the page: its head at once, so that its files are on their way while the answers are looked up.
func (h *Handler) index(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Cache-Control", "no-cache")
	head.Add("Vary", "Accept-Encoding")
	packed := httpbody.TakesGzip(r)
	if packed {
		head.Set("Content-Encoding", "gzip")
	}
	if r.Method == http.MethodHead {
		return
	}
	var out io.Writer = w
	flush := http.NewResponseController(w).Flush // an error of these is a client that has left
	if packed {
		z, release := httpbody.Packer(w)
		defer release()
		defer z.Close()
		direct := flush
		out, flush = z, func() error { return errors.Join(z.Flush(), direct()) }
	}
	out.Write(h.bundle.head)
	flush()
	for b := range h.preload(r) {
		fmt.Fprintf(out, "<script type=\"application/json\" data-path=\"%s\">%s</script>\n", html.EscapeString(b.path), b.body)
	}
	out.Write(h.bundle.tail)
}

// preload makes the page's first requests, as far as they can be answered soon.
func (h *Handler) preload(r *http.Request) iter.Seq[preloaded] {
	return func(yield func(preloaded) bool) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		found := make(chan preloaded, 5) // room for all answers, so that no sender waits for a reader that has gone
		go func() {
			defer close(found)
			h.gather(ctx, r.URL.Query(), found)
		}()
		late := time.After(h.patience)
		for {
			select {
			case b, more := <-found:
				if !more || !yield(b) {
					return
				}
			case <-late:
				return
			}
		}
	}
}

// gather makes the requests that the page will make when it is opened with this query. Failures are left to the page, which
// reports them.
func (h *Handler) gather(ctx context.Context, query url.Values, found chan<- preloaded) {
	ask := func(path string, v any) bool {
		a, err := h.askAside(ctx, path)
		if err != nil || a.status != http.StatusOK || a.body.Len() == 0 || v != nil && json.Unmarshal(a.body.Bytes(), v) != nil {
			return false
		}
		// encoding/json escapes "<", with which a name could end the element that it stands in.
		if a.body.Len() <= preloadBytes && bytes.IndexByte(a.body.Bytes(), '<') < 0 {
			found <- preloaded{path, bytes.TrimSpace(a.body.Bytes())}
		}
		return true
	}
	type known struct {
		ID, Experiment, Name string
		Samples              int
	}
	var list struct{ Runs []known }
	if !ask("runs", &list) || len(list.Runs) == 0 || query.Has("runs") {
		return
	}
	run := list.Runs[0]
	if name := query.Get("run"); name != "" {
		i := slices.IndexFunc(list.Runs, func(r known) bool { return r.ID == name || r.Experiment+"/"+r.Name == name || r.Name == name })
		if i < 0 {
			return
		}
		run = list.Runs[i]
	}
	id := component(run.ID)
	var rest sync.WaitGroup
	defer rest.Wait()
	rest.Go(func() { ask("runs/"+id+"/epochs", nil) })
	samples := "runs/" + id + "/samples?form=compact"
	if run.Samples <= preloadSamples {
		rest.Go(func() { ask(samples, nil) })
	} else {
		go h.askAside(context.WithoutCancel(ctx), samples) // so that they are ready when the page asks
	}
	var maps struct{ Projections []struct{ Projection string } }
	if !ask("projections?run="+id, &maps) || len(maps.Projections) == 0 || query.Get("projection") == "provisional" {
		return
	}
	shown := maps.Projections[0].Projection
	for _, p := range maps.Projections {
		if p.Projection == query.Get("projection") {
			shown = p.Projection
		}
	}
	ask("projections/"+component(shown)+"/layout?run="+id, nil)
}

// askAside asks the API in a goroutine of its own, where net/http does not catch a panic.
func (h *Handler) askAside(ctx context.Context, path string) (a *answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			h.log.Error("a handler panicked", "path", path, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("%s: %v", path, p)
		}
	}()
	return ask(ctx, h.api, path)
}
