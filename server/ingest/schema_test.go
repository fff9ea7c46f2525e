package ingest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// A document is an OpenAPI file, as JSON.
type document struct {
	t    testing.TB
	root map[string]any
}

func (d *document) resolve(v map[string]any) map[string]any {
	for {
		ref, ok := v["$ref"].(string)
		if !ok {
			return v
		}
		var at any = d.root
		for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
			at = at.(map[string]any)[step]
		}
		if v, ok = at.(map[string]any); !ok {
			d.t.Fatalf("%s leads nowhere", ref)
		}
	}
}

// check returns how a value breaks a schema, or "". It knows the keywords that the file uses, and takes a field that the
// schema does not name as a breach: the file would not describe it.
func (d *document) check(schema map[string]any, v any, at string) string {
	schema = d.resolve(schema)
	if choices, ok := schema["anyOf"].([]any); ok {
		var why []string
		for _, s := range choices {
			w := d.check(s.(map[string]any), v, at)
			if w == "" {
				return ""
			}
			why = append(why, w)
		}
		return strings.Join(why, ", and ")
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, v) {
		return fmt.Sprintf("%s is %v, none of %v", at, v, enum)
	}
	if kinds := kindsOf(schema["type"]); kinds != nil && !slices.ContainsFunc(kinds, func(k string) bool { return isA(v, k) }) {
		return fmt.Sprintf("%s is %T %.60v, no %v", at, v, v, kinds)
	}
	switch v := v.(type) {
	case float64:
		if low, ok := schema["minimum"].(float64); ok && v < low {
			return fmt.Sprintf("%s is %v, below %v", at, v, low)
		}
	case []any:
		items, ok := schema["items"].(map[string]any)
		for i := range v {
			if !ok {
				break
			}
			if why := d.check(items, v[i], fmt.Sprintf("%s[%d]", at, i)); why != "" {
				return why
			}
		}
	case map[string]any:
		return d.checkObject(schema, v, at)
	}
	return ""
}

func (d *document) checkObject(schema, v map[string]any, at string) string {
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Sprintf("%s lacks %s", at, name)
		}
	}
	properties, closed := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(v)) {
		s, ok := properties[name].(map[string]any)
		if !ok {
			switch more := schema["additionalProperties"].(type) {
			case map[string]any:
				s = more
			case bool:
				continue
			default:
				if closed {
					return fmt.Sprintf("%s has %s, of which the file says nothing", at, name)
				}
				continue
			}
		}
		if why := d.check(s, v[name], at+"."+name); why != "" {
			return why
		}
	}
	return ""
}

func kindsOf(v any) (kinds []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, k := range v {
			kinds = append(kinds, k.(string))
		}
	}
	return kinds
}

func isA(v any, kind string) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "integer" && v == math.Trunc(v)
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	}
	return false
}

// TestSchemaChecker: the checker finds what is wrong, or it would prove nothing.
func TestSchemaChecker(t *testing.T) {
	var schema map[string]any
	err := json.Unmarshal([]byte(`{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 0},
		"b": {"type": ["string", "null"]}, "c": {"type": "array", "items": {"enum": ["x", "y"]}}, "d": {"anyOf": [{"type": "number"}, {"enum": ["NaN"]}]}}}`), &schema)
	if err != nil {
		t.Fatal(err)
	}
	d := &document{t: t}
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
