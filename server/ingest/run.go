package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A runRequest is the body of POST runs.
type runRequest struct {
	Experiment string         `json:"experiment"`
	Name       string         `json:"name"`
	Params     map[string]any `json:"params"`
	Resume     string         `json:"resume"` // never, allow or must
	Change     []string       `json:"change"` // params that may be others than before
	Tags       []string       `json:"tags"`
	Notes      string         `json:"notes"`
	Code       string         `json:"code"` // version of the program that logs
	Host       string         `json:"host"` // where it runs
}

// A runAnswer says where a run stands.
type runAnswer struct {
	ID         string        `json:"id"`
	Experiment string        `json:"experiment"`
	Name       string        `json:"name"`
	State      tracker.State `json:"state"`
	Epochs     int           `json:"epochs"`
	LastEpoch  *int          `json:"last_epoch"` // null without epochs
	LastStep   int           `json:"last_step"`
	Samples    int           `json:"samples"`
	Tags       []string      `json:"tags"`
	Notes      string        `json:"notes"`
	Limits     limits        `json:"limits"`
	Also       *otherClient  `json:"also,omitempty"` // to who starts or resumes the run: another client that logs to it
}

var resumes = map[string]tracker.Resume{"": tracker.Never, "never": tracker.Never, "allow": tracker.Allow, "must": tracker.Must}

// postRun starts a run or resumes one. A client that resumes a run which this server holds has been started anew: what
// another one has put and not committed is forgotten.
func (h *Handler) postRun(c *call) (int, any, error) {
	var q runRequest
	if err := c.decode(&q); err != nil {
		return 0, nil, err
	}
	resume, ok := resumes[q.Resume]
	if !ok {
		return 0, nil, httpjson.Invalid("resume = %.40q, want never, allow or must", q.Resume)
	}
	config := tracker.RunConfig{Experiment: q.Experiment, Name: q.Name, Params: q.Params, Resume: resume, Change: q.Change, Tags: q.Tags, Notes: q.Notes}
	config.Code, config.Host = q.origin(c.r)
	if c.key != "" { // two clients that choose the same key start the same run only if they ask for the same
		config.Key = fmt.Sprintf("%s %x", c.storeKey("start"), c.hash[:8])
	}
	id, err := h.existing(c.ctx(), config)
	if err != nil {
		return 0, nil, err
	}
	status := http.StatusOK
	if id == "" {
		status = http.StatusCreated
		id, err = h.start(c.ctx(), config)
	} else {
		err = h.resumeAnew(c.ctx(), id, config)
	}
	if errors.Is(err, tracker.ErrRunExists) {
		return 0, nil, httpjson.Refuse(http.StatusConflict, "run_exists", `run %s exists: send "resume": "allow" to go on with it, or choose another name`, q.Name)
	}
	if err != nil {
		return 0, nil, err
	}
	v, err := h.runAnswer(c.ctx(), id)
	if w, err := h.writer(id); err == nil && c.from != "" {
		v.Also = w.by.other(c.from, time.Now())
		w.by.hear(c.from, time.Now())
	}
	return status, v, err
}

// origin says which program logs and where it runs, as far as that is known.
func (q *runRequest) origin(r *http.Request) (code, host string) {
	code, host = q.Code, q.Host
	if code == "" {
		code = r.UserAgent()
	}
	if code == "" {
		code = "unknown"
	}
	if from, err := netip.ParseAddrPort(r.RemoteAddr); host == "" && err == nil && !from.Addr().IsLoopback() {
		host = from.Addr().String()
	}
	return code, host // an empty host is this machine
}

// existing returns the id of the run that is to be resumed, or "" if it is to be started.
func (h *Handler) existing(ctx context.Context, c tracker.RunConfig) (string, error) {
	if c.Resume == tracker.Never || c.Name == "" {
		return "", nil
	}
	experiment := c.Experiment
	if experiment == "" {
		experiment = "default"
	}
	info, err := h.store.Run(ctx, experiment+"/"+c.Name)
	if errors.Is(err, tracker.ErrNotFound) {
		return "", nil // or refused by Start, where it must exist
	}
	return info.ID, err
}

func (h *Handler) start(ctx context.Context, c tracker.RunConfig) (string, error) {
	run, err := h.store.Start(ctx, c)
	if err != nil {
		return "", err
	}
	w, err := h.writer(run.ID())
	if err != nil {
		run.Release()
		return "", err
	}
	w.turn.Lock()
	defer w.turn.Unlock()
	w.giveUpLocked() // nobody else knows the id yet
	w.run = run
	w.touch()
	return run.ID(), nil
}

func (h *Handler) resumeAnew(ctx context.Context, id string, c tracker.RunConfig) error {
	w, err := h.writer(id)
	if err != nil {
		return err
	}
	w.turn.Lock()
	defer w.turn.Unlock()
	if err := h.resume(ctx, w, c); err != nil {
		return err
	}
	h.staging.forgetRun(id)
	return nil
}

func (h *Handler) runAnswer(ctx context.Context, id string) (runAnswer, error) {
	info, err := h.store.Run(ctx, id)
	a := runAnswer{
		ID:         info.ID,
		Experiment: info.Experiment,
		Name:       info.Name,
		State:      info.State,
		Epochs:     info.Epochs,
		LastStep:   info.LastStep,
		Samples:    info.Samples,
		Tags:       info.Tags,
		Notes:      info.Notes,
		Limits:     h.limits(),
	}
	if a.Tags == nil {
		a.Tags = []string{}
	}
	if info.Epochs > 0 {
		a.LastEpoch = &info.LastEpoch
	}
	return a, err
}

// patchRun changes what is said about a run.
func (h *Handler) patchRun(c *call) (int, any, error) {
	var q struct {
		Name   *string        `json:"name"`
		Tags   []string       `json:"tags"` // all of them
		Notes  *string        `json:"notes"`
		Params map[string]any `json:"params"` // those to set, and with null those to remove
	}
	if err := c.decode(&q); err != nil {
		return 0, nil, err
	}
	w, err := h.find(c.ctx(), c.run())
	if err != nil {
		return 0, nil, err
	}
	edit := tracker.RunEdit{Name: q.Name, Tags: q.Tags, Notes: q.Notes, SetParams: q.Params}
	for name, v := range q.Params {
		if v == nil {
			edit.RemoveParams = append(edit.RemoveParams, name)
		}
	}
	if err := h.store.Edit(c.ctx(), w.id, edit); err != nil {
		return 0, nil, err
	}
	v, err := h.runAnswer(c.ctx(), w.id)
	return http.StatusOK, v, err
}

// postHeartbeat keeps a run that trains and has nothing to say.
func (h *Handler) postHeartbeat(c *call) (int, any, error) {
	err := h.write(c.ctx(), c.run(), func(*tracker.Run) error { return nil })
	return http.StatusOK, struct{}{}, err
}
