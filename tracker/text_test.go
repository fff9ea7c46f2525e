package tracker_test

import (
	"errors"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestText: the rule itself is tested where it is.
func TestText(t *testing.T) {
	for v, want := range map[any]string{"1.10": "1.10", 3.0: "3", float32(0.1): "0.1", true: "true", nil: ""} {
		if got, err := tracker.Text(v); got != want || err != nil {
			t.Errorf("Text(%v) = %q, %v: want %q", v, got, err, want)
		}
	}
	if _, err := tracker.Text([]int{1}); !errors.Is(err, tracker.ErrInvalid) {
		t.Errorf("Text of a list: %v, want ErrInvalid", err)
	}
}
