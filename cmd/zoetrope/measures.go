package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector"
)

// An explanation is a measure of a whole map, as it is printed.
type explanation struct{ name, value, says string }

func explained(q *projector.Quality) []explanation {
	return []explanation{
		{"trust_epoch", measured(q.TrustEpoch), "trustworthiness of an epoch's points among themselves, mean over epochs; 1 is perfect"},
		{"own15", measured(q.Own15), "share of the 15 nearest vectors of the same epoch that are among its 15 nearest points; 1 is perfect"},
		{"knn15", measured(q.KNN15), "share of the 15 nearest vectors of all epochs that are among the 15 nearest points; 1 is perfect"},
		{"knn50", measured(q.KNN50), "… among the 50 nearest points"},
		{"dust", fine(q.Dust), "share of points that hang between the others"},
		{"sil_first", measured(q.SilFirst), "silhouette by label at the first epoch, on the map"},
		{"sil_last", measured(q.SilLast), "… at the last epoch, on the map"},
		{"silx_first", measured(q.SilXFirst), "… at the first epoch, in the original space"},
		{"silx_last", measured(q.SilXLast), "… at the last epoch, in the original space"},
		{"sil_corr", measured(q.SilCorr), "rank correlation of the two over epochs: does the map tell when clusters form? 1 is perfect"},
		{"purity_gap", measured(q.PurityGap), "label purity on the map less that in the original space; 0 is perfect"},
		{"pmax", measured(q.PMax), "the largest, over transitions, of the share of all movement on the map over that in the original space; 1 is perfect"},
		{"pmin", measured(q.PMin), "the smallest; 1 is perfect"},
		{"pearson", measured(q.Pearson), "correlation of these shares over transitions; 1 is perfect"},
		{"motion_in", measured(q.MotionIn), "rank correlation of how far samples move in both spaces, within a transition: which of them move? 1 is perfect, 0 chance"},
		{"motion", measured(q.Motion), "… over all transitions, for which the right pace alone may do"},
		{"travel", measured(q.Travel), "the sum over transitions of the median distance moved on the map, over the mean radius of an epoch"},
		{"travelx", measured(q.TravelX), "… in the original space"},
		{"common", measured(q.Common), "how much of a step all samples take together, on the map; 1 is all of it"},
		{"commonx", measured(q.CommonX), "… in the original space"},
		{"straight", measured(q.Straight), "the way over two steps over their sum, on the map; 1 is a straight line, and a zigzag is low"},
		{"straightx", measured(q.StraightX), "… in the original space"},
		{"fly", fine(q.Fly), "share of steps that are more than 3 times as long on the map as they were; 0 is perfect"},
		{"still", fine(q.Still), "share of steps that are less than a third as long; 0 is perfect"},
		{"displacement", measured(q.Displacement), "median distance moved on the map per epoch, over its radius"},
		{"jump", measured(q.Jump), "the largest such median of one epoch"},
	}
}

// tempo says what cannot be read from the movement on a map, nothing if all can.
func tempo(q *projector.Quality) string {
	var says []string
	if q.KeepsPace != nil && !*q.KeepsPace {
		says = append(says, "Do not read from this map when the layer changed: it shows "+unevenness(q)+".")
	}
	if q.KeepsMotion != nil && !*q.KeepsMotion {
		says = append(says, fmt.Sprintf("Do not read from it which samples moved farther than others: motion_in is %.2f, and 0 by chance.", *q.MotionIn))
	}
	return strings.Join(says, "\n")
}

// unevenness names the transitions of the largest and the smallest pace.
func unevenness(q *projector.Quality) string {
	var known []projector.TransitionQuality
	for _, s := range q.Transitions {
		if s.Pace != nil {
			known = append(known, s)
		}
	}
	pace := func(a, b projector.TransitionQuality) int { return cmp.Compare(*a.Pace, *b.Pace) }
	part := func(s projector.TransitionQuality) string {
		return fmt.Sprintf("%.1f %% of its movement from epoch %d to %d, where the layer has %.1f %%", 100**s.Map.Share, s.From, s.To, 100**s.Original.Share)
	}
	return part(slices.MaxFunc(known, pace)) + ", and " + part(slices.MinFunc(known, pace))
}
