package tracker

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// encodeObject writes params or metadata as JSON, keys in order, so that equal ones are equal texts.
func encodeObject(m map[string]any) (string, error) {
	if m == nil {
		return "{}", nil
	}
	for k, v := range m {
		if _, err := json.Marshal(v); err != nil {
			return "", fmt.Errorf("%q cannot be kept as JSON: %w", k, err)
		}
	}
	b, err := json.Marshal(m)
	return string(b), err
}

// decodeObject reads what encodeObject wrote. Numbers come back as [json.Number], which loses nothing.
func decodeObject(text string) (map[string]any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	err := d.Decode(&m)
	return m, err
}

// differences says how two objects differ, for people: "lr is 0.001, was 3e-06". It is empty if they are equal.
func differences(before, after string) string {
	var was, is map[string]json.RawMessage
	if json.Unmarshal([]byte(before), &was) != nil || json.Unmarshal([]byte(after), &is) != nil {
		return "not comparable"
	}
	keys := maps.Clone(was)
	maps.Copy(keys, is)
	var diff []string
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		w, inWas := was[k]
		i, inIs := is[k]
		switch {
		case !inWas:
			diff = append(diff, fmt.Sprintf("%s is %s, was not set", k, i))
		case !inIs:
			diff = append(diff, fmt.Sprintf("%s is not set, was %s", k, w))
		case string(w) != string(i):
			diff = append(diff, fmt.Sprintf("%s is %s, was %s", k, i, w))
		}
	}
	return strings.Join(diff, ", ")
}
