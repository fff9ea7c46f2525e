package api

import (
	"context"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// news lists the changes in the store up to a cursor.
type news struct {
	cursor      int64
	job         *job             // progress of a projection; then the rest is empty
	Runs        []string         `json:"runs"` // that have changed
	Cut         []string         `json:"cut"`  // that lost epochs or metrics: read them whole
	Epochs      []epochNews      `json:"epochs"`
	Projections []projectionNews `json:"projections"` // new, or of a new revision
	Removed     []string         `json:"removed"`     // projections
}

type epochNews struct {
	Run   string `json:"run"`
	Epoch int    `json:"epoch"`
}

type projectionNews struct {
	ID       string   `json:"id"`
	Revision string   `json:"revision"`
	Runs     []string `json:"runs"`
}

// A feed polls the store for news, once for all listeners, and only while there is one.
type feed struct {
	store  *tracker.Store
	log    *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	closed   bool
	at       int64 // cursor of the last news
	known    map[string]projectionNews
	listener map[chan news]struct{}
	wake     chan struct{} // signalled by the first listener
}

// backlog is how many news a listener may be behind before it is dropped; it resumes by its cursor.
const backlog = 64

func newFeed(store *tracker.Store, every time.Duration, log *slog.Logger) *feed {
	ctx, cancel := context.WithCancel(context.Background())
	f := &feed{
		store:    store,
		log:      log,
		cancel:   cancel,
		done:     make(chan struct{}),
		listener: map[chan news]struct{}{},
		wake:     make(chan struct{}, 1),
	}
	go f.run(ctx, every)
	return f
}

// close ends the feed and lets its listeners go.
func (f *feed) close() {
	f.cancel()
	<-f.done
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for l := range f.listener {
		f.dropLocked(l)
	}
}

func (f *feed) run(ctx context.Context, every time.Duration) {
	defer close(f.done)
	tick := time.NewTicker(every)
	defer tick.Stop()
	failed := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if f.idle() {
			select {
			case <-ctx.Done():
				return
			case <-f.wake:
			}
		}
		// A busy store answers again later; the same error is logged once.
		err := f.poll(ctx)
		if err == nil {
			failed = ""
		} else if text := err.Error(); text != failed && ctx.Err() == nil {
			failed = text
			f.log.Warn("api: cannot look for news", "error", err)
		}
	}
}

func (f *feed) idle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.listener) == 0
}

func (f *feed) poll(ctx context.Context) error {
	f.mu.Lock()
	at, known := f.at, f.known
	f.mu.Unlock()
	n, now, err := f.since(ctx, at, known)
	if err != nil || n.cursor == at {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.known = max(f.at, n.cursor), now
	for l := range f.listener {
		select {
		case l <- n:
		default:
			f.dropLocked(l) // too slow
		}
	}
	return nil
}

// publish sends the progress of a projection to the present listeners. A listener that is behind misses it; more follows.
func (f *feed) publish(j job) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for l := range f.listener {
		if len(l) < backlog/2 {
			l <- news{job: &j}
		}
	}
}

// since returns the news after a cursor, and the present projections. known are the projections at the cursor; nil if they
// are unknown.
func (f *feed) since(ctx context.Context, cursor int64, known map[string]projectionNews) (news, map[string]projectionNews, error) {
	c, err := f.store.Changes(ctx, cursor)
	if err != nil {
		return news{}, nil, err
	}
	n := news{cursor: c.Cursor, Runs: orEmpty(c.Runs), Cut: orEmpty(c.Cut), Epochs: []epochNews{}, Projections: []projectionNews{}, Removed: []string{}}
	for _, e := range c.Epochs {
		n.Epochs = append(n.Epochs, epochNews{e.Run, e.Number})
	}
	if !c.Shared {
		return n, known, nil
	}
	list, err := projector.List(ctx, f.store, "")
	if err != nil {
		return news{}, nil, err
	}
	now := map[string]projectionNews{}
	for _, p := range list {
		now[p.ID] = projectionNews{p.ID, strconv.Itoa(p.Revision), p.Runs}
		if was, ok := known[p.ID]; !ok || was.Revision != now[p.ID].Revision {
			n.Projections = append(n.Projections, now[p.ID])
		}
	}
	for id := range known {
		if _, ok := now[id]; !ok {
			n.Removed = append(n.Removed, id)
		}
	}
	return n, now, nil
}

// cursor returns the store's cursor of this moment.
func (f *feed) cursor(ctx context.Context) (int64, error) {
	c, err := f.store.Changes(ctx, math.MaxInt64) // after every change: only the cursor comes back
	return c.Cursor, err
}

// listen returns a channel of the news from now on. The channel is closed when the listener is too slow, or the feed is closed;
// stop must be called.
func (f *feed) listen(ctx context.Context) (ch chan news, stop func()) {
	ch = make(chan news, backlog)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		close(ch)
		return ch, func() {}
	}
	if len(f.listener) == 0 {
		// Without listeners, earlier changes are no news.
		if at, err := f.cursor(ctx); err == nil {
			f.at = max(f.at, at)
		}
	}
	f.listener[ch] = struct{}{}
	select {
	case f.wake <- struct{}{}:
	default:
	}
	return ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.dropLocked(ch)
	}
}

func (f *feed) dropLocked(ch chan news) {
	if _, ok := f.listener[ch]; ok {
		delete(f.listener, ch)
		close(ch)
	}
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
