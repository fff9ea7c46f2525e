package train

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSettings is wrapped by [Load] when a checkpoint was made with other settings than those asked for.
var ErrSettings = errors.New("settings differ from the checkpoint's")

// Settings decide the course of a training. Start from [Defaults].
type Settings struct {
	LearningRate float64 `json:"learning_rate"` // Adam's step size, above 0, at most 1
	Batch        int     `json:"batch"`         // images per optimiser step, 1 or more; an epoch's last batch may have fewer
	Seed         uint64  `json:"seed"`          // of the first weights and of each epoch's shuffle
}

// Defaults returns the example's recipe: Adam at 3e-6, which is slow on purpose, so that clusters
// take epochs to form, and batches of 128.
func Defaults() Settings {
	return Settings{LearningRate: 3e-6, Batch: 128, Seed: 42}
}

// Validate reports the first setting outside its range, with the range.
func (s Settings) Validate() error {
	switch {
	case !(s.LearningRate > 0 && s.LearningRate <= 1): // a step moves each weight by about this much
		return fmt.Errorf("learning rate %g: want a number above 0, at most 1", s.LearningRate)
	case s.Batch < 1 || s.Batch > maxBatch:
		return fmt.Errorf("batch of %d images: want 1 to %d", s.Batch, maxBatch)
	}
	return nil
}

// maxBatch keeps a graph's buffers (0.7 MB an image) within an ordinary machine's memory.
const maxBatch = 4096

// differ returns an error that names each setting of s that is not was's.
func (s Settings) differ(was Settings) error {
	var d []string
	if s.LearningRate != was.LearningRate {
		d = append(d, fmt.Sprintf("learning rate %g, now %g", was.LearningRate, s.LearningRate))
	}
	if s.Batch != was.Batch {
		d = append(d, fmt.Sprintf("batch %d, now %d", was.Batch, s.Batch))
	}
	if s.Seed != was.Seed {
		d = append(d, fmt.Sprintf("seed %d, now %d", was.Seed, s.Seed))
	}
	if d == nil {
		return nil
	}
	return fmt.Errorf("%w: it has %s", ErrSettings, strings.Join(d, "; "))
}
