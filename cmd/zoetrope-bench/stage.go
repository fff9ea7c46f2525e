package main

import (
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/usage"
)

// stageCost is the cost of a stage.
type stageCost struct {
	Stage   string  `json:"stage"`
	Wall    float64 `json:"wall_seconds"`
	CPU     float64 `json:"cpu_seconds"`
	PeakRSS int64   `json:"peak_rss_bytes"` // of the process, by the stage's end
}

// total sums the costs of all stages.
func total(stages []stageCost) (all stageCost) {
	for _, s := range stages {
		all.Wall += s.Wall
		all.CPU += s.CPU
		all.PeakRSS = max(all.PeakRSS, s.PeakRSS)
	}
	return all
}

// costs measures stages, which reports of progress name.
type costs struct {
	mu     sync.Mutex // protects following fields
	stage  string     // the one that runs; "" = none was named yet, and the time counts for the first
	began  time.Time
	cpu    time.Duration // when it began
	stages []stageCost
}

func newCosts() *costs { return &costs{began: time.Now(), cpu: usage.CPU()} }

// enter reports that a stage is running.
func (c *costs) enter(stage string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stage != c.stage {
		c.close()
		c.stage = stage
	}
}

// end ends the last stage and returns all of them.
func (c *costs) end() []stageCost {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close()
	return c.stages
}

func (c *costs) close() {
	if c.stage == "" {
		return
	}
	now, cpu := time.Now(), usage.CPU()
	c.stages = append(c.stages, stageCost{c.stage, now.Sub(c.began).Seconds(), (cpu - c.cpu).Seconds(), usage.PeakRSS()})
	c.began, c.cpu = now, cpu
}
