package servertest

import (
	"encoding/json"
	"testing"
)

// TestSchemaChecker: the checker finds what is wrong, or it would prove nothing.
func TestSchemaChecker(t *testing.T) {
	var schema map[string]any
	err := json.Unmarshal([]byte(`{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 0},
		"b": {"type": ["string", "null"]}, "c": {"type": "array", "items": {"enum": ["x", "y"]}}, "d": {"anyOf": [{"type": "number"}, {"enum": ["NaN"]}]}}}`), &schema)
	if err != nil {
		t.Fatal(err)
	}
	d := &Document{t: t}
	for text, good := range map[string]bool{
		`{"a": 1}`:                     true,
		`{"a": 1, "b": null}`:          true,
		`{"a": 1, "c": ["x", "y"]}`:    true,
		`{"a": 1, "d": "NaN"}`:         true,
		`{}`:                           false,
		`{"a": -1}`:                    false,
		`{"a": 1.5}`:                   false,
		`{"a": "1"}`:                   false,
		`{"a": 1, "b": 1}`:             false,
		`{"a": 1, "c": ["z"]}`:         false,
		`{"a": 1, "d": "Infinity"}`:    false,
		`{"a": 1, "e": 1}`:             false,
		`[]`:                           false,
		`{"a": 1, "c": {"x": "y"}}`:    false,
		`{"a": null}`:                  false,
		`{"a": 1, "b": "x", "c": []}`:  true,
		`{"a": 1, "b": true, "c": []}`: false,
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if why := d.check(schema, v, "it"); (why == "") != good {
			t.Errorf("%s: %q, want good = %v", text, why, good)
		}
	}
}
