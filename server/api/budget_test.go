package api

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// TestBudget: work is admitted as far as there is room, waits for it, and is refused at once where it never fits.
func TestBudget(t *testing.T) {
	b := newBudget(100)
	b.processors, b.wait = 2, time.Hour
	first, err := b.take(t.Context(), load{60, 1}, "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.take(t.Context(), load{40, 1}, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]load{"bytes": {1, 0}, "processors": {0, 1}} {
		ctx, leave := context.WithCancel(t.Context())
		leave()
		if _, err := b.take(ctx, l, ""); !errors.Is(err, context.Canceled) {
			t.Errorf("beyond the %s: %v, want that it waits until it is cancelled", name, err)
		}
	}
	third := make(chan error, 1)
	go func() {
		done, err := b.take(t.Context(), load{50, 1}, "")
		if err == nil {
			done()
		}
		third <- err
	}()
	second()
	second() // giving back twice gives back once
	select {
	case err := <-third:
		t.Errorf("50 of 40 bytes are given: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	first()
	if err := <-third; err != nil {
		t.Errorf("when there is room: %v", err)
	}
	if b.taken != (load{}) || b.waiting != 0 {
		t.Errorf("taken %v, waiting %d when all is over", b.taken, b.waiting)
	}
	if _, err := b.take(t.Context(), load{101, 0}, "ask for less"); httpjson.Of(err).Status != http.StatusRequestEntityTooLarge {
		t.Errorf("more than there is: %v", err)
	}
}

// TestBudgetRefuses: what finds no room in time is refused, and so is who comes when too many wait.
func TestBudgetRefuses(t *testing.T) {
	b := newBudget(1)
	b.wait = time.Millisecond
	done, err := b.take(t.Context(), load{1, 0}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if _, err := b.take(t.Context(), load{1, 0}, ""); httpjson.Of(err).Status != http.StatusServiceUnavailable || httpjson.Of(err).After == 0 {
		t.Errorf("without room: %v", err)
	}
	b.wait, b.waiting = time.Hour, maxWaiting
	if _, err := b.take(t.Context(), load{1, 0}, ""); httpjson.Of(err).Status != http.StatusServiceUnavailable {
		t.Errorf("behind too many: %v", err)
	}
}
