package database

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// A lockSession is the session that holds the locks of a store's runs, on a connection that does nothing else. When this
// process dies, the server notices that the connection is closed, and other writers can have the locks at once; when its
// machine is lost, after half a minute. The generation in each transaction guards a run whose lock was lost without notice.
type lockSession struct {
	config *pgx.ConnConfig

	mu   sync.Mutex
	conn *pgx.Conn          // nil while there are no locks
	held map[int64]struct{} // a session may have an advisory lock twice, but a run has one writer
}

// grace is how long a lock is waited for: the server takes a moment to notice that a process was killed.
const grace = 300 * time.Millisecond

func (e *postgresEngine) lock(ctx context.Context, uid string) (unlock func(), err error) {
	l, key := &e.locks, lockKey("run "+uid)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, mine := l.held[key]; mine {
		return nil, refusal.ErrRunActive
	}
	if err := l.connect(ctx); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(grace); ; time.Sleep(20 * time.Millisecond) {
		ok, err := l.try(ctx, key)
		switch {
		case err != nil:
			return nil, err
		case ok:
			l.held[key] = struct{}{}
			return func() { l.unlock(key) }, nil
		case time.Now().After(deadline):
			l.closeIfIdle()
			return nil, refusal.ErrRunActive
		}
	}
}

func (l *lockSession) try(ctx context.Context, key int64) (ok bool, err error) {
	err = l.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&ok)
	return ok, err
}

// connect opens the session if it is not open, or was lost, and takes again what it held. Another writer may have taken a
// lock meanwhile: it has then raised the run's generation, and whoever writes the run here gets ErrSuperseded.
func (l *lockSession) connect(ctx context.Context) error {
	if l.conn != nil && l.conn.Ping(ctx) == nil {
		return nil
	}
	if l.conn != nil {
		l.conn.Close(ctx)
		l.conn = nil
	}
	conn, err := pgx.ConnectConfig(ctx, l.config.Copy())
	if err != nil {
		return err
	}
	l.conn = conn
	if l.held == nil {
		l.held = map[int64]struct{}{}
	}
	for key := range l.held {
		if _, err := l.try(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// keep notices a lost session, and takes its locks again.
func (e *postgresEngine) keep(ctx context.Context) {
	l := &e.locks
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if len(l.held) > 0 {
		l.connect(ctx) // an error means that the server is away: the next time, then
	}
}

func (l *lockSession) unlock(key int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, key)
	if l.conn != nil && len(l.held) > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		l.conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", key) // a connection that fails here has lost its locks
	}
	l.closeIfIdle()
}

// closeIfIdle gives the connection back to the server, and with it every lock.
func (l *lockSession) closeIfIdle() {
	if l.conn == nil || len(l.held) > 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l.conn.Close(ctx)
	l.conn = nil
}

func (e *postgresEngine) close() error {
	l := &e.locks
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.held)
	l.closeIfIdle()
	return nil
}
