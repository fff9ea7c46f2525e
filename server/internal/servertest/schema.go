package servertest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// A Document is an OpenAPI file, as JSON.
type Document struct {
	t    testing.TB
	root map[string]any
}

func (d *Document) resolve(v map[string]any) map[string]any {
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
func (d *Document) check(schema map[string]any, v any, at string) string {
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

func (d *Document) checkObject(schema, v map[string]any, at string) string {
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
