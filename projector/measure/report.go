package measure

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// A Frame is one epoch of one run in both spaces.
type Frame struct {
	X       []float32 // original space, n×Dim, row-major; nil where there is none: what compares with it is nil then
	Dim     int       // 0 where there is no original space
	Y       []float32 // map, n×Dims, row-major
	Dims    int
	Samples []int // n identities, each once: rows of a run's frames with the same number are the same sample
	Classes []int // n labels, negative for none; nil when there are no labels
}

func (f Frame) rows() int { return len(f.Samples) }

func (f Frame) original() ([]float32, int) { return f.X, f.Dim }
func (f Frame) laid() ([]float32, int)     { return f.Y, f.Dims }

// bare reports whether there is only the map.
func (f Frame) bare() bool { return f.X == nil && f.Dim == 0 }

// Options says how to measure. The zero value measures every row with every processor.
type Options struct {
	Rows    int    // rows of a frame, drawn at random but always the same, whose distances to all its rows are taken; 0 = all
	Workers int    // goroutines; 0 means GOMAXPROCS. The results do not depend on it
	Metric  string // of the original space, one of [space.Metrics]; empty = euclidean
}

func (o Options) metric() string {
	if o.Metric == "" {
		return "euclidean"
	}
	return o.Metric
}

// Neighbours is how many nearest rows the measures of neighbourhoods look at, and queries how many rows of all
// epochs together are asked for theirs.
const (
	Neighbours = 15
	queries    = 1500
)

// A Report is what is known about a map. Measures over several runs are means over the runs' frames; the first and
// last silhouettes are means over runs.
type Report struct {
	// TrustEpoch is the mean over frames of their trustworthiness.
	TrustEpoch *float64 `json:"trust_epoch"`
	// KNN15 and KNN50 are the shares of a row's 15 nearest rows of all epochs in the original space found among its
	// 15 and 50 nearest on the map, over 1,500 rows spread over samples and epochs (all, when there are fewer).
	KNN15 *float64 `json:"knn15"`
	KNN50 *float64 `json:"knn50"`
	// SilFirst and SilLast are the silhouettes by label in the first and last epoch on the map, SilXFirst and
	// SilXLast those in the original space.
	SilFirst  *float64 `json:"sil_first"`
	SilLast   *float64 `json:"sil_last"`
	SilXFirst *float64 `json:"silx_first"`
	SilXLast  *float64 `json:"silx_last"`
	// SilCorr is the Spearman correlation over frames of the two silhouettes: does the map tell when clusters form?
	SilCorr *float64 `json:"sil_corr"`
	// PurityGap is the mean over frames of the label purity on the map less that in the original space.
	PurityGap *float64 `json:"purity_gap"`
	// Own15 is the mean over frames of the share of a row's neighbours in its epoch that the map keeps.
	Own15 *float64 `json:"own15"`
	// Displacement is the median distance moved on the map from one epoch to the next over the map's root-mean-square
	// radius; Jump the largest, over transitions, of the median distance moved, over the same radius.
	Displacement *float64 `json:"displacement"`
	Jump         *float64 `json:"jump"`
	Time

	Frames [][]FrameReport `json:"-"` // one per frame given, in the same places
	Steps  [][]StepReport  `json:"-"` // one per pair of consecutive frames: Steps[r][e] leads from frame e to e+1
}

// A FrameReport is what is known about one epoch.
type FrameReport struct {
	// Trustworthiness is 1 − 2/(nk(2n−3k−1)) · Σ (rank in the original space − k) over rows that are among a row's
	// k=15 nearest on the map only; Continuity the same with the spaces exchanged (Venna and Kaski, Neighborhood
	// preservation in nonlinear projection methods, ICANN 2001). With fewer than 32 rows k is the largest number
	// below n/2, for which the measure is defined; with fewer than 3 rows both are nil.
	Trustworthiness *float64 `json:"trustworthiness"`
	Continuity      *float64 `json:"continuity"`
	// Own15 is the share of a row's 15 nearest rows of its epoch in the original space found among its 15 nearest of the
	// epoch on the map; by chance 15/(n−1). With fewer than 17 rows, all of which are then near, it is nil.
	Own15 *float64 `json:"own15"`
	// Dust is the share of points that hang between the others: the 5th nearest point of the epoch is farther away than a
	// tenth of the epoch's root-mean-square radius. With fewer than 6 rows it is nil.
	Dust     *float64 `json:"dust"`
	Original Labels   `json:"original"`
	Map      Labels   `json:"map"`
}

// Labels is how the labels of one epoch stand apart in one space. Rows without a label are left out, as if they
// were not there. With fewer than two classes all are nil.
type Labels struct {
	// Silhouette is the mean over rows of (b−a)/max(a,b), a being the mean distance to the rows of the same label
	// and b the smallest mean distance to those of another; 0 for the only row of its label (Rousseeuw, Silhouettes,
	// J. Comput. Appl. Math. 20, 1987). It is nil when every row has a label of its own.
	Silhouette *float64 `json:"silhouette"`
	// Purity is the share of a row's 15 nearest rows that have its label.
	Purity *float64 `json:"purity"`
	// Separation is the mean distance between the centroids of two labels over the mean distance of a row to its
	// label's centroid, the two terms of Davies and Bouldin, A cluster separation measure, IEEE TPAMI 1, 1979.
	Separation *float64 `json:"separation"`
}

// A StepReport is what happened from one epoch to the next, over the samples that both have.
type StepReport struct {
	Original Step `json:"original"`
	Map      Step `json:"map"`
	// Pace is the transition's share of the movement on the map over its share in the original space: 1 where the map
	// keeps time, 2 where it shows twice the movement that there was. Shares below a hundredth of an even one count as that.
	Pace *float64 `json:"pace"`
	// Motion is the Spearman correlation over samples of the distances moved in the two spaces: is it the right ones
	// that move? By chance 0.
	Motion *float64 `json:"motion"`
}

// Step is what happened in one space.
type Step struct {
	// CKA is the linear centred kernel alignment of the two epochs, ‖BᵀA‖² / (‖AᵀA‖ ‖BᵀB‖) for column-centred
	// matrices A and B: 1 when one is a turned, shifted or scaled copy of the other (Kornblith et al., Similarity of
	// neural network representations revisited, ICML 2019).
	CKA *float64 `json:"cka"`
	// Churn is the mean over samples of 1 − the share of its 15 nearest samples that are so in both epochs.
	Churn *float64 `json:"churn"`
	// Moved is the median distance that samples move, over the space's radius (see [Time]).
	Moved *float64 `json:"moved"`
	// Share is the transition's share of the run's movement: the median distance moved over the sum of those of all
	// transitions.
	Share *float64 `json:"share"`
}

// Compute measures the map of runs, each a list of frames in the order of their epochs.
func Compute(ctx context.Context, runs [][]Frame, o Options) (*Report, error) {
	if err := check(runs); err != nil {
		return nil, err
	}
	workers, metric := vec.Workers(o.Workers), o.metric()
	r := &Report{Frames: make([][]FrameReport, len(runs)), Steps: make([][]StepReport, len(runs))}
	type step struct {
		a, b   Frame
		ha, hb *neighbourhoods
		report *StepReport
	}
	var steps []step
	for i, frames := range runs {
		r.Frames[i], r.Steps[i] = make([]FrameReport, len(frames)), make([]StepReport, max(0, len(frames)-1))
		var before *neighbourhoods
		for e, f := range frames {
			report, now, err := measureFrame(ctx, f, metric, o.Rows, workers)
			if err != nil {
				return nil, err
			}
			r.Frames[i][e] = report
			if e > 0 {
				steps = append(steps, step{frames[e-1], f, before, now, &r.Steps[i][e-1]})
			}
			before = now
		}
	}
	err := vec.Each(ctx, len(steps), workers, func(_, task int) {
		s := steps[task]
		*s.report = measureStep(ctx, s.a, s.b, s.ha, s.hb, metric, o.Rows)
	})
	if err != nil {
		return nil, err
	}
	r.summarise()
	if err := r.measureTime(ctx, runs, metric, o.Rows > 0, workers); err != nil {
		return nil, err
	}
	return r, r.measureRecall(ctx, runs, metric, workers)
}

func check(runs [][]Frame) error {
	var dim, dims int
	for i, frames := range runs {
		for e, f := range frames {
			n := f.rows()
			switch {
			case f.Dim < 1 && !f.bare() || f.Dims < 1:
				return fmt.Errorf("measure: run %d frame %d: %d and %d dimensions, want at least 1", i, e, f.Dim, f.Dims)
			case len(f.X) != n*f.Dim || len(f.Y) != n*f.Dims:
				return fmt.Errorf("measure: run %d frame %d: %d samples of %d and %d dimensions, but %d and %d numbers", i, e, n, f.Dim, f.Dims, len(f.X), len(f.Y))
			case f.Classes != nil && len(f.Classes) != n:
				return fmt.Errorf("measure: run %d frame %d: %d classes for %d samples", i, e, len(f.Classes), n)
			case dims != 0 && (f.Dim != dim || f.Dims != dims):
				return errors.New("measure: frames differ in their dimensions")
			}
			dim, dims = f.Dim, f.Dims
			if !finite(f.X) || !finite(f.Y) {
				return fmt.Errorf("measure: run %d frame %d has NaN or Inf", i, e)
			}
		}
	}
	return nil
}

func finite(v []float32) bool {
	for _, x := range v {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return false
		}
	}
	return true
}
