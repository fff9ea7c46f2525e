package tracker

import (
	"context"
	"time"
)

// Changes are what was written since a cursor, by this process or another.
type Changes struct {
	Cursor int64         // to be given next time
	Runs   []string      // ids of the runs of which anything changed: state, samples, epochs or metrics
	Cut    []string      // ids of the runs that lost epochs and metrics (TruncateAfter): forget them and read again
	Epochs []EpochChange // logged or replaced, in the order in which that happened
	Shared bool          // rows of other packages (projections) were written or removed, see [Store.Write]
}

// An EpochChange is an epoch that was logged or replaced.
type EpochChange struct {
	Run string // the run's id
	EpochInfo
}

// Changes returns what was written after the cursor; 0 means from the beginning. If nothing was, it costs one look at one
// row, so that it can be called several times a second. Heartbeats do not count.
func (s *Store) Changes(ctx context.Context, after int64) (Changes, error) {
	c := Changes{Cursor: after}
	err := s.Read(ctx, func(tx *Tx) error {
		var seq, shared int64
		if err := tx.QueryRowContext(ctx, "SELECT seq, shared FROM clock").Scan(&seq, &shared); err != nil || seq == after {
			return err
		}
		c.Cursor, c.Shared = seq, shared > after
		if err := c.readRuns(ctx, tx, after); err != nil {
			return err
		}
		return c.readEpochs(ctx, tx, after)
	})
	return c, err
}

func (c *Changes) readRuns(ctx context.Context, tx *Tx, after int64) error {
	rows, err := tx.QueryContext(ctx, "SELECT uid, cut > ? FROM run WHERE seq > ? ORDER BY seq", after, after)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var uid string
		var cut bool
		if err := rows.Scan(&uid, &cut); err != nil {
			return err
		}
		c.Runs = append(c.Runs, uid)
		if cut {
			c.Cut = append(c.Cut, uid)
		}
	}
	return rows.Err()
}

func (c *Changes) readEpochs(ctx context.Context, tx *Tx, after int64) error {
	const query = "SELECT r.uid, e.number, e.step, e.time, e.seq FROM epoch e JOIN run r ON r.id = e.run WHERE e.seq > ? ORDER BY e.seq"
	rows, err := tx.QueryContext(ctx, query, after)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var e EpochChange
		var at int64
		if err := rows.Scan(&e.Run, &e.Number, &e.Step, &at, &e.Seq); err != nil {
			return err
		}
		e.Time = time.UnixMicro(at)
		c.Epochs = append(c.Epochs, e)
	}
	return rows.Err()
}
