package tracker

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// TestResumeWithOtherParams: what says how long to train may be another when a run is resumed, and what Change names.
func TestResumeWithOtherParams(t *testing.T) {
	type object = map[string]any
	before := object{"epochs": 10, "lr": 0.5, "train": object{"max_steps": 100, "seed": 1}}
	for _, test := range []struct {
		name   string
		params object
		change []string
		want   string // the params then, or "" if refused
		diff   string // that the refusal names
	}{
		{"the same", before, nil, `{"epochs":10,"lr":0.5,"train":{"max_steps":100,"seed":1}}`, ""},
		{"none", nil, nil, `{"epochs":10,"lr":0.5,"train":{"max_steps":100,"seed":1}}`, ""},
		{"longer", object{"epochs": 20, "lr": 0.5, "train": object{"max_steps": 1e6, "seed": 1}}, nil, `{"epochs":20,"lr":0.5,"train":{"max_steps":1000000,"seed":1}}`, ""},
		{"said in another way", object{"epochs": 10, "num-train-Epochs": 3, "lr": 0.5, "train": object{"max_steps": 100, "seed": 1}}, nil,
			`{"epochs":10,"lr":0.5,"num-train-Epochs":3,"train":{"max_steps":100,"seed":1}}`, ""},
		{"length not said", object{"lr": 0.5, "train": object{"seed": 1}}, nil, `{"epochs":10,"lr":0.5,"train":{"max_steps":100,"seed":1}}`, ""},
		{"another rate", object{"epochs": 20, "lr": 0.1, "train": object{"max_steps": 100, "seed": 1}}, nil, "", "lr is 0.1, was 0.5;"},
		{"another seed", object{"epochs": 10, "lr": 0.5, "train": object{"max_steps": 200, "seed": 2}}, nil, "", "train.seed is 2, was 1;"},
		{"what is no length", object{"epochs": 10, "lr": 0.5, "warmup_steps": 5, "train": object{"max_steps": 100, "seed": 1}}, nil, "", "warmup_steps is 5, was not set;"},
		{"no object any more", object{"epochs": 10, "lr": 0.5, "train": nil}, nil, "", `train is null, was {"max_steps":100,"seed":1};`},
		{"named", object{"epochs": 10, "lr": 0.1, "train": object{"max_steps": 100, "seed": 2}}, []string{"lr", "train.seed"}, `{"epochs":10,"lr":0.1,"train":{"max_steps":100,"seed":2}}`, ""},
		{"named, and another one", object{"epochs": 10, "lr": 0.1, "train": object{"max_steps": 100, "seed": 2}}, []string{"lr", "seed"}, "", "train.seed is 2, was 1;"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := context.Background()
			s := newStore(t)
			r, err := s.Start(ctx, RunConfig{Name: "cnn", Params: before})
			must(t, err)
			must(t, r.Finish(ctx))
			_, err = s.Start(ctx, RunConfig{Name: "cnn", Resume: Must, Params: test.params, Change: test.change})
			if test.want == "" {
				if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "other params: "+test.diff) {
					t.Errorf("Start = %v, want ErrInvalid with %q", err, test.diff)
				}
				return
			}
			must(t, err)
			if got := paramsOf(t, s); got != test.want {
				t.Errorf("params %s, want %s", got, test.want)
			}
		})
	}
}

// paramsOf returns the params of the only run as JSON.
func paramsOf(t *testing.T, s *Store) string {
	t.Helper()
	info, err := s.Run(context.Background(), "")
	must(t, err)
	text, err := content.EncodeJSONObject(info.Params)
	must(t, err)
	return text
}

// TestEditParams changes params while the run is written; who resumes it then is held to the new ones.
func TestEditParams(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r, err := s.Start(ctx, RunConfig{Name: "cnn", Params: map[string]any{"lr": 0.5, "batch": uint64(1<<63 + 1), "old": "x"}})
	must(t, err)
	before, err := s.Changes(ctx, 0)
	must(t, err)
	must(t, s.Edit(ctx, "cnn", RunEdit{SetParams: map[string]any{"lr": 0.25, "new": []int{1}}, RemoveParams: []string{"old", "unknown"}}))
	if got, want := paramsOf(t, s), `{"batch":9223372036854775809,"lr":0.25,"new":[1]}`; got != want {
		t.Errorf("params %s, want %s", got, want)
	}
	if c, err := s.Changes(ctx, before.Cursor); err != nil || len(c.Runs) != 1 {
		t.Errorf("Changes = %+v, %v", c, err)
	}
	for _, edit := range []RunEdit{
		{SetParams: map[string]any{"": 1}},
		{SetParams: map[string]any{"a\x00": 1}},
		{SetParams: map[string]any{"f": func() {}}, Notes: new("x")},
	} {
		if err := s.Edit(ctx, "cnn", edit); !errors.Is(err, ErrInvalid) {
			t.Errorf("Edit with %v = %v, want ErrInvalid", edit.SetParams, err)
		}
	}
	must(t, r.Finish(ctx))
	_, err = s.Start(ctx, RunConfig{Name: "cnn", Resume: Must, Params: map[string]any{"lr": 0.5, "batch": uint64(1<<63 + 1), "new": []int{1}}})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "lr is 0.5, was 0.25;") {
		t.Errorf("Start = %v", err)
	}
	if info, err := s.Run(ctx, "cnn"); err != nil || info.Notes != "" {
		t.Errorf("a refused edit has changed the notes: %+v, %v", info, err)
	}
}
