package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

const (
	maxQueued = 16                     // projections that wait
	maxKept   = 50                     // jobs that are remembered
	toldEvery = 200 * time.Millisecond // between two reports of progress
)

// A job is a requested projection.
type job struct {
	ID         string            `json:"id"`
	State      string            `json:"state"` // queued, running, finished, failed or cancelled
	Runs       []string          `json:"runs"`  // ids
	Title      string            `json:"title"` // of the method
	Options    projector.Options `json:"options"`
	Settings   []string          `json:"settings"` // names of the options that the method reads
	Stage      string            `json:"stage"`    // of a running job, with its progress
	Done       int               `json:"done"`
	Total      int               `json:"total"`
	Created    time.Time         `json:"created"`
	Started    *time.Time        `json:"started"`
	Ended      *time.Time        `json:"ended"`
	Projection string            `json:"projection"` // of a finished job
	Error      string            `json:"error"`      // of a failed job

	key    string   // of idempotency
	asked  []string // runs, as the request names them
	cancel context.CancelFunc
}

func (j *job) over() bool { return j.Ended != nil }

// jobs makes projections, one at a time, so that a training on the same machine keeps most of it.
type jobs struct {
	store *tracker.Store
	tell  func(job) // reports progress; must return soon

	mu      sync.Mutex
	closed  bool
	all     []*job // the oldest first
	working bool
	done    sync.WaitGroup
}

// add queues a projection of the runs with these ids, which a request asked for by these names. The same key
// again is the same job, and refused if it asks for another.
func (q *jobs) add(runs, asked []string, o projector.Options, key string) (job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return job{}, httpjson.ErrClosing
	}
	waiting := 0
	for _, j := range q.all {
		if key != "" && j.key == key {
			if !slices.Equal(j.asked, asked) || j.Options != o {
				return job{}, httpjson.Refuse(http.StatusUnprocessableEntity, "key_reused", "Idempotency-Key %q was used for another projection: give each request a key of its own", key)
			}
			return *j, nil
		}
		if j.State == "queued" {
			waiting++
		}
	}
	if waiting >= maxQueued {
		return job{}, httpjson.Busy(5, "%d projections wait already: cancel some, or try again when they are done", maxQueued)
	}
	j := &job{ID: strings.ToLower(rand.Text()[:10]), State: "queued", Runs: runs, Title: projector.MethodTitle(o.Method), Options: o, Settings: projector.MethodSettings(o.Method), Created: time.Now(), key: key, asked: asked}
	q.all = append(q.all, j)
	for i := 0; len(q.all) > maxKept && i < len(q.all); {
		if q.all[i].over() {
			q.all = slices.Delete(q.all, i, i+1)
		} else {
			i++
		}
	}
	if !q.working {
		q.working = true
		q.done.Go(q.work)
	}
	q.tell(*j)
	return *j, nil
}

// work makes the queued projections, until the queue is empty.
func (q *jobs) work() {
	for {
		ctx, cancel := context.WithCancel(context.Background())
		j := q.next(cancel)
		if j == nil {
			cancel()
			return
		}
		p, err := projector.Project(ctx, q.store, j.Runs, j.Options, q.progress(j))
		q.end(j, p, err, ctx.Err() != nil)
		cancel()
	}
}

func (q *jobs) next(cancel context.CancelFunc) *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range q.all {
		if j.State == "queued" && !q.closed {
			now := time.Now()
			j.State, j.Started, j.cancel = "running", &now, cancel
			q.tell(*j)
			return j
		}
	}
	q.working = false
	return nil
}

// progress returns a callback that reports a job's progress, a few times a second.
func (q *jobs) progress(j *job) projector.Progress {
	var told time.Time
	return func(stage string, done, total int) {
		q.mu.Lock()
		defer q.mu.Unlock()
		fresh := stage != j.Stage
		j.Stage, j.Done, j.Total = stage, done, total
		if now := time.Now(); fresh || now.Sub(told) >= toldEvery {
			told = now
			q.tell(*j)
		}
	}
}

func (q *jobs) end(j *job, p *projector.Projection, err error, cancelled bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	j.Ended, j.Stage, j.cancel = &now, "", nil
	switch {
	case err == nil:
		j.State, j.Projection = "finished", p.Info().ID
	case cancelled:
		j.State = "cancelled"
	default:
		j.State, j.Error = "failed", err.Error()
	}
	q.tell(*j)
}

// list returns all jobs that are remembered, the newest first.
func (q *jobs) list() []job {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]job, 0, len(q.all))
	for _, j := range slices.Backward(q.all) {
		list = append(list, *j)
	}
	return list
}

var errNoJob = httpjson.Refuse(http.StatusNotFound, "not_found", "no such job: it may be over for long, or of a server that has restarted")

func (q *jobs) find(id string) (job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j, err := q.findLocked(id)
	if err != nil {
		return job{}, err
	}
	return *j, nil
}

func (q *jobs) findLocked(id string) (*job, error) {
	for _, j := range q.all {
		if j.ID == id {
			return j, nil
		}
	}
	return nil, errNoJob
}

// stop cancels a job. A job that has ended stays as it is; a running one ends within a moment.
func (q *jobs) stop(id string) (job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j, err := q.findLocked(id)
	if err != nil {
		return job{}, err
	}
	switch {
	case j.State == "queued":
		now := time.Now()
		j.State, j.Ended = "cancelled", &now
		q.tell(*j)
	case j.cancel != nil:
		j.cancel()
	}
	return *j, nil
}

// close cancels everything and waits for it.
func (q *jobs) close() {
	q.mu.Lock()
	q.closed = true
	for _, j := range q.all {
		if j.cancel != nil {
			j.cancel()
		}
	}
	q.mu.Unlock()
	q.done.Wait()
}
