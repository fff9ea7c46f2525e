package projector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A Projection is a stored map of the epochs of one or more runs.
type Projection struct {
	store  *tracker.Store
	id     int64 // projection.id
	info   Info
	shares []float64 // of each run: the samples whose rank is below are on the map; nil = all
}

// Info returns what the projection was made from and how.
func (p *Projection) Info() Info { return p.info }

// Open returns a stored projection by its id; the empty id means the newest. If there is none, the error is
// [tracker.ErrNotFound].
func Open(ctx context.Context, store *tracker.Store, id string) (*Projection, error) {
	var list []*Projection
	err := store.Read(ctx, func(tx *tracker.Tx) (err error) {
		if id == "" {
			list, err = readProjections(ctx, tx, "ORDER BY p.created DESC, p.id DESC LIMIT 1")
		} else {
			list, err = readProjections(ctx, tx, "WHERE p.uid = ?", id)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0 && id == "":
		return nil, fmt.Errorf("the store has no projection yet: %w", tracker.ErrNotFound)
	case len(list) == 0:
		return nil, missing(id)
	}
	list[0].store = store
	return list[0], nil
}

// List returns the projections that a run is on, the newest first; the empty run means all projections.
func List(ctx context.Context, store *tracker.Store, run string) ([]Info, error) {
	where, args := "", []any(nil)
	if run != "" {
		r, err := store.Run(ctx, run)
		if err != nil {
			return nil, err
		}
		where, args = "JOIN projection_run pr ON pr.projection = p.id JOIN run r ON r.id = pr.run AND r.uid = ? ", []any{r.ID}
	}
	var infos []Info
	err := store.Read(ctx, func(tx *tracker.Tx) error {
		list, err := readProjections(ctx, tx, where+"ORDER BY p.created DESC, p.id DESC", args...)
		for _, p := range list {
			infos = append(infos, p.info)
		}
		return err
	})
	return infos, err
}

// Delete removes a projection and its points.
func Delete(ctx context.Context, store *tracker.Store, id string) error {
	return store.Write(ctx, func(tx *tracker.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM projection WHERE uid = ?", id) // the rest cascades
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 1 || err != nil {
			return err
		}
		return missing(id)
	})
}

// Epochs returns the epochs of a run that are on the map, ascending. The run is named by id, name or experiment/name.
func (p *Projection) Epochs(ctx context.Context, run string) ([]int, error) {
	info, err := p.store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	var epochs []int
	err = p.store.Read(ctx, func(tx *tracker.Tx) error {
		const query = "SELECT f.epoch FROM projection_frame f JOIN run r ON r.id = f.run WHERE f.projection = ? AND r.uid = ? ORDER BY f.epoch"
		if epochs, err = readColumn[int](ctx, tx, query, p.id, info.ID); err != nil {
			return err
		}
		return p.allEpochs(ctx, tx)
	})
	return epochs, err
}

func missing(id string) error { return fmt.Errorf("projection %q: %w", id, tracker.ErrNotFound) }

// readProjections reads the rows of table projection, p, that rest selects, without their store.
func readProjections(ctx context.Context, tx *tracker.Tx, rest string, args ...any) ([]*Projection, error) {
	const columns = `SELECT p.id, p.uid, p.layer, p.method, p.mode, p.dims, p.revision, p.created, p.points, p.seconds, p.peak_rss,
		p.options, p.stages,
		(SELECT CAST(coalesce(sum(f.rows), 0) AS BIGINT) FROM projection_frame f WHERE f.projection = p.id AND f.extended <> 0) FROM projection p `
	rows, err := tx.QueryContext(ctx, columns+rest, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*Projection
	for rows.Next() {
		p := new(Projection)
		i := &p.info
		var created int64
		var options, stages []byte
		if err := rows.Scan(&p.id, &i.ID, &i.Layer, &i.Method, &i.Mode, &i.Dims, &i.Revision, &created, &i.Points, &i.Seconds,
			&i.PeakRSS, &options, &stages, &i.Extended); err != nil {
			return nil, err
		}
		i.Created, i.Title = time.UnixMicro(created), MethodTitle(i.Method)
		if err := errors.Join(json.Unmarshal(options, &i.Options), json.Unmarshal(stages, &i.Stages)); err != nil {
			return nil, fmt.Errorf("projection %q: %w", i.ID, err)
		}
		list = append(list, p)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, p := range list {
		if err := p.readRuns(ctx, tx); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// readRuns reads of which runs the projection is, and what share of each.
func (p *Projection) readRuns(ctx context.Context, tx *tracker.Tx) error {
	const query = "SELECT r.uid, coalesce(pr.share, 1), pr.share IS NOT NULL FROM projection_run pr JOIN run r ON r.id = pr.run WHERE pr.projection = ? ORDER BY pr.position"
	rows, err := tx.QueryContext(ctx, query, p.id)
	if err != nil {
		return err
	}
	defer rows.Close()
	var shares []float64
	chosen := false
	for rows.Next() {
		var run string
		var share float64
		var some bool
		if err := rows.Scan(&run, &share, &some); err != nil {
			return err
		}
		p.info.Runs, shares, chosen = append(p.info.Runs, run), append(shares, share), chosen || some
	}
	if chosen {
		p.shares = shares
	}
	return rows.Err()
}

// readColumn returns the only column of a query.
func readColumn[T any](ctx context.Context, tx *tracker.Tx, query string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
