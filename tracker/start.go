package tracker

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/buildinfo"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// RunConfig says which run [Store.Start] starts or resumes. Async, OnError, Every and Float16 hold for the [Run] that Start
// returns; whoever resumes the run chooses anew.
type RunConfig struct {
	Experiment string         // empty means "default"; no slash
	Name       string         // unique within the experiment; empty makes a new one from the time
	Params     map[string]any // settings of the training, kept as JSON; when resuming, see Change
	Resume     Resume

	// Change names the params that may be other ones than before when the run is resumed; those within others with dots, as
	// optimizer.lr. So may those that say how long to train: epochs, max_epochs, steps, iterations and the like. The run takes
	// the new ones. Any other difference is refused with [ErrInvalid], for two trainings are two runs. Params that are nil
	// are those that the run has.
	Change []string

	// Async makes Log, LogMetrics and Commit return when what they write is copied to a queue; only what [Run.Flush] or
	// Finish have returned nil for is durable. The queue is bounded: when it is full, they wait.
	Async      bool
	AsyncBytes int64 // how much may wait in the queue; 0 means 64 MiB; a single write may be larger

	// OnError is given each error of the methods that log, which then return what it returns: nil to go on without what
	// could not be stored. It is called on the goroutine that logs or, for what was queued, on another one, but never
	// twice at a time, and must not call methods of the run. Nil means that the methods return the errors. [Run.Flush] and
	// the methods that end the run do not ask it.
	OnError func(error) error

	// Every keeps vectors only of the epochs whose number is a multiple of it, with 5 of 0, 5, 10 and so on, and of the last
	// epoch that was logged with vectors: its vectors are held in memory, and stored when the run is finished, stopped or
	// failed. A process that is killed leaves the multiples. Outputs and metrics are kept of each epoch. 0 and 1 keep all
	// vectors. See [Run.Keeps].
	Every int

	// Float16 stores vectors in half the space, with 11 significant bits instead of 24, and numbers up to 65504; larger ones
	// are refused. They are read back as float32.
	Float16 bool

	Tags  []string // words to find the run by; when resuming, they are added to those that it has
	Notes string   // for people; when resuming, taken if the run has none
	Code  string   // version of the program; empty means the main package and revision of this one, from its build info
	Host  string   // where it runs; empty means the name of this machine

	// Key names the start of a new run, if the caller may have to do it again because it cannot know whether it was done.
	// The run keeps the key in the same transaction. Who starts a run of this experiment, and of this name if there is one,
	// under the same key resumes that run, whatever Resume says.
	Key string
}

// Resume says what [Store.Start] does with a run that exists. Any run can be resumed, also one whose process was killed,
// unless a writer that is still alive has it.
type Resume int

const (
	Never Resume = iota // refuse with ErrRunExists
	Allow               // go on with it; start it if it does not exist
	Must                // go on with it; refuse with ErrNotFound if it does not exist
)

// Start starts a run, or resumes it as c.Resume says. The run must be ended by [Run.Finish], [Run.Stop] or [Run.Fail].
func (s *Store) Start(ctx context.Context, c RunConfig) (r *Run, err error) {
	defer (&Run{experiment: c.Experiment, name: c.Name}).recoverInto(&err)
	params, tags, err := c.prepare()
	if err != nil {
		return nil, err
	}
	if c.Code == "" {
		c.Code = buildinfo.Version()
	}
	if c.Host == "" {
		c.Host = buildinfo.Host()
	}
	if s.db.ReadOnly() {
		return nil, refuse(ErrReadOnly, "cannot start run %s: store %s was opened read-only", c.title(), s.Path())
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	r = c.run(s)
	err = s.write(ctx, func(tx *Tx) error {
		if err := r.begin(ctx, tx, c, params, tags); err != nil {
			return err
		}
		return s.db.TidyLocks(ctx, tx)
	})
	if err != nil {
		if r.unlock != nil {
			r.unlock()
		}
		return nil, err
	}
	if c.Async {
		r.queue = newQueue(r, cmp.Or(c.AsyncBytes, defaultQueue))
	}
	if !s.adopt(r) {
		return nil, s.open()
	}
	return r, nil
}

// prepare checks what needs no database, fills in the experiment, and returns the params and tags as JSON.
func (c *RunConfig) prepare() (params, tags string, err error) {
	if c.Experiment == "" {
		c.Experiment = "default"
	}
	if err := checkNames(*c); err != nil {
		return "", "", err
	}
	if !content.Storable(c.Key) || len(c.Key) > MaxKey {
		return "", "", refuse(ErrInvalid, "run %s: key %.40q: must be text of at most %d bytes", c.title(), c.Key, MaxKey)
	}
	if c.Every < 0 || c.AsyncBytes < 0 {
		return "", "", refuse(ErrInvalid, "run %s: Every %d, AsyncBytes %d: neither may be negative", c.title(), c.Every, c.AsyncBytes)
	}
	params, err = content.EncodeJSONObject(c.Params)
	if err != nil {
		return "", "", refuse(ErrInvalid, "params of run %s: %v", c.title(), err)
	}
	if err := checkParams(params); err != nil {
		return "", "", err
	}
	tags, err = c.describe()
	if err != nil {
		return "", "", err
	}
	return params, tags, nil
}

// run is a run of these settings that no store knows yet.
func (c RunConfig) run(s *Store) *Run {
	r := &Run{store: s, experiment: c.Experiment, name: c.Name, every: c.Every, as: content.Float32s, onError: c.OnError}
	if c.Float16 {
		r.as = content.Float16s
	}
	return r
}

// begin starts or resumes the run. params and tags are those of c as JSON.
func (r *Run) begin(ctx context.Context, tx *Tx, c RunConfig, params, tags string) error {
	if again, err := r.startedAs(ctx, tx, c.Key); err != nil {
		return err
	} else if again {
		return r.resume(ctx, tx, c, params)
	}
	err := r.find(ctx, tx)
	switch {
	case err == nil && c.Resume == Never:
		return refuse(ErrRunExists, "run %s exists: set Resume to Allow or Must to go on with it, or choose another name", c.title())
	case err == nil:
		if err := r.resume(ctx, tx, c, params); err != nil {
			return err
		}
		return r.redescribe(ctx, tx, c)
	case !errors.Is(err, sql.ErrNoRows):
		return err
	case c.Resume == Must:
		return refuse(ErrNotFound, "no run %s to resume", c.title())
	}
	if err := r.create(ctx, tx, params); err != nil {
		return err
	}
	const query = "UPDATE run SET tags = ?, notes = ?, code = ?, host = ? WHERE id = ?"
	if _, err = tx.ExecContext(ctx, query, tags, c.Notes, c.Code, c.Host, r.id); err != nil || c.Key == "" {
		return err
	}
	_, err = tx.ExecContext(ctx, insertKeySQL, r.id, c.Key, digest(Batch{}), "{}", r.store.now().UnixMicro())
	return err
}

func (c RunConfig) title() string { return c.Experiment + "/" + c.Name }

// find looks the run up by experiment and name.
func (r *Run) find(ctx context.Context, tx *Tx) error {
	if r.name == "" {
		r.name = r.store.now().Format("2006-01-02_15-04-05")
		for n, base := 2, r.name; ; n++ {
			var taken bool
			err := tx.QueryRowContext(ctx, "SELECT count(*) > 0 FROM run WHERE experiment = ? AND name = ?", r.experiment, r.name).Scan(&taken)
			if err != nil {
				return err
			}
			if !taken {
				return sql.ErrNoRows
			}
			r.name = fmt.Sprintf("%s-%d", base, n)
		}
	}
	return tx.QueryRowContext(ctx, "SELECT id, uid FROM run WHERE experiment = ? AND name = ?", r.experiment, r.name).Scan(&r.id, &r.uid)
}

func (r *Run) create(ctx context.Context, tx *Tx, params string) error {
	r.uid = strings.ToLower(rand.Text()[:10])
	r.generation = 1
	r.epoch = 1
	r.samples.Store(&sampleIndex{})
	if err := r.acquire(ctx); err != nil {
		return err
	}
	now := r.store.now().UnixMicro()
	const query = `INSERT INTO run (uid, experiment, name, state, params, generation, writer, started, seen, seq, cut, ids_sum, labels_sum, metadata_sum)
		VALUES (?, ?, ?, 'running', ?, 1, ?, ?, ?, ?, 0, 0, 0, 0) RETURNING id`
	return tx.QueryRowContext(ctx, query, r.uid, r.experiment, r.name, params, writerName(), now, now, tx.Seq()).Scan(&r.id)
}

func (r *Run) resume(ctx context.Context, tx *Tx, c RunConfig, params string) error {
	if err := r.acquire(ctx); err != nil {
		if errors.Is(err, ErrRunActive) {
			return r.active(ctx, tx)
		}
		return err
	}
	var before string
	if err := tx.QueryRowContext(ctx, "SELECT params, generation FROM run WHERE id = ?", r.id).Scan(&before, &r.generation); err != nil {
		return err
	}
	if c.Params == nil {
		params = before
	} else {
		var diff string
		var err error
		if params, diff, err = content.AmendParams(before, params, c.Change); err != nil {
			return refuse(ErrCorrupt, "params of run %s: %v", r.title(), err)
		}
		if diff != "" {
			return refuse(ErrInvalid, "run %s was started with other params: %s; resume it with those, or with none, say which may change, or choose another name", r.title(), diff)
		}
	}
	r.generation++
	const query = `UPDATE run SET state = 'running', cause = NULL, ended = NULL, params = ?, generation = ?, writer = ?, seen = ?, seq = ? WHERE id = ?`
	if _, err := tx.ExecContext(ctx, query, params, r.generation, writerName(), r.store.now().UnixMicro(), tx.Seq(), r.id); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(number), 0) + 1 FROM epoch WHERE run = ?", r.id).Scan(&r.epoch); err != nil {
		return err
	}
	index, err := readSampleIndex(ctx, tx, r.id)
	if err != nil {
		return fmt.Errorf("run %s: %w", r.title(), err)
	}
	r.samples.Store(index)
	return nil
}

// redescribe adds to what is known of a run that is resumed; what people have written since is not undone.
func (r *Run) redescribe(ctx context.Context, tx *Tx, c RunConfig) error {
	row := runRow{id: r.id, uid: r.uid, experiment: r.experiment, name: r.name}
	if err := retag(ctx, tx, row, RunEdit{AddTags: c.Tags}); err != nil {
		return err
	}
	const query = "UPDATE run SET notes = CASE notes WHEN '' THEN ? ELSE notes END, code = ?, host = ? WHERE id = ?"
	_, err := tx.ExecContext(ctx, query, c.Notes, c.Code, c.Host, r.id)
	return err
}

// checkNames keeps names printable, and "experiment/name" readable in one way.
func checkNames(c RunConfig) error {
	if strings.Contains(c.Experiment, "/") {
		return refuse(ErrInvalid, "experiment %q: a slash separates experiment and name, so an experiment has none", c.Experiment)
	}
	if err := errors.Join(checkName("experiment", c.Experiment), checkName("run name", c.Name)); err != nil {
		return err
	}
	if c.Resume == Must && c.Name == "" {
		return refuse(ErrInvalid, "Resume is Must, but no Name says which run of experiment %q", c.Experiment)
	}
	return nil
}

func checkName(what, name string) error {
	switch {
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return refuse(ErrInvalid, "%s %q: must be printable text", what, name)
	case strings.TrimSpace(name) != name:
		return refuse(ErrInvalid, "%s %q: must not begin or end with a space", what, name)
	}
	return checkLength(what, name, MaxName)
}
