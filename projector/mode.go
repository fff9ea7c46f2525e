package projector

import (
	"maps"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// A recipe says how a mode lets epochs meet: which graphs it unites, and the defaults of what can be set.
type recipe struct {
	joint     float64 // neighbours among the rows of all epochs, over NNeighbors; 0 = no such graph
	within    float64 // neighbours among the rows of the same picture, over NNeighbors; 0 = no such graph
	paced     bool    // the map keeps time, as package paced says: a picture is of all runs at an epoch, not of each
	negatives float64 // Options.EpochNegatives
	rate      int     // negatives that are drawn, over NegativeSampleRate
	ties      float64 // Options.TieWeight
	init      string  // Options.Init
}

// The figures behind the shares, the ties and the starts are in docs/modes.md.
var recipes = map[string]recipe{
	"joint":    {joint: 1, rate: 1, init: umap.Defaults().Init},
	"balanced": {joint: 0.75, within: 0.75, negatives: 0.4, rate: 1, init: "pca"},
	"aligned":  {within: 1, negatives: 1, rate: 1, ties: 0.3, init: "first"},
	"paced":    {within: 1, paced: true, negatives: 1, rate: 2, init: "first"},
}

// size is a share of the neighbourhood that o asks for.
func (r recipe) size(share float64, o Options) int {
	return max(2, int(math.Round(share*float64(o.NNeighbors))))
}

// resolve replaces what the mode decides: an empty Init, and the settings that are −1.
func (o Options) resolve() Options {
	r := recipes[o.Mode]
	if o.Init == "" {
		o.Init = r.init
	}
	if o.EpochNegatives == -1 {
		o.EpochNegatives = r.negatives
	}
	if o.TieWeight == -1 {
		o.TieWeight = r.ties
	}
	return o
}

// modes returns the names of the modes, plain UMAP first.
func modes() []string {
	return append([]string{"joint"}, slices.DeleteFunc(slices.Sorted(maps.Keys(recipes)), func(m string) bool { return m == "joint" })...)
}

// passes is umap's own choice of NEpochs for n rows.
func passes(n int) int {
	if n <= 10000 {
		return 500
	}
	return 200
}
