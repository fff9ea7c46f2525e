package projector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A source is what a projection is made from: the frames of one layer of some runs, as one matrix, run by run and
// epoch by epoch.
type source struct {
	layer  string
	dim    int
	runs   []string // ids
	frames []sourceFrame
	x      []float32 // rows of all frames, n×dim, row-major
	bare   bool      // there are no vectors: x holds places on a map
	lists  []*roster // the samples of each run, as they were when the source was read

	preparation *umap.Preparation // what x went through; nil = nothing
}

type sourceFrame struct {
	run     int // in source.runs
	epoch   int
	seq     int64 // the epoch's, when it was read
	samples []string
	numbers []int // one per sample of the run, the same at every epoch
	classes []int // one per label, −1 for none
	first   int   // its first row in source.x
}

func (s *source) rows() int { return len(s.x) / s.dim }

// groups returns the frame of each row.
func (s *source) groups() []int32 {
	g := make([]int32, 0, s.rows())
	for i, f := range s.frames {
		for range f.samples {
			g = append(g, int32(i))
		}
	}
	return g
}

// probe names a sample of a run.
type probe struct{ run, number int }

// appearances returns the rows of each sample of each run, by epoch.
func (s *source) appearances() map[probe][]int32 {
	rows := map[probe][]int32{}
	for _, f := range s.frames {
		for j, number := range f.numbers {
			p := probe{f.run, number}
			rows[p] = append(rows[p], int32(f.first+j))
		}
	}
	return rows
}

// openSource reads all epochs of a layer of the named runs.
func openSource(ctx context.Context, store *tracker.Store, runs []string, layer string, progress Progress) (*source, error) {
	if len(runs) == 0 {
		runs = []string{""}
	}
	src := &source{layer: layer}
	var infos []tracker.FrameInfo
	for _, name := range runs {
		run, err := store.Run(ctx, name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(src.runs, run.ID) {
			return nil, fmt.Errorf("%w: run %q is named twice", ErrOptions, name)
		}
		frames, err := framesOf(ctx, store, run, &src.layer)
		if err != nil {
			return nil, err
		}
		for _, f := range frames {
			src.frames = append(src.frames, sourceFrame{run: len(src.runs), epoch: f.Epoch, seq: f.Seq})
		}
		src.runs = append(src.runs, run.ID)
		infos = append(infos, frames...)
	}
	total := 0
	for i, f := range infos {
		if f.Dim != infos[0].Dim {
			return nil, fmt.Errorf("%w: layer %q has %d dimensions in run %s and %d in run %s: they cannot share a map",
				ErrOptions, src.layer, infos[0].Dim, src.runs[0], f.Dim, src.runs[src.frames[i].run])
		}
		total += f.Rows
	}
	src.dim, src.x = infos[0].Dim, make([]float32, 0, total*infos[0].Dim)
	return src, src.read(ctx, store, progress)
}

// framesOf lists the frames of a run's layer in the order of their epochs. An empty layer becomes the run's only one.
func framesOf(ctx context.Context, store *tracker.Store, run tracker.RunInfo, layer *string) ([]tracker.FrameInfo, error) {
	title := run.Experiment + "/" + run.Name
	if *layer == "" && len(run.Layers) > 1 {
		return nil, fmt.Errorf("run %s has layers %s: choose one: %w", title, strings.Join(run.Layers, ", "), tracker.ErrAmbiguous)
	}
	if *layer == "" && len(run.Layers) == 1 {
		*layer = run.Layers[0]
	}
	frames, err := store.Frames(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	frames = slices.DeleteFunc(frames, func(f tracker.FrameInfo) bool { return f.Layer != *layer })
	switch {
	case len(frames) > 0:
		return frames, nil
	case len(run.Layers) == 0:
		return nil, fmt.Errorf("run %s has no vectors yet: %w", title, tracker.ErrNotFound)
	}
	return nil, fmt.Errorf("run %s has no layer %q, only %s: %w", title, *layer, strings.Join(run.Layers, ", "), tracker.ErrNotFound)
}

// read fills in the rows of all frames, and who they are.
func (s *source) read(ctx context.Context, store *tracker.Store, progress Progress) error {
	for i := range s.frames {
		f := &s.frames[i]
		frame, err := store.Frame(ctx, s.runs[f.run], s.layer, f.epoch)
		if err != nil {
			return err
		}
		if frame.Dim != s.dim {
			return fmt.Errorf("run %s, epoch %d: layer %q has %d dimensions, want %d", s.runs[f.run], f.epoch, s.layer, frame.Dim, s.dim)
		}
		f.first, f.samples = s.rows(), frame.IDs
		s.x = append(s.x, frame.Vectors...)
		progress.report("load", i+1, len(s.frames))
	}
	return s.identify(ctx, store)
}

// identify numbers the samples of each run, and the labels.
func (s *source) identify(ctx context.Context, store *tracker.Store) error {
	class := newClasses()
	s.lists = nil
	for r, run := range s.runs {
		samples, err := store.Samples(ctx, run)
		if err != nil {
			return err
		}
		s.name(r, samples, class)
	}
	return nil
}

// newClasses numbers labels; the empty one is none.
func newClasses() map[string]int { return map[string]int{"": -1} }

// name numbers the samples of run r, which comes after those named before, and its labels as in class, which grows.
func (s *source) name(r int, samples []tracker.Sample, class map[string]int) {
	list := newRoster(samples)
	s.lists = append(s.lists, list)
	classes := make([]int, len(samples))
	for i, sample := range samples {
		c, ok := class[sample.Label]
		if !ok {
			c = len(class)
			class[sample.Label] = c
		}
		classes[i] = c
	}
	for i := range s.frames {
		f := &s.frames[i]
		if f.run != r {
			continue
		}
		f.numbers, f.classes = list.find(f.samples), make([]int, len(f.samples))
		for j, number := range f.numbers {
			if number < 0 { // gone since it was read
				f.numbers[j], f.classes[j] = 0, -1
				continue
			}
			f.classes[j] = classes[number]
		}
	}
}

// prepare does to the rows what o asks for beforehand: from here on, they are the original space.
func (s *source) prepare(ctx context.Context, o Options) error {
	if o.PCA == 0 && (o.Scale == "" || o.Scale == "none") {
		return nil
	}
	p, err := umap.Prepare(ctx, s.x, s.dim, o.Scale, o.PCA, o.Seed, o.Workers)
	if err == nil {
		s.x, err = p.Apply(ctx, s.x, o.Workers)
	}
	if err != nil {
		return asOptions(err)
	}
	s.preparation, s.dim = p, p.Columns()
	return nil
}

// asOptions makes an error about umap's settings one about ours.
func asOptions(err error) error {
	if errors.Is(err, umap.ErrInput) {
		return fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return err
}
