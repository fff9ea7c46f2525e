package access_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/access"
)

// TestGuessing: whoever guesses is slowed down, alone, and forgiven in time.
func TestGuessing(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	g := newGuard(t, access.Options{Tokens: tokens(t)})
	g.SetNow(func() time.Time { return now })
	guess := func(from, secret string) *httptest.ResponseRecorder {
		return ask(g, "GET", "/", "", "Authorization", "Bearer "+secret, "From", from)
	}
	tried := 0
	for range 1000 {
		if guess("10.0.0.1:1", "wrong").Code == 401 {
			tried++
		}
		now = now.Add(100 * time.Millisecond)
	}
	if tried < 10 || tried > 50 {
		t.Errorf("%d of 1000 guesses in 100 s were looked at", tried)
	}
	if w := guess("10.0.0.1:2", both); w.Code != 429 || w.Header().Get("Retry-After") == "" || code(w) != "too_many_guesses" {
		t.Errorf("the right token among guesses = %d", w.Code)
	}
	if w := guess("10.0.0.2:1", both); w.Code != 200 {
		t.Errorf("from elsewhere = %d", w.Code)
	}
	now = now.Add(time.Minute)
	if w := guess("10.0.0.1:1", both); w.Code != 200 {
		t.Errorf("a minute later = %d", w.Code)
	}
	for i := range 20 {
		guess(fmt.Sprintf("[2001:db8::%d]:1", i+1), "wrong")
	}
	if w := guess("[2001:db8::ffff]:1", both); w.Code != 429 {
		t.Errorf("guesses of one IPv6 network are told apart: %d", w.Code)
	}
	for i := range 12_000 {
		guess(fmt.Sprintf("11.%d.%d.1:1", i>>8, i&255), "wrong")
	}
}
