// Command pixels lays out MNIST's images by their pixels, 60,000 rows of 784
// columns, with projector/umap alone: no run, no store. It prints the seconds
// of each stage, then places test images on the finished map, and prints how
// often neighbours on the map share a digit.
//
//	go run ./examples/pixels            # all 60,000
//	go run ./examples/pixels -n 10000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
	"github.com/zoetrope-ml/zoetrope/train"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "pixels:", err)
		os.Exit(1)
	}
}

type options struct {
	umap.Options
	n, place          int
	data, out, export string
}

func parse(args []string, stdout io.Writer) (options, error) {
	o := options{Options: umap.Defaults()}
	f := flag.NewFlagSet("pixels", flag.ContinueOnError)
	f.SetOutput(stdout)
	f.IntVar(&o.n, "n", 60000, "`images` of the training set to lay out")
	f.IntVar(&o.place, "place", 10000, "`images` of the test set to place on the map, at most a sixth of n")
	f.StringVar(&o.data, "data", "", "`folder` with MNIST's four .gz files (default: the one in the Go module cache)")
	f.StringVar(&o.out, "o", "", "write the map to an .npy `file`, 1×n×dims")
	f.StringVar(&o.export, "export", "", "write pixels.npy, 1×n×784, and labels.npy into a `folder`, for bench/peers, and stop")
	f.IntVar(&o.NNeighbors, "n-neighbors", o.NNeighbors, "size of a neighbourhood")
	f.Float64Var(&o.MinDist, "min-dist", o.MinDist, "how close points may lie")
	f.IntVar(&o.NEpochs, "n-epochs", o.NEpochs, "passes over the graph; 0 = by size")
	f.IntVar(&o.Dims, "dims", o.Dims, "dimensions of the map")
	f.StringVar(&o.Metric, "metric", o.Metric, "distance between images")
	f.StringVar(&o.Init, "init", o.Init, "where images lie at first")
	f.IntVar(&o.PCA, "pca", o.PCA, "principal components to reduce pixels to; 0 = none")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "seed of all random choices")
	f.IntVar(&o.Workers, "workers", o.Workers, "goroutines; 0 = one per CPU")
	return o, f.Parse(args)
}

// run runs the example: pixels, map, test images.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	data, err := train.Open(o.data)
	if err != nil {
		return err
	}
	images, err := data.Train.First(o.n)
	if err != nil {
		return err
	}
	x := floats(images.Images)
	if o.export != "" {
		return errors.Join(
			write(filepath.Join(o.export, "pixels.npy"), x, 1, o.n, train.Pixels),
			write(filepath.Join(o.export, "labels.npy"), images.Labels, o.n))
	}

	m, err := umap.Fit(ctx, x, train.Pixels, o.Options, nil)
	if err != nil {
		return err
	}
	total := 0.0
	for _, s := range m.Stages {
		fmt.Fprintf(stdout, "%-10s %7.2f s\n", s.Name, s.Seconds)
		total += s.Seconds
	}
	fmt.Fprintf(stdout, "%-10s %7.2f s for %d × %d\n", "fit", total, o.n, train.Pixels)
	if o.out != "" {
		if err := write(o.out, m.Embedding, 1, m.N, m.Dims); err != nil {
			return err
		}
	}
	if err := reportKept(ctx, stdout, m, x); err != nil {
		return err
	}

	tests, err := data.Test.First(max(1, min(o.place, o.n/6, data.Test.Len())))
	if err != nil {
		return err
	}
	began := time.Now()
	y, err := m.Transform(ctx, floats(tests.Images), nil)
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	fmt.Fprintf(stdout, "%-10s %7.2f s for %d test images, %.0f a second\n", "transform", took, tests.Len(), float64(tests.Len())/took)
	return reportDigits(ctx, stdout, m, images.Labels, y, tests.Labels)
}

// floats turns pixels into rows; their scale does not matter to a map.
func floats(pixels []byte) []float32 {
	x := make([]float32, len(pixels))
	for i, p := range pixels {
		x[i] = float32(p)
	}
	return x
}

func write[T interchange.Number](path string, v []T, shape ...int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(interchange.Write(f, v, shape...), f.Close())
}
