package tracker

import (
	"encoding/json"
	"fmt"
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
