package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/buildinfo"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A State is where a run stands.
type State = content.State

// The states of a run. A run whose process died stays Running; its [RunInfo.Seen] then stands still.
const (
	Running  State = "running"
	Stopped  State = "stopped" // interrupted on purpose
	Finished State = "finished"
	Failed   State = "failed"
)

// A Run is one training that is being logged. It is safe for concurrent use. Nobody else can write the run until it has
// ended or its process is gone.
type Run struct {
	store      *Store
	id         int64
	uid        string
	experiment string
	name       string
	generation int64
	unlock     func() // gives the lock back
	every      int
	as         content.DType
	hooked     sync.Mutex // held while onError is called
	onError    func(error) error
	queue      *queue // nil unless Async

	samples atomic.Pointer[sampleIndex]
	adding  sync.Mutex // held by AddSamples, the only writer of samples
	ending  sync.Mutex // held by Finish, Stop and Fail

	mu      sync.Mutex
	ended   State // empty while running
	epoch   int   // the one in training, as far as is known: the number after the last one logged
	skipped *skippedEpoch
	stop    context.CancelFunc
	beats   sync.WaitGroup
}

// ID returns the run's id, which never changes.
func (r *Run) ID() string { return r.uid }

// Name returns the run's name, unique within its experiment.
func (r *Run) Name() string { return r.name }

// Experiment returns the experiment that the run belongs to.
func (r *Run) Experiment() string { return r.experiment }

// Store returns the store that the run is logged in.
func (r *Run) Store() *Store { return r.store }

func (r *Run) title() string { return r.experiment + "/" + r.name }

// training returns the epoch that is in training, as far as is known.
func (r *Run) training() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.epoch
}

func (r *Run) train(epoch int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch = epoch
}

// write runs f in a transaction, after checking in that same transaction that the run is still this writer's.
func (r *Run) write(ctx context.Context, f func(t *txn) error) error {
	return r.store.write(ctx, func(tx *Tx) error {
		t := &txn{Tx: tx, ctx: ctx, seq: tx.Seq(), time: r.store.now().UnixMicro()}
		if err := r.claim(t); err != nil {
			return err
		}
		return f(t)
	})
}

// A txn is one write transaction of a run.
type txn struct {
	*Tx
	ctx  context.Context
	seq  int64 // of the store's clock
	time int64 // microseconds
}

func (t *txn) exec(query string, args ...any) error {
	_, err := t.ExecContext(t.ctx, query, args...)
	return err
}

func (t *txn) row(query string, args ...any) *sql.Row {
	return t.QueryRowContext(t.ctx, query, args...)
}

func (r *Run) claim(t *txn) error {
	r.mu.Lock()
	ended := r.ended
	r.mu.Unlock()
	if ended != "" {
		return refuse(ErrRunEnded, "run %s is %s: resume it to write more", r.title(), ended)
	}
	res, err := t.ExecContext(t.ctx, claimSQL, t.seq, t.time, r.id, r.generation)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); n == 1 || err != nil {
		return err
	}
	var state State
	var generation int64
	var writer string
	err = t.QueryRowContext(t.ctx, "SELECT state, generation, writer FROM run WHERE id = ?", r.id).Scan(&state, &generation, &writer)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return refuse(ErrNotFound, "run %s was deleted", r.title())
	case err != nil:
		return err
	case generation != r.generation:
		return refuse(ErrSuperseded, "run %s was taken over by another writer (%s)", r.title(), writer)
	}
	return refuse(ErrRunEnded, "run %s is %s: resume it to write more", r.title(), state)
}

// acquire takes the run's lock, which ends with this process, however that ends. The lock keeps an
// honest second writer out at once; the generation in each transaction keeps one out that the lock did not, as on a network
// file system that has no locks.
func (r *Run) acquire(ctx context.Context) error {
	unlock, err := r.store.db.Lock(ctx, r.uid)
	switch {
	case err == nil:
		r.unlock = sync.OnceFunc(unlock)
	case !errors.Is(err, ErrRunActive):
		err = fmt.Errorf("run %s: %w", r.title(), err)
	}
	return err
}

// active says who has the run.
func (r *Run) active(ctx context.Context, tx *Tx) error {
	var writer string
	var seen int64
	if err := tx.QueryRowContext(ctx, "SELECT writer, seen FROM run WHERE id = ?", r.id).Scan(&writer, &seen); err != nil {
		return err
	}
	since := r.store.now().Sub(time.UnixMicro(seen)).Round(time.Second)
	return refuse(ErrRunActive, "run %s is being written by another writer (%s, seen %v ago): wait for it or end it", r.title(), writer, since)
}

func writerName() string {
	return fmt.Sprintf("%s:%d", buildinfo.Host(), os.Getpid())
}
