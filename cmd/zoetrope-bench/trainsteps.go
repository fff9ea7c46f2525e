package main

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/usage"
	"github.com/zoetrope-ml/zoetrope/train"
)

// A stepper takes and measures the steps of one model.
type stepper struct {
	model            *train.Model
	set              *train.Set // a round's
	skip             int        // steps at the beginning of a round that do not count
	cpu, wall, alloc sample     // ms and ms by step, bytes a step by round
}

// newStepper returns a stepper whose rounds skip their first steps, which warm up, and count the others.
func newStepper(model func(train.Settings) (*train.Model, error), skip, steps int) (*stepper, error) {
	m, err := model(train.Defaults())
	return &stepper{model: m, set: noise((skip + steps) * train.Defaults().Batch), skip: skip}, err
}

// noise returns n images and labels that nothing can be learned from.
func noise(n int) *train.Set {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	s := &train.Set{Images: make([]byte, n*train.Pixels), Labels: make([]uint8, n)}
	for i := range s.Images {
		s.Images[i] = byte(r.Uint32())
	}
	for i := range s.Labels {
		s.Labels[i] = uint8(r.IntN(train.Classes))
	}
	return s
}

// warmUp takes a round that does not count, in which the graph is compiled.
func (s *stepper) warmUp(ctx context.Context) error {
	err := s.round(ctx)
	s.cpu, s.wall, s.alloc = nil, nil, nil
	return err
}

// round takes a round of steps.
func (s *stepper) round(ctx context.Context) error {
	var cpu time.Duration
	var clock time.Time
	var memory runtime.MemStats
	start := func() {
		runtime.ReadMemStats(&memory)
		cpu, clock = usage.CPU(), time.Now()
	}
	start()
	steps := 0
	_, err := s.model.Train(ctx, s.set, func(b train.Batch) error {
		if b.Index < s.skip {
			start()
			return nil
		}
		c, t := usage.CPU(), time.Now()
		s.cpu = append(s.cpu, 1e3*(c-cpu).Seconds())
		s.wall = append(s.wall, 1e3*t.Sub(clock).Seconds())
		cpu, clock = c, t
		steps++
		return nil
	})
	if err != nil {
		return err
	}
	before := memory.TotalAlloc
	runtime.ReadMemStats(&memory)
	s.alloc = append(s.alloc, float64(memory.TotalAlloc-before)/float64(steps))
	return nil
}

func (s *stepper) result(batch int) *stepResult {
	return &stepResult{
		CPU: s.cpu.min(), Wall: s.wall.min(), GFLOPs: train.FLOPs(batch) / s.wall.min() / 1e6, Alloc: math.Round(s.alloc.min()),
		CPUMedian: s.cpu.median(), WallMedian: s.wall.median(), Steps: len(s.cpu),
	}
}
