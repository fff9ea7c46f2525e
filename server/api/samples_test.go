package api

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestMetadataForPages has whole numbers that no float64 is sent as text, as a page would make them the same.
func TestMetadataForPages(t *testing.T) {
	numbers := []any{json.Number("9007199254740992"), json.Number("9007199254740993"), json.Number("18446744073709551615"),
		json.Number("100000000000000000000"), json.Number("-9223372036854775807"), json.Number("1.2345678901234567"), json.Number("1e300")}
	want := []any{numbers[0], "9007199254740993", "18446744073709551615", numbers[3], "-9223372036854775807", numbers[5], numbers[6]}
	samples := make([]tracker.Sample, len(numbers))
	for i, n := range numbers {
		samples[i].Metadata = map[string]any{"n": n}
	}
	if got := columnsOf(samples).Metadata["n"]; !reflect.DeepEqual(got, want) {
		t.Errorf("columnsOf = %#v, want %#v", got, want)
	}
}
