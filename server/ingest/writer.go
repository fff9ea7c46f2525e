package ingest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A writer stands for a run that this server writes, for as many clients as there are.
type writer struct {
	id   string       // of the run
	used atomic.Int64 // when somebody last wrote, in nanoseconds
	by   clients

	turn sync.RWMutex // held for reading by those who write, for writing by who takes the run or gives it up
	run  *tracker.Run // nil while nobody has written for a while
	lost bool         // another process has taken the run from us
}

// write calls f with the run that a path names, which nobody takes away or gives up meanwhile.
func (h *Handler) write(ctx context.Context, name string, f func(*tracker.Run) error) error {
	w, err := h.find(ctx, name)
	if err != nil {
		return err
	}
	if err := h.hold(ctx, w); err != nil {
		return err
	}
	run := w.run
	w.touch()
	err = f(run)
	w.touch()
	w.turn.RUnlock()
	if errors.Is(err, tracker.ErrSuperseded) || errors.Is(err, tracker.ErrRunEnded) || errors.Is(err, tracker.ErrNotFound) {
		w.lose(run, errors.Is(err, tracker.ErrSuperseded))
	}
	return err
}

// find returns the writer of the run that a path names.
func (h *Handler) find(ctx context.Context, name string) (*writer, error) {
	if name == "" {
		return nil, httpjson.Invalid("the run has no name")
	}
	h.mu.Lock()
	w, closed := h.writers[name], h.closed
	h.mu.Unlock()
	if closed {
		return nil, httpjson.ErrClosing
	}
	if w != nil {
		return w, nil
	}
	info, err := h.store.Run(ctx, name)
	if err != nil {
		return nil, err
	}
	return h.writer(info.ID)
}

// writer returns the writer of a run.
func (h *Handler) writer(id string) (*writer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, httpjson.ErrClosing
	}
	w := h.writers[id]
	if w == nil {
		w = &writer{id: id}
		h.writers[id] = w
	}
	return w, nil
}

// hold returns with w.turn held for reading and w.run there: taken from the store, if it was given up or the server has
// restarted since somebody wrote it.
func (h *Handler) hold(ctx context.Context, w *writer) error {
	for {
		w.turn.RLock()
		if w.run != nil {
			return nil
		}
		w.turn.RUnlock()
		if err := h.take(ctx, w); err != nil {
			return err
		}
	}
}

func (h *Handler) take(ctx context.Context, w *writer) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.run != nil {
		return nil
	}
	info, err := h.store.Run(ctx, w.id)
	if err != nil {
		return err
	}
	title := info.Experiment + "/" + info.Name
	if w.lost {
		return httpjson.Refuse(http.StatusConflict, "run_superseded", "run %s was taken over by another process: resume it to take it back (POST runs with resume), if that one is gone", title)
	}
	if info.State != tracker.Running {
		return httpjson.Refuse(http.StatusConflict, "run_ended", "run %s is %s: resume it to write more (POST runs with \"resume\": \"must\")", title, info.State)
	}
	return h.resume(ctx, w, tracker.RunConfig{Experiment: info.Experiment, Name: info.Name, Resume: tracker.Must, Code: info.Code, Host: info.Host})
}

// resume takes the run for w, whose turn must be held for writing.
func (h *Handler) resume(ctx context.Context, w *writer, c tracker.RunConfig) error {
	w.giveUpLocked()
	run, err := h.store.Start(ctx, c)
	if err != nil {
		return err
	}
	h.mu.Lock()
	closed := h.closed
	h.mu.Unlock()
	if closed {
		run.Release()
		return httpjson.ErrClosing
	}
	w.run, w.lost = run, false
	w.touch()
	return nil
}

// lose gives up a run that can be written no more.
func (w *writer) lose(run *tracker.Run, toAnother bool) {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.run == run {
		w.giveUpLocked()
		w.lost = toAnother
	}
}

func (w *writer) touch() { w.used.Store(time.Now().UnixNano()) }

// giveUp waits for those who write, and gives the run up: it stays running, and anybody can resume it.
func (w *writer) giveUp() {
	w.turn.Lock()
	defer w.turn.Unlock()
	w.giveUpLocked()
}

func (w *writer) giveUpIfIdle(before time.Time) {
	if w.used.Load() < before.UnixNano() && w.turn.TryLock() {
		defer w.turn.Unlock()
		if w.used.Load() < before.UnixNano() {
			w.giveUpLocked()
		}
	}
}

func (w *writer) giveUpLocked() {
	if w.run != nil {
		w.run.Release()
		w.run = nil
	}
}
