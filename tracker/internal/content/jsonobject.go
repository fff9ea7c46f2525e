package content

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/zoetrope-ml/zoetrope/internal/jsontext"
)

// EncodeJSONObject writes params or metadata as JSON, keys in order, so that equal ones are equal texts. What is not valid UTF-8
// without NUL is refused, as it is in ids and labels: package json would put the same character for whatever it is.
func EncodeJSONObject(m map[string]any) (string, error) {
	if m == nil {
		return "{}", nil
	}
	for k, v := range m {
		b, err := json.Marshal(v)
		if err != nil {
			return "", fmt.Errorf("%q cannot be kept as JSON: %w", k, err)
		}
		if !Storable(k) {
			return "", fmt.Errorf("%q: a name must be valid UTF-8 without NUL", k)
		}
		if jsontext.Replaced(b) || jsontext.Check(b) != nil {
			return "", fmt.Errorf("%q: %.80q must be valid UTF-8 without NUL", k, fmt.Sprint(v))
		}
	}
	b, err := json.Marshal(m)
	return string(b), err
}

// DecodeJSONObject reads what EncodeJSONObject wrote. Numbers come back as [json.Number], which loses nothing.
func DecodeJSONObject(text string) (map[string]any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	err := d.Decode(&m)
	return m, err
}
