package main

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// live keeps a map of the epochs so far, beside the training. A nil live does nothing.
type live struct {
	news chan struct{} // an epoch was logged; one signal stands for all epochs since
	done chan struct{}
	p    *projector.Projection // read these after done
	err  error                 // why the map no longer follows
}

// follow begins a map of a run, or continues the one of an interrupted training.
func follow(ctx context.Context, run *tracker.Run) *live {
	l := &live{news: make(chan struct{}, 1), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for range l.news {
			p, err := l.next(ctx, run)
			if err != nil { // the training goes on, and the map is made at its end
				l.err = err
				return
			}
			l.p = p
		}
	}()
	return l
}

// next returns the map with all epochs so far.
func (l *live) next(ctx context.Context, run *tracker.Run) (*projector.Projection, error) {
	if l.p != nil {
		return l.p.Extend(ctx, nil)
	}
	maps, err := projector.List(ctx, run.Store(), run.ID())
	if err != nil {
		return nil, err
	}
	for _, m := range maps {
		if !ours(m) {
			continue
		}
		p, err := projector.Open(ctx, run.Store(), m.ID)
		if err != nil {
			return nil, err
		}
		return p.Extend(ctx, nil)
	}
	return projector.Project(ctx, run.Store(), []string{run.ID()}, projection(), nil)
}

// ours reports whether this example made a map; other programs may make maps of its runs.
func ours(m projector.Info) bool {
	o := projection()
	return len(m.Runs) == 1 && m.Mode == o.Mode && m.Options.NNeighbors == o.NNeighbors && m.Options.MinDist == o.MinDist && m.Options.NEpochs == o.NEpochs
}

// grow signals that an epoch was logged. It does not wait for the map.
func (l *live) grow() {
	if l == nil {
		return
	}
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// stop waits until the map is final, and returns the error that kept it from following to the end.
func (l *live) stop() error {
	if l == nil {
		return nil
	}
	close(l.news)
	<-l.done
	return l.err
}

// projection returns the map, once stopped; nil if there is none, or it failed to follow.
func (l *live) projection() *projector.Projection {
	if l == nil || l.err != nil {
		return nil
	}
	return l.p
}
