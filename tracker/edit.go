package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A RunEdit changes what is said about a run. What is nil stays as it is.
type RunEdit struct {
	Name       *string
	Notes      *string
	Tags       []string // these and no others; empty, but not nil: none
	AddTags    []string
	RemoveTags []string

	SetParams    map[string]any // params to set; the others stay
	RemoveParams []string
}

// Edit changes the name, the notes, the tags or the params of a run, also of one that is being written. A [Run] that is open keeps the
// name that it was opened with; the id never changes.
func (s *Store) Edit(ctx context.Context, run string, e RunEdit) error {
	return s.write(ctx, func(tx *Tx) error {
		r, err := findRun(ctx, tx, run)
		if err != nil {
			return err
		}
		if e.Name != nil && *e.Name != r.name {
			if err := rename(ctx, tx, r, *e.Name); err != nil {
				return err
			}
		}
		if e.Notes != nil {
			if err := checkNotes(*e.Notes); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE run SET notes = ? WHERE id = ?", *e.Notes, r.id); err != nil {
				return err
			}
		}
		if err := errors.Join(retag(ctx, tx, r, e), reset(ctx, tx, r, e)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE run SET seq = ? WHERE id = ?", tx.Seq(), r.id)
		return err
	})
}

func rename(ctx context.Context, tx *Tx, r runRow, name string) error {
	if name == "" {
		return refuse(ErrInvalid, "run %s: the new name is empty", r.title())
	}
	if err := checkName("run name", name); err != nil {
		return err
	}
	var taken int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM run WHERE experiment = ? AND name = ?", r.experiment, name).Scan(&taken)
	if err != nil {
		return err
	}
	if taken > 0 {
		return refuse(ErrRunExists, "run %s/%s exists: choose another name for %s", r.experiment, name, r.title())
	}
	_, err = tx.ExecContext(ctx, "UPDATE run SET name = ? WHERE id = ?", name, r.id)
	return err
}

func retag(ctx context.Context, tx *Tx, r runRow, e RunEdit) error {
	if e.Tags == nil && len(e.AddTags) == 0 && len(e.RemoveTags) == 0 {
		return nil
	}
	tags := e.Tags
	if tags == nil {
		var text string
		if err := tx.QueryRowContext(ctx, "SELECT tags FROM run WHERE id = ?", r.id).Scan(&text); err != nil {
			return err
		}
		var err error
		if tags, err = decodeTags(text); err != nil {
			return refuse(ErrCorrupt, "tags of run %s: %v", r.title(), err)
		}
	}
	tags = slices.DeleteFunc(slices.Concat(tags, e.AddTags), func(tag string) bool { return slices.Contains(e.RemoveTags, tag) })
	text, err := encodeTags(tags)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE run SET tags = ? WHERE id = ?", text, r.id)
	return err
}

// reset changes the params.
func reset(ctx context.Context, tx *Tx, r runRow, e RunEdit) error {
	if len(e.SetParams) == 0 && len(e.RemoveParams) == 0 {
		return nil
	}
	var text string
	if err := tx.QueryRowContext(ctx, "SELECT params FROM run WHERE id = ?", r.id).Scan(&text); err != nil {
		return err
	}
	params, err := content.EditParams(text, e.SetParams, e.RemoveParams)
	if err != nil {
		return refuse(ErrInvalid, "params of run %s: %v", r.title(), err)
	}
	if len(params) > len(text) { // those of an older store may be too long, and become shorter
		if err := checkParams(params); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE run SET params = ? WHERE id = ?", params, r.id)
	return err
}

// encodeTags writes tags as JSON, in order, each once.
func encodeTags(tags []string) (string, error) {
	for _, tag := range tags {
		if tag == "" {
			return "", refuse(ErrInvalid, "a tag is empty")
		}
		if err := checkName("tag", tag); err != nil {
			return "", err
		}
	}
	tags = slices.Compact(slices.Sorted(slices.Values(tags)))
	if len(tags) > MaxTags {
		return "", refuse(ErrInvalid, "%d tags: at most %d are allowed", len(tags), MaxTags)
	}
	if tags == nil {
		tags = []string{}
	}
	b, err := json.Marshal(tags)
	return string(b), err
}

func decodeTags(text string) (tags []string, err error) {
	err = json.Unmarshal([]byte(text), &tags)
	return tags, err
}

func checkNotes(notes string) error {
	switch {
	case !content.Storable(notes):
		return refuse(ErrInvalid, "notes must be valid UTF-8 without NUL")
	case len(notes) > MaxNotes:
		return refuse(ErrInvalid, "notes have %d bytes, at most %d are allowed", len(notes), MaxNotes)
	}
	return nil
}

// checkParams refuses params, as JSON, that every list of runs would carry along.
func checkParams(params string) error {
	if len(params) > MaxParams {
		return refuse(ErrInvalid, "params have %d bytes as JSON, at most %d are allowed: log what is long as a file's name or a digest", len(params), MaxParams)
	}
	return nil
}

// describe checks what c says about a run and returns its tags as JSON.
func (c RunConfig) describe() (tags string, err error) {
	tags, err = encodeTags(c.Tags)
	if err := errors.Join(err, checkNotes(c.Notes), checkName("code version", c.Code), checkName("host", c.Host)); err != nil {
		return "", refuse(ErrInvalid, "run %s: %v", c.title(), err)
	}
	return tags, nil
}
