package projector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Info describes a stored projection. As JSON it has snake_case keys, as `zoetrope project --json` prints them.
type Info struct {
	ID       string    `json:"projection"`
	Runs     []string  `json:"runs"` // ids, in the order they were given
	Layer    string    `json:"layer"`
	Title    string    `json:"title"`  // of the method, for people
	Method   string    `json:"method"` // the one used; Options.Method is the one asked for
	Mode     string    `json:"mode"`
	Dims     int       `json:"dims"`
	Points   int       `json:"points"`
	Extended int       `json:"extended"` // how many of them were placed after the fit, see [Projection.Extend]
	Revision int       `json:"revision"` // grows when the projection is extended or refitted
	Created  time.Time `json:"created"`
	Seconds  float64   `json:"seconds"`        // wall time of Project
	Stages   Stages    `json:"stages"`         // where the time went
	PeakRSS  int64     `json:"peak_rss_bytes"` // most memory the process had held by then
	Options  Options   `json:"options"`
}

// A Stage is one step of making a projection and the wall time it took.
type Stage struct {
	Name    string
	Seconds float64
}

// Stages are in the order in which they ran. As JSON they are one object, {"neighbors": 1.2, …}, in that order.
type Stages []Stage

// Seconds returns the time of a stage, 0 if there is none of that name.
func (s Stages) Seconds(name string) float64 {
	for _, stage := range s {
		if stage.Name == name {
			return stage.Seconds
		}
	}
	return 0
}

// MarshalJSON implements [json.Marshaler].
func (s Stages) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, stage := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(stage.Name)
		if err != nil {
			return nil, err
		}
		seconds, err := json.Marshal(stage.Seconds)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(seconds)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Stages) UnmarshalJSON(data []byte) error {
	*s = Stages{}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errors.New("stages: want an object"), err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		stage := Stage{Name: name.(string)}
		if err := d.Decode(&stage.Seconds); err != nil {
			return fmt.Errorf("stage %s: %w", stage.Name, err)
		}
		*s = append(*s, stage)
	}
	return nil
}

// A stopwatch collects stages.
type stopwatch struct {
	began, last time.Time
	stages      Stages
}

func startWatch() *stopwatch {
	now := time.Now()
	return &stopwatch{began: now, last: now}
}

// lap ends the stage that began with the last lap.
func (w *stopwatch) lap(name string) {
	now := time.Now()
	w.stages = append(w.stages, Stage{name, now.Sub(w.last).Seconds()})
	w.last = now
}

// take adds the stages that were seen elsewhere since the last lap.
func (w *stopwatch) take(stages Stages) {
	w.stages = append(w.stages, stages...)
	w.last = time.Now()
}

// total is the time since the start, to the last lap.
func (w *stopwatch) total() float64 { return w.last.Sub(w.began).Seconds() }
