package main

import (
	"encoding/json"
	"fmt"
	"slices"
)

// A traceEvent is one of Chromium's trace: a span of a thread, in microseconds.
type traceEvent struct {
	Name     string          `json:"name"`
	Phase    string          `json:"ph"`
	Process  int             `json:"pid"`
	Thread   int             `json:"tid"`
	Start    float64         `json:"ts"`
	Duration float64         `json:"dur"`
	CPU      *float64        `json:"tdur"` // of the thread; absent where Chromium does not know it
	Args     json.RawMessage `json:"args"`
}

// scripts are the spans in which the page's own code runs, the outermost of them: what draws a frame, what handles input,
// timers, and what waits for an answer.
var scripts = []string{"FireAnimationFrame", "EventDispatch", "TimerFire", "FunctionCall", "RunMicrotasks", "EvaluateScript"}

// A script is time that the page's code took.
type script struct {
	name  string
	input string // what was handled, as "pointermove"
	start float64
	ms    float64
}

// scriptsOf returns what the page's code did, in order. A span within another one counts once.
func scriptsOf(events []traceEvent) []script {
	page := 0 // the process that draws frames
	for _, e := range events {
		if e.Name == "FireAnimationFrame" {
			page = e.Process
		}
	}
	var spans []traceEvent
	for _, e := range events {
		if e.Phase == "X" && e.Process == page && slices.Contains(scripts, e.Name) {
			spans = append(spans, e)
		}
	}
	slices.SortStableFunc(spans, func(a, b traceEvent) int {
		if a.Start != b.Start {
			return int(a.Start - b.Start)
		}
		return int(b.Duration - a.Duration) // the outer one first
	})
	var list []script
	end := map[int]float64{} // by thread
	for _, e := range spans {
		if e.Start < end[e.Thread] {
			continue
		}
		end[e.Thread] = e.Start + e.Duration
		s := script{name: e.Name, start: e.Start, ms: e.Duration / 1000}
		if e.CPU != nil {
			s.ms = *e.CPU / 1000
		}
		if e.Name == "EventDispatch" {
			var args struct {
				Data struct {
					Type string `json:"type"`
				} `json:"data"`
			}
			if json.Unmarshal(e.Args, &args) == nil {
				s.input = args.Data.Type
			}
		}
		list = append(list, s)
	}
	return list
}

// frames returns what the page's code took for each frame, with what it did since the frame before.
func frames(list []script) (took sample) {
	sum := 0.0
	for _, s := range list {
		sum += s.ms
		if s.name == "FireAnimationFrame" {
			took, sum = append(took, sum), 0
		}
	}
	return took
}

// hovers returns what the page's code took for each movement of the pointer, until the next one.
func hovers(list []script) (took sample) {
	for _, s := range list {
		if s.input == "pointermove" {
			took = append(took, 0)
		}
		if len(took) > 0 {
			took[len(took)-1] += s.ms
		}
	}
	return took
}

// scriptTimes sum up what the page's code took, in milliseconds of its thread's processor time.
type scriptTimes struct {
	Median float64 `json:"median_ms"`
	P95    float64 `json:"p95_ms"`
	Max    float64 `json:"max_ms"`
	Count  int     `json:"count"`
}

func sumUp(what string, took sample) (scriptTimes, error) {
	if len(took) == 0 {
		return scriptTimes{}, fmt.Errorf("the trace has nothing of %s", what)
	}
	sorted := slices.Sorted(slices.Values(took))
	return scriptTimes{took.median(), sorted[(len(sorted)*95+99)/100-1], sorted[len(sorted)-1], len(sorted)}, nil
}
