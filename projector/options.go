package projector

import (
	"errors"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// ErrOptions is wrapped by every error about an option outside its range.
var ErrOptions = errors.New("projection")

// Options are the settings of a projection. Start from [Defaults]: every field is checked and none is reinterpreted.
// The fields from NNeighbors on are UMAP's, with umap-learn's names and meanings.
type Options struct {
	Layer string `json:"layer"` // layer to project; empty = the run's only one

	Epochs    string `json:"epochs"`     // those to lay out: 0,5-10,last, or every 50th as 0-900:50 or 0-:50; empty = all
	Samples   int    `json:"samples"`    // most samples of each run, those whose ids have the lowest SHA-256; 0 = all
	MaxPoints int    `json:"max_points"` // as many samples of each run as make up to so many points when the map is made; 0 = no limit

	Method string `json:"method"` // one of [Methods]
	Mode   string `json:"mode"`   // how epochs meet in the neighbour graph, one of [Modes]: docs/modes.md shows each
	Dims   int    `json:"dims"`   // dimensions of the map, 2 or 3

	NNeighbors int     `json:"n_neighbors"` // size of a neighbourhood, counting the point itself; ≥ 2
	MinDist    float64 `json:"min_dist"`    // how close points may lie on the map, 0 to Spread
	Spread     float64 `json:"spread"`      // scale of the map, > 0
	NEpochs    int     `json:"n_epochs"`    // UMAP's passes over the graph; 0 = 500 for up to 10,000 points, else 200
	Metric     string  `json:"metric"`      // distance in the original space, one of [Metrics]
	Init       string  `json:"init"`        // where points start, one of [Inits]; empty = as suits the mode; [ProjectFrom] takes coordinates instead

	Scale string `json:"scale"` // of vectors beforehand, one of [Scales]: "standardize" columns, "unit" length, "none" or empty
	PCA   int    `json:"pca"`   // then keep that many principal components, at most all columns; 0 = leave them

	LearningRate       float64 `json:"learning_rate"`        // step of the first pass, > 0
	NegativeSampleRate int     `json:"negative_sample_rate"` // repelled points per attracted one, 0 to 100
	RepulsionStrength  float64 `json:"repulsion_strength"`   // weight of the repulsion, ≥ 0
	SetOpMixRatio      float64 `json:"set_op_mix_ratio"`     // 1 = fuzzy union of an edge's directions, 0 = intersection
	LocalConnectivity  float64 `json:"local_connectivity"`   // neighbours taken as fully connected, 0 to NNeighbors−1

	EpochNegatives float64 `json:"epoch_negatives"` // share of a point's repelled ones drawn from its own epoch, 0 to 1; −1 = as suits the mode
	TieWeight      float64 `json:"tie_weight"`      // of the edge between a sample and itself at the next epoch, 0 to 1; −1 = as suits the mode

	Travel float64 `json:"travel"` // in mode paced: how far samples travel on the map, of how far they do in the layer, both in radii of an epoch; 0 to 10

	// Seed fixes the coordinates bit for bit, for any number of workers. Processors with different vector
	// instructions (AVX-512, AVX2, neither) and architectures may differ in the last bits, and so in the map.
	Seed    uint64 `json:"seed"`
	Workers int    `json:"workers"` // goroutines; 0 means GOMAXPROCS
}

// What the string fields of [Options] accept, besides [Methods].
var (
	Modes   = modes()
	Metrics = space.Metrics
	Scales  = umap.Scales
	Inits   = append([]string{"first"}, umap.Inits...) // first: each sample where it first appears, on that epoch's principal plane
)

// Defaults returns umap-learn's settings, method auto, and mode balanced: on four trainings it shows each epoch more truly than
// joint, its silhouettes follow those of the layer, and it loses nothing of the motion (docs/modes.md).
func Defaults() Options {
	u := umap.Defaults()
	return Options{
		Method:             methodAuto,
		Mode:               "balanced",
		Dims:               u.Dims,
		NNeighbors:         u.NNeighbors,
		MinDist:            u.MinDist,
		Spread:             u.Spread,
		NEpochs:            u.NEpochs,
		Metric:             u.Metric,
		Scale:              u.Scale,
		LearningRate:       u.LearningRate,
		NegativeSampleRate: u.NegativeSampleRate,
		RepulsionStrength:  u.RepulsionStrength,
		SetOpMixRatio:      u.SetOpMixRatio,
		LocalConnectivity:  u.LocalConnectivity,
		EpochNegatives:     -1,
		TieWeight:          -1,
		Travel:             0.5,
		Seed:               u.Seed,
	}
}

// Validate reports the first setting outside its range, with the range. [Project] calls it first.
func (o Options) Validate() error {
	if err := o.validateChoice(); err != nil {
		return err
	}
	for _, s := range Settings() {
		if err := s.check(&o); err != nil {
			return err
		}
	}
	if err := o.umap().Validate(); err != nil { // what depends on other settings
		return fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return nil
}

// umap returns what concerns UMAP itself. The start called first is ours: [fit] sees to it.
func (o Options) umap() umap.Options {
	if o.Init == "" || o.Init == "first" || o.Init == initGiven {
		o.Init = umap.Defaults().Init
	}
	return umap.Options{
		NNeighbors:         o.NNeighbors,
		Dims:               o.Dims,
		Metric:             o.Metric,
		Init:               o.Init,
		Scale:              o.Scale,
		PCA:                o.PCA,
		MinDist:            o.MinDist,
		Spread:             o.Spread,
		NEpochs:            o.NEpochs,
		LearningRate:       o.LearningRate,
		NegativeSampleRate: o.NegativeSampleRate,
		RepulsionStrength:  o.RepulsionStrength,
		SetOpMixRatio:      o.SetOpMixRatio,
		LocalConnectivity:  o.LocalConnectivity,
		Seed:               o.Seed,
		Workers:            o.Workers,
	}
}
