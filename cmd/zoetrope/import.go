package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// importOptions are the flags of import, and its argument.
type importOptions struct {
	path, run, layer   string
	experiment, name   string // the two parts of run
	labels, thumbnails string
	firstEpoch         int
}

// imported is what import did, as JSON.
type imported struct {
	Run        string `json:"run"`
	Experiment string `json:"experiment"`
	Name       string `json:"name"`
	Layer      string `json:"layer"`
	FirstEpoch int    `json:"first_epoch"`
	LastEpoch  int    `json:"last_epoch"`
	Epochs     int    `json:"epochs"`
	Samples    int    `json:"samples"`
	Dim        int    `json:"dim"`
}

func importCommand(a *app) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import --run NAME [flags] EMBEDDINGS.npy",
		Short: "Make a run of embeddings in NumPy files",
		Long: `Import makes a new run of embeddings that another program saved with numpy.save: an array of shape
E×n×d (epochs, samples, columns), or n×d for a single epoch, of float32, float64 or float16.

Labels are n integers or strings. Thumbnails are n pictures of uint8, n×h×w (grey) or n×h×w×3.
Samples get the ids 0…n−1. The store is made if it does not exist. All files are checked first:
one that is damaged leaves the store as it was.`,
		Example: `  zoetrope import --run reference --labels labels.npy embeddings.npy
  zoetrope import --run mnist/torch --layer fc1 --first-epoch 0 --labels labels.npy --thumbnails digits.npy fc1.npy`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.path = args[0]
			var split bool
			if o.experiment, o.name, split = strings.Cut(o.run, "/"); !split {
				o.experiment, o.name = "default", o.run
			}
			if o.experiment == "" || o.name == "" {
				return usagef(cmd, "name the new run with --run NAME or --run EXPERIMENT/NAME")
			}
			if o.layer == "" {
				return usagef(cmd, "--layer is empty")
			}
			if o.firstEpoch < 0 {
				return usagef(cmd, "--first-epoch is %d: want 0 (before training) or more", o.firstEpoch)
			}
			return a.importRun(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.run, "run", "", "the new run: NAME, or EXPERIMENT/NAME (required)")
	f.StringVar(&o.layer, "layer", "embedding", "the layer that the embeddings are of")
	f.IntVar(&o.firstEpoch, "first-epoch", 1, "the number of the file's first epoch; 0 is before training")
	f.StringVar(&o.labels, "labels", "", "an .npy file of n labels")
	f.StringVar(&o.thumbnails, "thumbnails", "", "an .npy file of n pictures")
	return cmd
}

func (a *app) importRun(cmd *cobra.Command, o importOptions) error {
	meter := a.newMeter()
	defer meter.close()
	if err := checkFinite(cmd.Context(), o.path, meter); err != nil {
		return err
	}
	m, err := interchange.OpenMatrix(o.path)
	if err != nil {
		return err
	}
	defer m.Close()
	samples, err := readSamples(cmd.Context(), m.Rows, o, meter)
	if err != nil {
		return err
	}
	return a.with(cmd, tracker.OpenOptions{Create: true}, func(ctx context.Context, store *tracker.Store) error {
		run, err := store.Start(ctx, tracker.RunConfig{Experiment: o.experiment, Name: o.name,
			Params: map[string]any{"imported_from": filepath.Base(o.path)}})
		if errors.Is(err, tracker.ErrRunExists) {
			return fmt.Errorf("the run %s exists already in %s: import under another name with --run", o.run, a.db)
		}
		if err != nil {
			return err
		}
		done, err := logEpochs(ctx, run, m, samples, o, meter)
		if err != nil {
			return giveUp(ctx, run, done, m.Epochs, err)
		}
		if err := run.Finish(ctx); err != nil {
			return err
		}
		meter.close()
		return a.printImported(imported{
			Run: run.ID(), Experiment: run.Experiment(), Name: run.Name(), Layer: o.layer,
			FirstEpoch: o.firstEpoch, LastEpoch: o.firstEpoch + m.Epochs - 1,
			Epochs: m.Epochs, Samples: m.Rows, Dim: m.Dim,
		})
	})
}

func (a *app) printImported(i imported) error {
	if a.json {
		return a.printJSON(i)
	}
	_, err := fmt.Fprintf(a.stdout, "imported %s of %d×%d into run %s, layer %s\n",
		plural(i.Epochs, "epoch"), i.Samples, i.Dim, i.Name, i.Layer)
	return err
}

// logEpochs logs the whole file, and returns how many epochs it has logged.
func logEpochs(ctx context.Context, run *tracker.Run, m *interchange.Matrix, samples []tracker.Sample, o importOptions, meter *meter) (done int, err error) {
	if err := run.AddSamples(ctx, samples); err != nil {
		return 0, err
	}
	for done < m.Epochs {
		meter.show("importing epochs", done, m.Epochs)
		vectors, err := m.Next()
		if err != nil {
			return done, err
		}
		err = run.Log(ctx, tracker.Epoch{Number: o.firstEpoch + done,
			Layers: []tracker.Layer{{Name: o.layer, Dim: m.Dim, Vectors: vectors}}})
		if err != nil {
			return done, fmt.Errorf("%s: %w", o.path, err)
		}
		done++
	}
	return done, nil
}

// giveUp ends a run whose import broke off, and says what is left of it.
func giveUp(ctx context.Context, run *tracker.Run, done, of int, cause error) error {
	state, end := tracker.Failed, error(nil)
	if ctx.Err() != nil {
		state, end = tracker.Stopped, run.Stop(ctx)
	} else {
		end = run.Fail(ctx, cause)
	}
	return errors.Join(fmt.Errorf("%w; the run %s holds %d of %s and is marked %s", cause, run.Name(), done, plural(of, "epoch"), state), end)
}

// checkFinite reads the whole file before anything is stored, so that a bad number deep in it leaves no half of a run.
func checkFinite(ctx context.Context, path string, meter *meter) error {
	m, err := interchange.OpenMatrix(path)
	if err != nil {
		return err
	}
	defer m.Close()
	for e := range m.Epochs {
		meter.show("checking epochs", e, m.Epochs)
		if err := ctx.Err(); err != nil {
			return err
		}
		vectors, err := m.Next()
		if err != nil {
			return err
		}
		for i, v := range vectors {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("%s: the value in epoch %d of %d, row %d, column %d is %v: want finite numbers",
					path, e+1, m.Epochs, i/m.Dim, i%m.Dim, v)
			}
		}
	}
	return nil
}

// readSamples makes n samples with the ids 0…n−1 and what the files say of them.
func readSamples(ctx context.Context, n int, o importOptions, meter *meter) ([]tracker.Sample, error) {
	samples := make([]tracker.Sample, n)
	for i := range samples {
		samples[i].ID = strconv.Itoa(i)
	}
	if o.labels != "" {
		labels, err := interchange.ReadLabels(o.labels)
		if err != nil {
			return nil, err
		}
		if len(labels) != n {
			return nil, fmt.Errorf("%s holds %d labels, and %s %d samples: want one label for each", o.labels, len(labels), o.path, n)
		}
		for i, l := range labels {
			samples[i].Label = l
		}
	}
	if o.thumbnails == "" {
		return samples, nil
	}
	images, err := interchange.OpenImages(o.thumbnails)
	if err != nil {
		return nil, err
	}
	defer images.Close()
	if images.Count != n {
		return nil, fmt.Errorf("%s holds %d pictures, and %s %d samples: want one picture for each", o.thumbnails, images.Count, o.path, n)
	}
	for i := range samples {
		meter.show("reading thumbnails", i, n)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		png, err := images.NextPNG()
		if err != nil {
			return nil, err
		}
		samples[i].Thumbnail = png
	}
	return samples, nil
}
