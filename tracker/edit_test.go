package tracker

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/buildinfo"
)

func TestEdit(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r, err := s.Start(ctx, RunConfig{Experiment: "mnist", Name: "cnn", Tags: []string{"wide", "first", "wide"}, Notes: "before"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Start(ctx, RunConfig{Experiment: "mnist", Name: "taken"}); err != nil {
		t.Fatal(err)
	}
	info, err := s.Run(ctx, "cnn")
	if err != nil || !slices.Equal(info.Tags, []string{"first", "wide"}) || info.Notes != "before" {
		t.Errorf("Run = %+v, %v", info, err)
	}
	host, _ := os.Hostname()
	if info.Host != host || info.Code != buildinfo.Version() {
		t.Errorf("host %q, code %q, want %q, %q", info.Host, info.Code, host, buildinfo.Version())
	}
	for _, test := range []struct {
		name string
		edit RunEdit
		is   error
		want string
	}{
		{"taken", RunEdit{Name: new("taken"), Notes: new("x")}, ErrRunExists, "run mnist/taken exists: choose another name for mnist/cnn"},
		{"no name", RunEdit{Name: new("")}, ErrInvalid, "empty"},
		{"newline", RunEdit{Name: new("a\nb")}, ErrInvalid, "printable"},
		{"tag", RunEdit{Notes: new("x"), AddTags: []string{""}}, ErrInvalid, "a tag is empty"},
		{"tag text", RunEdit{Notes: new("x"), Tags: []string{" a"}}, ErrInvalid, "space"},
		{"params", RunEdit{Notes: new("x"), SetParams: map[string]any{"long": strings.Repeat("x", MaxParams)}}, ErrInvalid, "params have 1048587 bytes as JSON"},
		{"notes", RunEdit{Notes: new("\xff"), AddTags: []string{"x"}}, ErrInvalid, "UTF-8"},
	} {
		if err := s.Edit(ctx, "cnn", test.edit); !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Edit = %v, want %v with %q", test.name, err, test.is, test.want)
		}
	}
	if err := s.Edit(ctx, "rnn", RunEdit{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("Edit of no run = %v", err)
	}
	before, err := s.Changes(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The run is being written meanwhile.
	edit := RunEdit{Name: new("better"), Notes: new("line 1\nline 2"), AddTags: []string{"good", "best"}, RemoveTags: []string{"first", "good", "unknown"}}
	if err := s.Edit(ctx, "cnn", edit); err != nil {
		t.Fatal(err)
	}
	if err := r.Log(ctx, Epoch{Number: 1}); err != nil {
		t.Errorf("Log after a rename: %v", err)
	}
	if c, err := s.Changes(ctx, before.Cursor); !slices.Equal(c.Runs, []string{r.ID()}) || err != nil {
		t.Errorf("changes %+v, %v", c, err)
	}
	if err := r.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	r, err = s.Start(ctx, RunConfig{Experiment: "mnist", Name: "better", Resume: Must, Tags: []string{"resumed"}, Notes: "not taken", Code: "train.py@1.0", Host: "elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	info, err = s.Run(ctx, r.ID())
	if err != nil || info.Name != "better" || info.Notes != "line 1\nline 2" || !slices.Equal(info.Tags, []string{"best", "resumed", "wide"}) ||
		info.Code != "train.py@1.0" || info.Host != "elsewhere" || info.Epochs != 1 {
		t.Errorf("Run = %+v, %v", info, err)
	}
	if err := s.Edit(ctx, "better", RunEdit{Tags: []string{}}); err != nil {
		t.Fatal(err)
	}
	if got, want := table(t, reader(s), "SELECT name, tags, notes, code, host FROM runs WHERE name = 'better'"), "[[better [] line 1\nline 2 train.py@1.0 elsewhere]]"; got != want {
		t.Errorf("view: %s, want %s", got, want)
	}
}
