package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

// scripts are the names of the spans in which the page's own code runs: frames, handlers of input, timers, and promises.
var scripts = []string{"FireAnimationFrame", "EventDispatch", "TimerFire", "FunctionCall", "RunMicrotasks", "EvaluateScript"}

// A script is a span of the page's code.
type script struct {
	name  string
	input string // the event handled, as "pointermove"
	start float64
	ms    float64
}

// scriptsOf returns the spans of the page's code, in order. A span within another one counts once.
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

// frames returns the time of the page's code for each frame, including other scripts since the previous frame.
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

// hovers returns the time of the page's code for each movement of the pointer, until the next one.
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

// drawnMark is the mark that the page sets in the frame that first draws the map.
const drawnMark = "zoetrope: first map drawn"

// shownAt returns when the frame with the drawnMark was on screen, in milliseconds after the navigation; drawn is when the
// mark was set, in the same measure. A frame that Chromium passed over is on screen with the next one that it shows.
func shownAt(events []traceEvent, drawn float64) (float64, error) {
	i := slices.IndexFunc(events, func(e traceEvent) bool { return e.Name == drawnMark })
	if i < 0 {
		return 0, fmt.Errorf("the trace has no mark %q", drawnMark)
	}
	mark := events[i]
	type frameArgs struct {
		ID    string `json:"id"`
		Begin struct {
			Sequence int64 `json:"sequence_number"`
		} `json:"begin_frame_id"`
	}
	frame, began := "", 0.0 // the last one that began before the mark
	shown := map[string]float64{}
	next := math.Inf(1)
	for _, e := range events {
		if e.Process != mark.Process {
			continue
		}
		var args frameArgs
		switch {
		case e.Name == "AnimationFrame" && e.Phase == "b":
			if e.Start <= mark.Start && e.Start > began && json.Unmarshal(e.Args, &args) == nil {
				frame, began = args.ID, e.Start
			}
		case e.Name == "AnimationFrame::Presentation":
			if e.Start > mark.Start && json.Unmarshal(e.Args, &args) == nil && args.Begin.Sequence > 0 {
				shown[args.ID] = e.Start
				next = min(next, e.Start)
			}
		}
	}
	at, ok := shown[frame]
	if !ok {
		at = next
	}
	if math.IsInf(at, 1) {
		return 0, errors.New("the trace does not say when the map was on screen")
	}
	return drawn + (at-mark.Start)/1000, nil
}

// scriptTimes summarise the times of the page's code, in milliseconds of its thread's processor time.
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
