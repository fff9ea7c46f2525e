package projector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Given stores a map of a run that another program computed, of 2 or 3 dimensions, as a projection that is queried,
// measured and shown as any other. It cannot be extended or fitted anew. Each place is of an epoch that the run has; the
// samples of one epoch are the run's, and nil means all of them in their order.
//
// Where the run has vectors for all that is placed, in the named layer or its only one, the map is measured against them.
// Where it has none, its quality tells what the map alone can: how labels stand apart, and how far samples move. What
// compares it with an original space is nil.
func Given(ctx context.Context, store *tracker.Store, run, layer string, dims int, placed []Coordinates, progress Progress) (*Projection, error) {
	if dims != 2 && dims != 3 {
		return nil, fmt.Errorf("%w: the places have %d dimensions, want 2 or 3", ErrOptions, dims)
	}
	if len(placed) == 0 {
		return nil, fmt.Errorf("%w: there are no places", ErrOptions)
	}
	watch := startWatch()
	info, err := store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	g, err := readImported(ctx, store, info, dims, placed)
	if err != nil {
		return nil, fmt.Errorf("run %s/%s: %w", info.Experiment, info.Name, err)
	}
	watch.lap("load")

	o := Options{Layer: layer, Method: MethodGiven, Mode: MethodGiven, Dims: dims, Metric: "euclidean"}
	src, y, err := g.withVectors(ctx, info, o, progress)
	if err != nil {
		return nil, err
	}
	quality, err := measureQuality(ctx, src, y, o, false, progress)
	if err != nil {
		return nil, err
	}
	watch.lap("quality")

	o.Layer = src.layer
	p := &Projection{store: store, info: Info{
		Runs: src.runs, Layer: src.layer, Title: MethodTitle(MethodGiven), Method: MethodGiven, Mode: MethodGiven, Dims: dims,
		Points: len(g.y) / dims, Revision: 1, Options: o,
	}}
	return p, p.insert(ctx, g.src, g.y, quality, watch, progress)
}

// imported is a map to be stored: a source that has the places for vectors.
type imported struct {
	store  *tracker.Store
	placed []Coordinates // with all samples named
	src    *source
	y      []float32
}

func readImported(ctx context.Context, store *tracker.Store, info tracker.RunInfo, dims int, placed []Coordinates) (*imported, error) {
	samples, err := store.Samples(ctx, info.ID)
	if err != nil {
		return nil, err
	}
	list := newSampleSet(samples)
	last := make([]int, len(samples)) // frame that each sample was last placed in, counted from 1
	epochs, err := store.Epochs(ctx, info.ID)
	if err != nil {
		return nil, err
	}
	g := &imported{store: store, src: &source{runs: []string{info.ID}, dim: dims, bare: true}}
	total := 0
	for k, at := range placed {
		i := slices.IndexFunc(epochs, func(e tracker.EpochInfo) bool { return e.Number == at.Epoch })
		if i < 0 {
			return nil, fmt.Errorf("there is no epoch %d to place: %w", at.Epoch, tracker.ErrNotFound)
		}
		if slices.ContainsFunc(g.src.frames, func(f sourceFrame) bool { return f.epoch == at.Epoch }) {
			return nil, fmt.Errorf("%w: epoch %d is placed twice", ErrOptions, at.Epoch)
		}
		if at.Samples == nil {
			at.Samples = list.uids
		}
		for j, row := range list.find(at.Samples) {
			id := at.Samples[j]
			switch {
			case row < 0:
				return nil, fmt.Errorf("sample %q of epoch %d: %w", id, at.Epoch, tracker.ErrNotFound)
			case last[row] == k+1:
				return nil, fmt.Errorf("%w: epoch %d: sample %q is placed twice", ErrOptions, at.Epoch, id)
			}
			last[row] = k + 1
		}
		if len(at.Coordinates) != len(at.Samples)*dims {
			return nil, fmt.Errorf("%w: epoch %d has %d coordinates, want %d for each of %d samples", ErrOptions, at.Epoch, len(at.Coordinates), dims, len(at.Samples))
		}
		for j, v := range at.Coordinates {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				return nil, fmt.Errorf("%w: epoch %d: the place of sample %q is %v", ErrOptions, at.Epoch, at.Samples[j/dims], v)
			}
		}
		at.Run = info.ID
		g.placed = append(g.placed, at)
		g.src.frames = append(g.src.frames, sourceFrame{epoch: at.Epoch, seq: epochs[i].Seq, samples: at.Samples, first: total / dims})
		total += len(at.Coordinates)
	}
	if g.y = placed[0].Coordinates; len(placed) > 1 {
		g.y = make([]float32, 0, total)
		for _, at := range placed {
			g.y = append(g.y, at.Coordinates...)
		}
	}
	g.src.x = g.y
	g.src.name(0, samples, newClasses())
	return g, nil
}

// withVectors returns the vectors of what is placed, and the places in the same order. Where there are none, the places
// stand in for them, and the source says that it is bare.
func (g *imported) withVectors(ctx context.Context, info tracker.RunInfo, o Options, progress Progress) (src *source, y []float32, err error) {
	src = &source{layer: o.Layer, runs: g.src.runs}
	frames, err := framesOf(ctx, g.store, info, &src.layer)
	if o.Layer == "" && (errors.Is(err, tracker.ErrNotFound) || errors.Is(err, tracker.ErrAmbiguous)) {
		return g.src, g.y, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for i, at := range g.placed {
		k := slices.IndexFunc(frames, func(f tracker.FrameInfo) bool { return f.Epoch == at.Epoch })
		if k < 0 || frames[k].Rows != len(at.Samples) {
			return g.src, g.y, nil
		}
		src.dim = frames[k].Dim
		src.frames = append(src.frames, sourceFrame{epoch: at.Epoch, seq: g.src.frames[i].seq})
	}
	if err := src.read(ctx, g.store, progress); err != nil {
		return nil, nil, err
	}
	y = make([]float32, len(g.y))
	for i, at := range g.placed {
		if !src.fill(y, nil, i, at, o.Dims) {
			return g.src, g.y, nil
		}
	}
	for i, f := range src.frames {
		g.src.frames[i].digest = f.digest // what the places are of
	}
	return src, y, nil
}

// method is what lays the map out. A map that another program computed stays as it is.
func (p *Projection) method() (Method, error) {
	if m, ok := findMethod(p.info.Method); ok {
		return m, nil
	}
	if p.info.Method != MethodGiven {
		return Method{}, fmt.Errorf("%w: projection %q was made by method %q, which this version does not have", ErrOptions, p.info.ID, p.info.Method)
	}
	return Method{}, fmt.Errorf("%w: projection %q was computed elsewhere and cannot be extended or fitted anew: import the new map, or make one with Project", ErrOptions, p.info.ID)
}

// measureImported measures a map that another program computed, at some of its epochs.
func (p *Projection) measureImported(ctx context.Context, placed []Coordinates, exact bool) (*Quality, error) {
	info, err := p.store.Run(ctx, p.info.Runs[0])
	if err != nil {
		return nil, err
	}
	g, err := readImported(ctx, p.store, info, p.info.Dims, placed)
	if err != nil {
		return nil, err
	}
	src, y, err := g.withVectors(ctx, info, p.info.Options, nil)
	if err != nil {
		return nil, err
	}
	return measureQuality(ctx, src, y, p.info.Options, exact, nil)
}
