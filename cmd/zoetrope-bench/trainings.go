package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

// A recordedTraining is one by which maps are judged, in a store of its own.
type recordedTraining struct {
	name, says string
	record     func(ctx context.Context, r *recorder, s *tracker.Store, name string) error
}

// recordedTrainings are all of them. What is made from the recipe's last epoch comes after the recipe.
var recordedTrainings = []recordedTraining{
	{"recipe", "examples/mnist as it is: Adam at 3e-6, all images in each epoch", recipe},
	{"lr-1e-5", "the same network at 1e-5, an epoch being 120 steps", steady(1e-5)},
	{"lr-1e-4", "… at 1e-4", steady(1e-4)},
	{"lr-1e-3", "… at 1e-3, at which the layer shakes", steady(1e-3)},
	{"jump", "… at 1e-5, and at 30 times that during epoch 11", jump},
	{"two", "… at 1e-5, two runs from different first weights", two},
	{"frozen", "the recipe's last epoch, again and again", control((*motion).still)},
	{"noisy", "… with fresh noise at each epoch, of 1 % of the median distance to the nearest sample", control((*motion).noise)},
	{"rotating", "… turned about its mean, in all by a quarter", control((*motion).turn)},
	{"growing", "… growing about its mean from a fifth of its size", control((*motion).grow)},
}

func trainingNames() (names []string) {
	for _, t := range recordedTrainings {
		names = append(names, t.name)
	}
	return names
}

// recorder is what 'zoetrope-bench trainings' is asked for.
type recorder struct {
	app                     *app
	folder                  string
	epochs, samples, images int
	data                    *train.Data
}

func trainingsCommand(a *app) *cobra.Command {
	r := &recorder{app: a}
	var list strings.Builder
	for _, t := range recordedTrainings {
		fmt.Fprintf(&list, "  %-9s %s\n", t.name, t.says)
	}
	cmd := &cobra.Command{
		Use:   "trainings FOLDER [NAME...]",
		Short: "Record the trainings by which 'zoetrope-bench time' judges maps",
		Long: `Trainings records trainings of the example's network on MNIST, and layers of which it is known how they move, each
in a store of its own, FOLDER/NAME.db. A store that is there already is left as it is.

` + list.String(),
		Example: `  zoetrope-bench trainings trainings
  zoetrope-bench trainings trainings recipe frozen noisy`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.epochs < 1 || r.samples < 2 || r.images < 1 {
				return cli.Usagef(cmd, "--epochs %d, --samples %d, --images %d: want 1 or more, and 2 or more samples", r.epochs, r.samples, r.images)
			}
			r.folder = args[0]
			chosen, err := chooseTrainings(args[1:])
			if err != nil {
				return cli.WrongUsage(cmd, err)
			}
			return r.record(cmd.Context(), chosen)
		},
	}
	f := cmd.Flags()
	f.IntVar(&r.epochs, "epochs", 20, "epochs of each")
	f.IntVar(&r.samples, "samples", 2000, "test images to embed at every epoch, the first `n`")
	f.IntVar(&r.images, "images", 60000, "images to train on at most, the first `n`")
	return cmd
}

func chooseTrainings(names []string) (chosen []recordedTraining, err error) {
	if len(names) == 0 {
		return recordedTrainings, nil
	}
	for _, name := range names {
		found := false
		for _, t := range recordedTrainings {
			if t.name == name {
				chosen, found = append(chosen, t), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no training %q; want %s", name, strings.Join(trainingNames(), ", "))
		}
	}
	return chosen, nil
}

func (r *recorder) record(ctx context.Context, chosen []recordedTraining) (err error) {
	if r.data, err = train.Open(""); err != nil {
		return err
	}
	if err := os.MkdirAll(r.folder, 0o777); err != nil {
		return err
	}
	for _, t := range chosen {
		if _, err := os.Stat(r.path(t.name)); err == nil {
			r.app.Note("%s is there already", r.path(t.name))
			continue
		}
		if err := r.into(ctx, t); err != nil {
			return fmt.Errorf("training %s: %w", t.name, err)
		}
		fmt.Fprintln(r.app.Stdout, r.path(t.name))
	}
	return nil
}

func (r *recorder) path(name string) string { return filepath.Join(r.folder, name+".db") }

// into records a training in a new store, which gets its place only when it is complete.
func (r *recorder) into(ctx context.Context, t recordedTraining) (err error) {
	dir, err := os.MkdirTemp(r.folder, t.name+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	part := filepath.Join(dir, "store.db")
	store, err := tracker.Open(ctx, part, tracker.OpenOptions{Create: true})
	if err != nil {
		return err
	}
	if err := errors.Join(t.record(ctx, r, store, t.name), store.Close()); err != nil {
		return err
	}
	return os.Rename(part, r.path(t.name))
}

// shortEpoch is how many images an epoch has where the rate is high: 120 steps of 128.
const shortEpoch = 120 * 128

// A schedule is a training's course: the learning rate of each epoch, from 1.
type schedule struct {
	images int
	seed   uint64
	rate   func(epoch int) float64
}

func recipe(ctx context.Context, r *recorder, s *tracker.Store, name string) error {
	d := train.Defaults()
	return r.train(ctx, s, name, schedule{r.images, d.Seed, func(int) float64 { return d.LearningRate }})
}

// short is a training of short epochs.
func (r *recorder) short(seed uint64, rate func(epoch int) float64) schedule {
	return schedule{min(shortEpoch, r.images), seed, rate}
}

func always(rate float64) func(int) float64 { return func(int) float64 { return rate } }

func steady(rate float64) func(context.Context, *recorder, *tracker.Store, string) error {
	return func(ctx context.Context, r *recorder, s *tracker.Store, name string) error {
		return r.train(ctx, s, name, r.short(train.Defaults().Seed, always(rate)))
	}
}

func jump(ctx context.Context, r *recorder, s *tracker.Store, name string) error {
	return r.train(ctx, s, name, r.short(train.Defaults().Seed, func(epoch int) float64 {
		if epoch == 11 {
			return 30e-5
		}
		return 1e-5
	}))
}

func two(ctx context.Context, r *recorder, s *tracker.Store, _ string) error {
	seed := train.Defaults().Seed
	if err := r.train(ctx, s, "first", r.short(seed, always(1e-5))); err != nil {
		return err
	}
	return r.train(ctx, s, "second", r.short(seed+1, always(1e-5)))
}

// train logs the embeddings of the samples after each epoch.
func (r *recorder) train(ctx context.Context, store *tracker.Store, name string, c schedule) (err error) {
	set, err := r.data.Train.First(c.images)
	if err != nil {
		return err
	}
	probes, err := r.data.Test.First(r.samples)
	if err != nil {
		return err
	}
	settings := train.Defaults()
	settings.Seed, settings.LearningRate = c.seed, c.rate(1)
	model, err := train.New(settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	samples := make([]tracker.Sample, probes.Len())
	for i := range samples {
		samples[i] = tracker.Sample{ID: strconv.Itoa(i), Label: strconv.Itoa(int(probes.Labels[i]))}
	}
	run, err := begin(ctx, store, name, samples)
	if err != nil {
		return err
	}
	meter := r.app.NewMeter()
	defer meter.Close()
	for epoch := 1; epoch <= r.epochs; epoch++ {
		meter.Show("training "+name, epoch-1, r.epochs)
		if err := model.SetLearningRate(c.rate(epoch)); err != nil {
			return err
		}
		if _, err := model.Train(ctx, set, nil); err != nil {
			return err
		}
		seen, err := model.Evaluate(ctx, probes)
		if err != nil {
			return err
		}
		if err := run.Log(ctx, embedding(epoch, train.EmbeddingDim, seen.Embeddings)); err != nil {
			return err
		}
	}
	return run.Finish(ctx)
}

// log records epochs of vectors, counted from 1.
func (r *recorder) log(ctx context.Context, store *tracker.Store, name string, samples []tracker.Sample, frames []tracker.Frame) error {
	run, err := begin(ctx, store, name, samples)
	if err != nil {
		return err
	}
	for e, f := range frames {
		if err := run.Log(ctx, embedding(e+1, f.Dim, f.Vectors)); err != nil {
			return err
		}
	}
	return run.Finish(ctx)
}

// recorded returns the samples and frames of a training that was recorded before.
func (r *recorder) recorded(ctx context.Context, name string) (samples []tracker.Sample, frames []tracker.Frame, err error) {
	store, err := tracker.Open(ctx, r.path(name), tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		return nil, nil, fmt.Errorf("it is made from %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if samples, err = store.Samples(ctx, ""); err != nil {
		return nil, nil, err
	}
	list, err := store.Frames(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	for _, f := range list {
		frame, err := store.Frame(ctx, "", f.Layer, f.Epoch)
		if err != nil {
			return nil, nil, err
		}
		frames = append(frames, frame)
	}
	return samples, frames, nil
}

func begin(ctx context.Context, store *tracker.Store, name string, samples []tracker.Sample) (*tracker.Run, error) {
	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "time", Name: name})
	if err != nil {
		return nil, err
	}
	return run, run.AddSamples(ctx, samples)
}

func embedding(epoch, dim int, vectors []float32) tracker.Epoch {
	return tracker.Epoch{Number: epoch, Layers: []tracker.Layer{{Name: "embedding", Dim: dim, Vectors: vectors}}}
}
