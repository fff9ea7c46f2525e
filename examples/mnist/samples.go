package main

import (
	"fmt"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

// describe returns images as samples, with their index in the set as id, a label and a picture.
func describe(set *train.Set) ([]tracker.Sample, error) {
	samples := make([]tracker.Sample, set.Len())
	for i := range samples {
		picture, err := set.PNG(i)
		if err != nil {
			return nil, err
		}
		samples[i] = tracker.Sample{ID: strconv.Itoa(i), Label: digit(int(set.Labels[i])), Thumbnail: picture}
	}
	return samples, nil
}

// digit returns the text of a label or a prediction.
func digit(n int) string { return fmt.Sprintf("Digit: %d", n) }

func digits(predictions []int) []string {
	names := make([]string, len(predictions))
	for i, p := range predictions {
		names[i] = digit(p)
	}
	return names
}
