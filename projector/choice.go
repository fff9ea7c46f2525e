package projector

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/zoetrope-ml/zoetrope/internal/epochs"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A projection may be of some of its runs' epochs and samples: [Options].Epochs, Samples and MaxPoints choose them. What is
// chosen depends on nothing but the options and the ids of the runs' samples. The epochs are chosen again whenever the map
// grows. The samples stay those of the first fit: see [rank].

// rank is where a sample stands in the choice: the SHA-256 of its id, as a fraction from 0 to 1. The samples of lowest rank
// are laid out. So two runs with the same samples show the same of them; and once it is settled below which rank a sample
// belongs to a map, one that is added to the run later belongs to it or not, and displaces none.
func rank(id string) float64 {
	sum := sha256.Sum256([]byte(id))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}

// share is the rank below which n of the samples lie; 1, above all ranks, if there are no more than that.
func share(samples []tracker.Sample, n int) float64 {
	if n >= len(samples) {
		return 1
	}
	ranks := make([]float64, len(samples))
	for i, s := range samples {
		ranks[i] = rank(s.ID)
	}
	slices.Sort(ranks)
	return ranks[n]
}

// samplesOfEach is how many samples of each run are laid out, where frames have so many rows each; 0 is all.
func (o Options) samplesOfEach(rows []int) (int, error) {
	if o.MaxPoints == 0 {
		return o.Samples, nil
	}
	points := func(n int) (sum int) {
		for _, r := range rows {
			sum += min(n, r)
		}
		return sum
	}
	most := slices.Max(rows)
	if o.Samples > 0 {
		most = min(most, o.Samples)
	}
	if points(most) <= o.MaxPoints {
		return o.Samples, nil
	}
	// The first number of samples that is too many; the number of points grows with it.
	n := sort.Search(most, func(n int) bool { return points(n+1) > o.MaxPoints })
	if n < 2 {
		return 0, fmt.Errorf("%w: max_points = %d is not enough for 2 samples at each of %d epochs: allow more, or choose fewer epochs", ErrOptions, o.MaxPoints, len(rows))
	}
	return n, nil
}

// Chosen says in words which epochs and samples the options choose; empty if all.
func (o Options) Chosen() string {
	var says []string
	if o.Epochs != "" {
		says = append(says, "epochs "+o.Epochs)
	}
	switch {
	case o.Samples > 0 && o.MaxPoints > 0:
		says = append(says, fmt.Sprintf("up to %d samples of each run, as many as made up to %d points,", o.Samples, o.MaxPoints))
	case o.Samples > 0:
		says = append(says, fmt.Sprintf("up to %d samples of each run,", o.Samples))
	case o.MaxPoints > 0:
		says = append(says, fmt.Sprintf("as many samples of each run as made up to %d points,", o.MaxPoints))
	}
	if o.Samples > 0 || o.MaxPoints > 0 {
		says = append(says, "those whose ids have the lowest SHA-256")
	}
	return strings.ReplaceAll(strings.Join(says, "; "), ",;", ",")
}

// validateChoice reports the first of the choosing options that is none.
func (o Options) validateChoice() error {
	if _, err := epochs.Parse(o.Epochs); err != nil {
		return fmt.Errorf("%w: epochs: %w", ErrOptions, err)
	}
	if o.Samples < 0 || o.Samples == 1 {
		return fmt.Errorf("%w: samples = %d, want 0 for all, or 2 or more of each run", ErrOptions, o.Samples)
	}
	if o.MaxPoints < 0 {
		return fmt.Errorf("%w: max_points = %d, want 0 for no limit, or more", ErrOptions, o.MaxPoints)
	}
	return nil
}
