package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestAttackAnswers: the answers that are remembered for requests that come again have a limit in bytes.
func TestAttackAnswers(t *testing.T) {
	a := attack(t, newStorePath(t))
	notes, err := json.Marshal(strings.Repeat("n", 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	a.must(201, "POST", "runs", `{"name": "r", "notes": `+string(notes)+`}`)
	before := a.memory("VmRSS")
	for i := range 500 {
		a.must(200, "PATCH", "runs/r", `{"tags": ["a"]}`, "Idempotency-Key", fmt.Sprint(i))
	}
	grown := a.memory("VmRSS") - before
	t.Logf("after 500 requests of 15 bytes the server has grown by %d MiB", grown)
	if grown > 128 {
		t.Errorf("the server has grown by %d MiB", grown)
	}
}

// TestAttackParams: params are limited as notes are, however they come.
func TestAttackParams(t *testing.T) {
	a := attack(t, newStorePath(t))
	a.must(201, "POST", "runs", `{"name": "r"}`)
	body := `{"name": "big", "params": {"p": "` + strings.Repeat("p", 28<<20) + `"}}`
	status, answer, err := a.ask(t.Context(), "POST", "runs", body)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("params of 28 MiB: %d %.200s", status, answer)
	if status != 400 {
		t.Errorf("params of 28 MiB = %d, want 400", status)
	}
	for i := range 40 { // little by little
		a.ask(t.Context(), "PATCH", "runs/r", fmt.Sprintf(`{"params": {"p%d": %q}}`, i, strings.Repeat("p", 500<<10)))
	}
	before := a.memory("VmHWM")
	got := a.honest(20)
	t.Logf("then: honest requests: %v; the peak of memory grew by %d MiB", got, a.memory("VmHWM")-before)
	if size := len(a.must(200, "GET", "runs", "")); size > 4<<20 {
		t.Errorf("the list of two runs has %d bytes", size)
	}
}
