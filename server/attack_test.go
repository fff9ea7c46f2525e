package server_test

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// TestAttackHold: sockets of strangers, however they are held, keep nobody out who has a token.
func TestAttackHold(t *testing.T) {
	const declared = "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000000000000\r\n\r\n{"
	for _, c := range []struct{ name, sends string }{
		{"nothing", ""},
		{"a request without an end", "GET / HTTP/1.1\r\nHost: localhost\r\n"},
		{"a session of 10^14 bytes", "POST /api/v1/session HTTP/1.1\r\n" + declared},
		{"a run of 10^14 bytes", "POST /api/v1/runs HTTP/1.1\r\n" + declared},
		{"a map of 10^14 bytes, with a wrong token", "POST /api/v1/projections HTTP/1.1\r\nAuthorization: Bearer wrong\r\n" + declared},
		{"a part of 10^14 bytes that waits for leave", "PUT /api/v1/runs/r/epochs/1/frames/f HTTP/1.1\r\nExpect: 100-continue\r\n" + declared},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := attack(t, newStorePath(t))
			for range 512 {
				s, err := net.Dial("tcp", a.addr)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				fmt.Fprint(s, c.sends)
			}
			time.Sleep(300 * time.Millisecond) // so that the server has taken them all
			got := a.honest(100)
			t.Logf("512 sockets hold %s: honest requests: %v", c.name, got)
			if got.failed > 0 {
				t.Errorf("%d honest requests were not answered", got.failed)
			}
		})
	}
}

// TestAttackGuesses: wrong tokens from an address do not lock out who has the right one there.
func TestAttackGuesses(t *testing.T) {
	a := attack(t, newStorePath(t))
	done := make(chan error, 1)
	refused := 0
	go func() {
		for range 16 {
			status, _, err := a.ask(t.Context(), "GET", "runs", "", "Authorization", "Bearer wrong-0123456789abc")
			if err != nil {
				done <- err
				return
			}
			if status == 429 {
				refused++
			}
		}
		done <- nil
	}()
	time.Sleep(300 * time.Millisecond)
	got := a.honest(100)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("beside 16 wrong tokens, of which %d were told to wait: honest requests: %v", refused, got)
	if got.failed > 0 {
		t.Errorf("%d honest requests were not answered", got.failed)
	}
	if refused == 0 {
		t.Error("nobody who guesses is told to wait")
	}
}
