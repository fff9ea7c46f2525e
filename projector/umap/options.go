package umap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// ErrInput is wrapped by every error that names a setting or a value of the
// data that cannot be used. It is that of package space, where rows are checked.
var ErrInput = space.ErrInput

// Options are UMAP's settings, with umap-learn's names and meanings. Start
// from [Defaults]; [Fit] checks every field and reinterprets none.
type Options struct {
	NNeighbors int // size of the neighbourhood, counting the point itself; ≥ 2; more rows than there are is taken as all rows
	Dims       int // dimensions of the map, 1 to 64

	Metric string // one of [space.Metrics]; those that are no straight line, such as "manhattan", are slower
	Init   string // "pca", "spectral" or "random"; [Data].Start gives coordinates instead

	Scale string // of the rows beforehand: "none" or empty, "standardize" columns, or "unit" length; see [Prepare]
	PCA   int    // then keep that many principal components of the rows, at most all columns; 0 = leave them

	MinDist float64 // how close points may lie on the map, 0 to Spread
	Spread  float64 // scale of the map, > 0

	NEpochs            int     // passes over the graph; 0 means 500 for up to 10,000 rows, else 200
	LearningRate       float64 // step of the first pass, > 0; falls linearly to 0
	NegativeSampleRate int     // repelled rows per attracted one, 0 to 100
	RepulsionStrength  float64 // weight of the repulsion, ≥ 0

	SetOpMixRatio     float64 // 1 = fuzzy union of the two directions of an edge, 0 = intersection
	LocalConnectivity float64 // neighbours taken as fully connected, 0 to NNeighbors-1

	Seed    uint64 // the same seed gives the same map, for any number of workers
	Workers int    // goroutines; 0 means GOMAXPROCS
}

// Defaults returns umap-learn's settings but for the start, which is
// principal components instead of the spectral one: on the layers of three
// trainings and on MNIST's pixels the map kept as many or more of the
// neighbours and was more trustworthy, and it is sooner found. Rolled-up or
// ring-shaped data may be better served by "spectral".
func Defaults() Options {
	return Options{
		NNeighbors:         15,
		Dims:               2,
		Metric:             "euclidean",
		Init:               "pca",
		Scale:              "none",
		MinDist:            0.1,
		Spread:             1,
		LearningRate:       1,
		NegativeSampleRate: 5,
		RepulsionStrength:  1,
		SetOpMixRatio:      1,
		LocalConnectivity:  1,
		Seed:               42,
	}
}

// Inits and Scales list the names that [Options] accepts.
var (
	Inits  = []string{"pca", "spectral", "random"}
	Scales = []string{"none", "standardize", "unit"}
)

// Validate reports the first setting outside its range, with the range.
func (o Options) Validate() error {
	switch {
	case o.NNeighbors < 2:
		return refuse("n_neighbors = %d, want at least 2 (it counts the point itself)", o.NNeighbors)
	case o.Dims < 1 || o.Dims > 64:
		return refuse("dims = %d, want 1 to 64", o.Dims)
	case !slices.Contains(space.Metrics, o.Metric):
		return refuse("metric = %q, want one of %s", o.Metric, strings.Join(space.Metrics, ", "))
	case !slices.Contains(Inits, o.Init):
		return refuse("init = %q, want one of %s", o.Init, strings.Join(Inits, ", "))
	case !knownScale(o.Scale):
		return refuseScale(o.Scale)
	case o.PCA < 0:
		return refuse("pca = %d, want 0 (all columns) to the number of columns", o.PCA)
	case !(o.Spread > 0) || o.Spread > 1e6:
		return refuse("spread = %v, want more than 0, at most 1e6", o.Spread)
	case !(o.MinDist >= 0) || o.MinDist > o.Spread:
		return refuse("min_dist = %v, want 0 to spread (%v)", o.MinDist, o.Spread)
	case o.NEpochs < 0 || o.NEpochs > 1<<20:
		return refuse("n_epochs = %d, want 0 (by size) to %d", o.NEpochs, 1<<20)
	case !(o.LearningRate > 0) || o.LearningRate > 1e3:
		return refuse("learning_rate = %v, want more than 0, at most 1000", o.LearningRate)
	case o.NegativeSampleRate < 0 || o.NegativeSampleRate > 100:
		return refuse("negative_sample_rate = %d, want 0 to 100", o.NegativeSampleRate)
	case !(o.RepulsionStrength >= 0) || o.RepulsionStrength > 1e6:
		return refuse("repulsion_strength = %v, want 0 to 1e6", o.RepulsionStrength)
	case !(o.SetOpMixRatio >= 0) || o.SetOpMixRatio > 1:
		return refuse("set_op_mix_ratio = %v, want 0 to 1", o.SetOpMixRatio)
	case !(o.LocalConnectivity >= 0) || o.LocalConnectivity > float64(o.NNeighbors-1):
		return refuse("local_connectivity = %v, want 0 to n_neighbors - 1 (%d)", o.LocalConnectivity, o.NNeighbors-1)
	case o.Workers < 0:
		return refuse("workers = %d, want 0 (GOMAXPROCS) or more", o.Workers)
	}
	return nil
}

func knownScale(scale string) bool { return scale == "" || slices.Contains(Scales, scale) }

func refuseScale(scale string) error {
	return refuse("scale = %q, want one of %s", scale, strings.Join(Scales, ", "))
}

// prepares reports whether rows are changed before anything else.
func (o Options) prepares() bool { return o.PCA > 0 || o.Scale != "" && o.Scale != "none" }

// resolve replaces the zeros that mean "by size" for n rows.
func (o Options) resolve(n int) Options {
	o.NNeighbors = min(o.NNeighbors, n)
	o.LocalConnectivity = min(o.LocalConnectivity, float64(max(o.NNeighbors-1, 0)))
	if o.NEpochs == 0 {
		o.NEpochs = 200
		if n <= 10000 {
			o.NEpochs = 500
		}
	}
	return o
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInput}, args...)...)
}
