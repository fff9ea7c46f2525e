package projector

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/internal/epochs"
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
	x      []float32    // rows of all frames, n×dim, row-major
	bare   bool         // there are no vectors: x holds places on a map
	lists  []*sampleSet // the samples of each run, as they were when the source was read
	shares []float64    // of each run: the samples whose rank is below are taken; nil = all

	preparation *umap.Preparation // what x went through; nil = nothing
	raw         []float32         // the rows before that, where there is one
}

type sourceFrame struct {
	run     int // in source.runs
	epoch   int
	seq     int64          // the epoch's, when it was read
	digest  tracker.Digest // of the frame as it was read, all samples of it
	samples []string
	numbers []int // one per sample of the run, the same at every epoch
	classes []int // one per label, −1 for none
	first   int   // its first row in source.x
	same    tracker.Sameness
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

// openSource reads the epochs and samples that o chooses of its layer of the named runs.
func openSource(ctx context.Context, store *tracker.Store, runs []string, o Options, progress Progress) (*source, error) {
	src, infos, err := survey(ctx, store, runs, o)
	if err != nil {
		return nil, err
	}
	if err := src.choose(ctx, store, infos, o); err != nil {
		return nil, err
	}
	return src, src.open(ctx, store, infos, progress)
}

// survey returns a source that nothing has been read of, and the frames that o chooses of its layer of the named runs.
func survey(ctx context.Context, store *tracker.Store, runs []string, o Options) (*source, []tracker.FrameInfo, error) {
	if len(runs) == 0 {
		runs = []string{""}
	}
	list, err := epochs.Parse(o.Epochs)
	if err != nil {
		return nil, nil, err
	}
	src := &source{layer: o.Layer}
	var infos []tracker.FrameInfo
	var had []int // the epochs of all runs
	for _, name := range runs {
		run, err := store.Run(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		if slices.Contains(src.runs, run.ID) {
			return nil, nil, fmt.Errorf("%w: run %q is named twice", ErrOptions, name)
		}
		frames, err := framesOf(ctx, store, run, &src.layer)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range frames {
			had = append(had, f.Epoch)
		}
		infos = append(infos, src.add(run.ID, frames, list)...)
	}
	slices.Sort(had)
	if err := list.Check(had); err != nil {
		return nil, nil, fmt.Errorf("%w: epochs: %w", ErrOptions, err)
	}
	return src, infos, nil
}

// openAgain reads what a projection's runs have now of what it is to show. Unlike openSource, it takes runs that have
// nothing left, and the samples that were chosen when the map was made, unless they are to be chosen again.
func (p *Projection) openAgain(ctx context.Context, again bool, progress Progress) (*source, error) {
	list, err := epochs.Parse(p.info.Options.Epochs)
	if err != nil {
		return nil, err
	}
	src := &source{layer: p.info.Layer}
	var infos []tracker.FrameInfo
	for _, run := range p.info.Runs {
		frames, err := layerFrames(ctx, p.store, run, p.info.Layer)
		if err != nil {
			return nil, err
		}
		infos = append(infos, src.add(run, frames, list)...)
	}
	if len(infos) == 0 {
		return nil, fmt.Errorf("projection %q: its runs have no vectors left to lay out, of layer %q: log them again, or delete the map: %w", p.info.ID, p.info.Layer, tracker.ErrNotFound)
	}
	if src.shares = p.shares; again {
		src.shares = nil
		if err := src.choose(ctx, p.store, infos, p.info.Options); err != nil {
			return nil, err
		}
	}
	return src, src.open(ctx, p.store, infos, progress)
}

// add takes a run with those of its frames, by epoch, that the list names, and returns these.
func (s *source) add(run string, frames []tracker.FrameInfo, list epochs.List) (taken []tracker.FrameInfo) {
	var have []int
	for _, f := range frames {
		have = append(have, f.Epoch)
	}
	chosen := list.Of(have)
	for _, f := range frames {
		if _, ok := slices.BinarySearch(chosen, f.Epoch); ok {
			s.frames = append(s.frames, sourceFrame{run: len(s.runs), epoch: f.Epoch, seq: f.Seq})
			taken = append(taken, f)
		}
	}
	s.runs = append(s.runs, run)
	return taken
}

// choose settles which samples are taken of frames like these.
func (s *source) choose(ctx context.Context, store *tracker.Store, infos []tracker.FrameInfo, o Options) error {
	if o.Samples == 0 && o.MaxPoints == 0 {
		return nil
	}
	rows := make([]int, len(infos))
	for i, f := range infos {
		rows[i] = f.Rows
	}
	n, err := o.samplesOfEach(rows)
	if err != nil || n == 0 {
		return err
	}
	for _, run := range s.runs {
		samples, err := store.Samples(ctx, run)
		if err != nil {
			return err
		}
		s.shares = append(s.shares, share(samples, n))
	}
	return nil
}

// open reads the frames, which these describe.
func (s *source) open(ctx context.Context, store *tracker.Store, infos []tracker.FrameInfo, progress Progress) error {
	total := 0
	for i, f := range infos {
		if f.Dim != infos[0].Dim {
			return fmt.Errorf("%w: layer %q has %d dimensions in run %s and %d in run %s: they cannot share a map",
				ErrOptions, s.layer, infos[0].Dim, titles(ctx, store, s.runs[s.frames[0].run]), f.Dim, titles(ctx, store, s.runs[s.frames[i].run]))
		}
		total += f.Rows
	}
	s.dim = infos[0].Dim
	if s.shares == nil {
		s.x = make([]float32, 0, total*s.dim)
	}
	if err := s.read(ctx, store, progress); err != nil {
		return err
	}
	s.frames = slices.DeleteFunc(s.frames, func(f sourceFrame) bool { return len(f.samples) == 0 }) // none of the chosen
	if len(s.frames) == 0 {
		return fmt.Errorf("%w: none of the chosen samples has a vector of layer %q at the chosen epochs", ErrOptions, s.layer)
	}
	return nil
}

// layerFrames lists the frames of a run's layer in the order of their epochs; none if it has no such layer.
func layerFrames(ctx context.Context, store *tracker.Store, run, layer string) ([]tracker.FrameInfo, error) {
	frames, err := store.Frames(ctx, run)
	return slices.DeleteFunc(frames, func(f tracker.FrameInfo) bool { return f.Layer != layer }), err
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
	frames, err := layerFrames(ctx, store, run.ID, *layer)
	switch {
	case err != nil || len(frames) > 0:
		return frames, err
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
			return fmt.Errorf("run %s, epoch %d: layer %q has %d dimensions, want %d", titles(ctx, store, s.runs[f.run]), f.epoch, s.layer, frame.Dim, s.dim)
		}
		f.first, f.digest = s.rows(), frame.Digest
		s.take(f, frame)
		progress.report("load", i+1, len(s.frames))
	}
	return s.identify(ctx, store)
}

// take appends the rows of a frame that are chosen.
func (s *source) take(f *sourceFrame, from tracker.Frame) {
	ids, x := chosenRows(from, s.shareOf(f.run))
	f.samples, s.x, f.same = ids, append(s.x, x...), tracker.SamenessOf(x, s.dim)
}

// shareOf is the rank below which a run's samples are taken.
func (s *source) shareOf(run int) float64 {
	if s.shares == nil {
		return 1
	}
	return s.shares[run]
}

// chosenRows returns the rows of a frame whose samples have a rank below share.
func chosenRows(f tracker.Frame, share float64) (ids []string, x []float32) {
	if share == 1 {
		return f.IDs, f.Vectors
	}
	for i, id := range f.IDs {
		if rank(id) < share {
			ids, x = append(ids, id), append(x, f.Vectors[i*f.Dim:(i+1)*f.Dim]...)
		}
	}
	return ids, x
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
	list := newSampleSet(samples)
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

// titles names runs for people, as experiment/name; one that is gone by its id.
func titles(ctx context.Context, store *tracker.Store, ids ...string) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id
		if run, err := store.Run(ctx, id); err == nil {
			list[i] = run.Experiment + "/" + run.Name
		}
	}
	return strings.Join(list, ", ")
}
