package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// benchView holds the flags of 'zoetrope-bench view'.
type benchView struct {
	points, samples int
	shape           mapShape // wins over both, if given
	run             string   // of --db; "" = generated
	browser         string   // the program; "" = the first one found
	loads           int
	seconds         float64
	scrubs          int
	trace           string // folder for Chromium's traces; "" = none
}

// A mapShape is the size of a generated map, written 20x2000.
type mapShape struct{ epochs, samples int }

func (s *mapShape) String() string { return fmt.Sprintf("%dx%d", s.epochs, s.samples) }

func (s *mapShape) Type() string { return "ExN" }

func (s *mapShape) Set(text string) error {
	var t mapShape
	if n, _ := fmt.Sscanf(text, "%dx%d", &t.epochs, &t.samples); n != 2 || t.String() != text || min(t.epochs, t.samples) < 1 {
		return fmt.Errorf("want epochs and samples, as in 20x2000")
	}
	*s = t
	return nil
}

// usualEpochs returns the number of epochs of a map with this many points, unless --samples is given.
const usualEpochs = 20

// size returns the map's size according to --points, --samples and --shape.
func (o *benchView) size(cmd *cobra.Command) error {
	f := cmd.Flags()
	switch given := f.Changed("points") || f.Changed("samples"); {
	case o.run != "" && (given || f.Changed("shape")):
		return cli.Usagef(cmd, "--run takes a run as it is: leave out --points, --samples and --shape")
	case f.Changed("shape") && given:
		return cli.Usagef(cmd, "--shape says all: leave out --points and --samples")
	case f.Changed("shape"):
	case !f.Changed("samples") && o.points >= usualEpochs && o.points%usualEpochs == 0:
		o.shape = mapShape{usualEpochs, o.points / usualEpochs}
	case o.samples >= 1 && o.points >= o.samples && o.points%o.samples == 0 && f.Changed("samples"):
		o.shape = mapShape{o.points / o.samples, o.samples}
	default:
		return cli.Usagef(cmd, "--points %d: want epochs × samples, a multiple of %d", o.points, cmp.Or(o.samples, usualEpochs))
	}
	if o.seconds <= 0 || o.seconds > 60 || o.scrubs < 1 || o.loads < 1 {
		return cli.Usagef(cmd, "--seconds %g, --scrubs %d, --loads %d: want more than 0 and at most 60 seconds, 1 or more scrubs and loads", o.seconds, o.scrubs, o.loads)
	}
	return nil
}

func viewCommand(a *app) *cobra.Command {
	o := benchView{shape: mapShape{usualEpochs, 2000}}
	cmd := &cobra.Command{
		Use:   "view",
		Short: "Measure the page in Chromium: frames, hover, loading, memory",
		Long: `View serves a run and its map on a free loopback port, opens the page in a Chromium without a window, and takes from
Chromium's trace how long the page's scripts run: for each frame while the map plays and while the slider is dragged, and
for each sample that the pointer reaches. It also measures the time from navigation until the first map is on screen and
until all epochs are loaded, over several --loads, the first of them in a new browser and on a server that has just
started; the bytes sent to the GPU while the map moves; the allocations of a frame; and the growth of the JavaScript heap
after --scrubs, with garbage collected before and after.

The map is generated in a temporary folder, which is removed afterwards: --points in 20 epochs, or in epochs of --samples
each. With --run it is the map of a run in the store. Chromium draws without a graphics card here, so frames per second
mean nothing; script times are processor times of the page's thread, in milliseconds.`,
		Example: `  zoetrope-bench view
  zoetrope-bench view --points 1000000
  zoetrope-bench view --shape 3x1000000 --json | jq .play.median_ms
  zoetrope-bench view --db runs/mnist.db --run mnist/cnn`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.size(cmd); err != nil {
				return err
			}
			var err error
			if o.browser, err = findBrowser(o.browser); err != nil {
				return err
			}
			r, err := a.benchView(cmd.Context(), o)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(r)
			}
			return a.printViewBench(r)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.points, "points", usualEpochs*2000, "points of a generated map, all epochs together")
	f.IntVar(&o.samples, "samples", 0, "samples of an epoch of it (default a twentieth of the points)")
	f.Var(&o.shape, "shape", "epochs and samples of it, instead of both")
	f.StringVar(&o.run, "run", "", "a `run` of the store instead, by its id or name")
	f.StringVar(&o.browser, "browser", "", "the `program` to start (default Chromium or Chrome, where it is found)")
	f.IntVar(&o.loads, "loads", 5, "how often to load the page")
	f.Float64Var(&o.seconds, "seconds", 4, "how long to play, and to scrub")
	f.IntVar(&o.scrubs, "scrubs", 200, "how often to move the slider before the heap is measured again")
	f.StringVar(&o.trace, "trace", "", "a `folder` for Chromium's traces, to open in its developer tools")
	return cmd
}

// viewResult is the measurement as JSON.
type viewResult struct {
	Browser string `json:"browser"`
	Run     string `json:"run"`
	Epochs  int    `json:"epochs"`
	Samples int    `json:"samples"`
	Points  int    `json:"points"`

	FirstMap  float64   `json:"first_map_ms"`  // from navigation until it is on screen: the median of FirstMaps
	AllEpochs float64   `json:"all_epochs_ms"` // from navigation until they are loaded: the median
	FirstMaps []float64 `json:"first_maps_ms"` // of each load; at the first, Chromium has drawn nothing before

	Play  scriptTimes `json:"play"`  // of a frame
	Scrub scriptTimes `json:"scrub"` // of a frame
	Hover scriptTimes `json:"hover"` // of a sample that the pointer comes to

	Uploaded  int64      `json:"bytes_uploaded"` // to the GPU, while it played and the slider was dragged
	Allocated allocation `json:"allocated"`      // while it played between two epochs

	Scrubs     int   `json:"scrubs"`
	HeapBefore int64 `json:"heap_before_bytes"`
	HeapAfter  int64 `json:"heap_after_bytes"`
}

func (a *app) benchView(ctx context.Context, o benchView) (r *viewResult, err error) {
	dir, err := os.MkdirTemp("", "zoetrope-") // short: Chromium makes a socket below it
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, removeAll(dir)) }()
	path, open := filepath.Join(dir, "bench.db"), tracker.OpenOptions{Create: true}
	if o.run != "" {
		path, open = a.DB, tracker.OpenOptions{ReadOnly: true}
	}
	store, err := tracker.Open(ctx, path, open)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	meter := a.NewMeter()
	defer meter.Close()
	run := o.run
	if run == "" {
		if run, err = madeUpMap(ctx, store, o.shape, meter); err != nil {
			return nil, err
		}
	}
	info, err := store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	maps, err := projector.List(ctx, store, info.ID)
	if err != nil {
		return nil, err
	}
	if len(maps) == 0 {
		return nil, fmt.Errorf("the run %s has no map: make one with 'zoetrope project --run %s'", run, run)
	}
	address, stop, err := serveView(ctx, store)
	if err != nil {
		return nil, err
	}
	defer stop()
	r = &viewResult{Run: info.Experiment + "/" + info.Name, Epochs: info.Epochs, Samples: info.Samples, Points: maps[0].Points}
	return r, watchPage(ctx, o, address+"?run="+info.ID, dir, r, meter)
}

func (a *app) printViewBench(r *viewResult) error {
	t := cli.NewTable(a.Stdout)
	t.Row("SCRIPT", "MEDIAN_MS", "P95_MS", "MAX_MS", "COUNT", "AIM_MS")
	for _, s := range []struct {
		name  string
		times scriptTimes
		aim   string
	}{{"a frame while it plays", r.Play, "1"}, {"a frame while scrubbing", r.Scrub, "1"}, {"a hover", r.Hover, "5"}} {
		t.Row(s.name, fmt.Sprintf("%.2f", s.times.Median), fmt.Sprintf("%.2f", s.times.P95), fmt.Sprintf("%.2f", s.times.Max), s.times.Count, s.aim)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(a.Stdout)
	t = cli.NewTable(a.Stdout)
	each := make([]string, len(r.FirstMaps))
	for i, ms := range r.FirstMaps {
		each[i] = fmt.Sprintf("%.0f", ms)
	}
	t.Row("first map on screen", fmt.Sprintf("%.0f ms after navigation, the median of %s", r.FirstMap, strings.Join(each, ", ")))
	t.Row("all epochs loaded", fmt.Sprintf("%.0f ms", r.AllEpochs))
	t.Row("uploaded while it moves", cli.Plural(int(r.Uploaded), "byte"))
	t.Row("allocated in a frame", fmt.Sprintf("%.0f bytes by the page's functions, %.0f with what the browser makes for them", r.Allocated.Own, r.Allocated.All))
	t.Row(fmt.Sprintf("heap, %d scrubs later", r.Scrubs), fmt.Sprintf("%.2f MB, %+.2f MB", float64(r.HeapAfter)/1e6, float64(r.HeapAfter-r.HeapBefore)/1e6))
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.Stdout, "\n%s: %s, %s of %s; %s.\n", r.Run, cli.Plural(r.Points, "point"), cli.Plural(r.Epochs, "epoch"), cli.Plural(r.Samples, "sample"), r.Browser)
	return err
}
