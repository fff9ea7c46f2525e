package projector

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector/paced"
)

// A Setting is a field of [Options] as its user meets it. The flags of a command, the fields of a form, the checks of
// [Options.Validate] and the table in docs/options.md are made of the list that [Settings] returns.
type Setting struct {
	Name    string   // its key in the JSON of [Options]; a flag has - for _
	Title   string   // above a field of a form
	Help    string   // one line, without a full stop
	Choices []string // the names it may have; nil for a number, and for text that is read otherwise
	Min     float64  // of a number
	Max     float64  // of a number; +Inf means no limit
	Open    bool     // it must be more than Min
	Limit   string   // of a number that must not exceed what another option says: what the limit is
	Unset   any      // a value outside the range that is allowed, for which the mode has its own
	Note    string   // what single values mean: "0 is all"
	Form    bool     // a form asks for it
	Methods []string // the names of the methods that read it; nil means all

	field func(*Options) any // a *string, *int, *float64 or *uint64
}

// unlimited is the Max of a number that has none.
var unlimited = math.Inf(1)

// Settings returns all settings, in the order in which a form asks for them.
func Settings() []Setting {
	list := []Setting{
		{Name: "layer", Title: "Layer", Help: "the layer whose vectors are laid out", Note: "the only one if empty",
			field: func(o *Options) any { return &o.Layer }},
		{Name: "method", Title: "Method", Help: "the algorithm", Choices: Methods, Form: len(methods) > 1,
			field: func(o *Options) any { return &o.Method }},
		{Name: "mode", Title: "Mode", Help: "how epochs meet in the neighbour graph", Choices: Modes, Form: true,
			field: func(o *Options) any { return &o.Mode }},
		{Name: "epochs", Title: "Epochs", Help: "epochs to lay out and ranges of them, as 0,5-10,last, or every 50th as 0-900:50 or 0-:50", Note: "all if empty", Form: true,
			field: func(o *Options) any { return &o.Epochs }},
		{Name: "samples", Title: "Samples of each run", Help: "how many samples of each run to lay out, those whose ids have the lowest SHA-256", Max: unlimited, Note: "0 is all", Form: true,
			field: func(o *Options) any { return &o.Samples }},
		{Name: "max_points", Title: "Most points", Help: "lay out as many samples of each run, so chosen, as make up to so many points", Max: unlimited, Note: "0 is no limit", Form: true,
			field: func(o *Options) any { return &o.MaxPoints }},
		{Name: "travel", Title: "Travel", Help: "in mode paced, how far samples travel on the map, of how far they do in the layer, both in radii of an epoch", Max: paced.MaxTravel, Form: true,
			field: func(o *Options) any { return &o.Travel }},
		{Name: "n_neighbors", Title: "Neighbours", Help: "the size of a neighbourhood, counting the point itself", Min: 2, Max: unlimited, Form: true,
			field: func(o *Options) any { return &o.NNeighbors }},
		{Name: "min_dist", Title: "Least distance", Help: "how close points may lie on the map", Max: unlimited, Limit: "the spread", Form: true,
			field: func(o *Options) any { return &o.MinDist }},
		{Name: "metric", Title: "Metric", Help: "the distance in the original space", Choices: Metrics, Form: true,
			field: func(o *Options) any { return &o.Metric }},
		{Name: "scale", Title: "Scaling", Help: "what is done to vectors beforehand", Choices: Scales, Unset: "", Form: true,
			field: func(o *Options) any { return &o.Scale }},
		{Name: "pca", Title: "Principal components", Help: "principal components of the vectors to keep, at most all columns", Max: unlimited, Note: "0 leaves them", Form: true,
			field: func(o *Options) any { return &o.PCA }},
		{Name: "n_epochs", Title: "Passes over the graph", Help: "passes over the graph", Max: 1 << 20, Note: "0 chooses by the number of points", Form: true,
			field: func(o *Options) any { return &o.NEpochs }},
		{Name: "dims", Title: "Dimensions", Help: "the dimensions of the map", Min: 2, Max: 3, Form: true,
			field: func(o *Options) any { return &o.Dims }},
		{Name: "seed", Title: "Seed", Help: "the seed of all random choices", Max: math.MaxUint64, Form: true,
			field: func(o *Options) any { return &o.Seed }},

		{Name: "init", Title: "Start", Help: "where points start", Choices: Inits, Unset: "", Note: "as suits the mode if empty",
			field: func(o *Options) any { return &o.Init }},
		{Name: "epoch_negatives", Title: "Negatives of the epoch", Help: "share of a point's repelled ones drawn from its own epoch", Max: 1, Unset: -1.0, Note: "-1 is the mode's own",
			field: func(o *Options) any { return &o.EpochNegatives }},
		{Name: "tie_weight", Title: "Weight of ties", Help: "weight of the edge between a sample and itself at the next epoch", Max: 1, Unset: -1.0, Note: "-1 is the mode's own",
			field: func(o *Options) any { return &o.TieWeight }},
		{Name: "spread", Title: "Spread", Help: "the scale of the map", Max: 1e6, Open: true,
			field: func(o *Options) any { return &o.Spread }},
		{Name: "learning_rate", Title: "Learning rate", Help: "the step of the first pass", Max: 1000, Open: true,
			field: func(o *Options) any { return &o.LearningRate }},
		{Name: "negative_sample_rate", Title: "Negative samples", Help: "repelled points per attracted one", Max: 100,
			field: func(o *Options) any { return &o.NegativeSampleRate }},
		{Name: "repulsion_strength", Title: "Repulsion", Help: "the weight of the repulsion", Max: 1e6,
			field: func(o *Options) any { return &o.RepulsionStrength }},
		{Name: "set_op_mix_ratio", Title: "Union of directions", Help: "how the two directions of an edge are joined", Max: 1, Note: "1 is a fuzzy union, 0 an intersection",
			field: func(o *Options) any { return &o.SetOpMixRatio }},
		{Name: "local_connectivity", Title: "Local connectivity", Help: "neighbours taken as fully connected", Max: unlimited, Limit: "n_neighbors - 1",
			field: func(o *Options) any { return &o.LocalConnectivity }},
		{Name: "workers", Title: "Workers", Help: "goroutines", Max: unlimited, Note: "0 is GOMAXPROCS",
			field: func(o *Options) any { return &o.Workers }},
	}
	for i := range list {
		for _, m := range methods {
			if slices.Contains(m.Settings, list[i].Name) {
				list[i].Methods = append(list[i].Methods, m.Name)
			}
		}
	}
	return list
}

// In returns where o has the setting: a *string, *int, *float64 or *uint64.
func (s Setting) In(o *Options) any { return s.field(o) }

// Default is the setting's value in [Defaults]: a string, int, float64 or uint64.
func (s Setting) Default() any {
	o := Defaults()
	return s.value(&o)
}

func (s Setting) value(o *Options) any {
	switch p := s.field(o).(type) {
	case *string:
		return *p
	case *int:
		return *p
	case *uint64:
		return *p
	default:
		return *p.(*float64)
	}
}

// Number reports whether the setting is a number, and whether that is a whole one.
func (s Setting) Number() (number, whole bool) {
	switch s.field(new(Options)).(type) {
	case *string:
		return false, false
	case *float64:
		return true, false
	}
	return true, true
}

// Range says in words what the setting may be: "0 to 100", "2 or more", "joint, aligned". It is empty for text.
func (s Setting) Range() string {
	number, whole := s.Number()
	least := strconv.FormatFloat(s.Min, 'f', -1, 64)
	most := strconv.FormatFloat(s.Max, 'f', -1, 64)
	switch {
	case !number:
		return strings.Join(s.Choices, ", ")
	case s.Limit != "":
		return least + " to " + s.Limit
	case s.Open && s.Max == unlimited:
		return "more than " + least
	case s.Open:
		return "more than " + least + ", at most " + most
	case s.Max >= math.MaxUint64:
		return least + " or more"
	case whole && s.Max == s.Min+1:
		return least + " or " + most
	}
	return least + " to " + most
}

// Usage is the help with the range and the note, for a flag: "repelled points per attracted one: 0 to 100".
func (s Setting) Usage() string {
	usage := s.Help
	if r := s.Range(); r != "" {
		usage += ": " + r
	}
	if s.Note != "" {
		usage += "; " + s.Note
	}
	return usage
}

// check reports whether o has the setting within its range. Limits that follow from other options are not its matter.
func (s Setting) check(o *Options) error {
	v := s.value(o)
	if s.Unset != nil && v == s.Unset {
		return nil
	}
	var x float64
	switch v := v.(type) {
	case string:
		if s.Choices != nil && !slices.Contains(s.Choices, v) {
			return fmt.Errorf("%w: there is no %s %q: want %s", ErrOptions, s.Name, v, s.Range())
		}
		return nil
	case int:
		x = float64(v)
	case float64:
		x = v
	case uint64:
		return nil
	}
	if x > s.Min && x <= s.Max && !math.IsInf(x, 0) || x == s.Min && !s.Open {
		return nil
	}
	want := s.Range()
	if s.Note != "" {
		want += "; " + s.Note
	}
	return fmt.Errorf("%w: %s = %v, want %s", ErrOptions, s.Name, v, want)
}
