package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTypes(t *testing.T) {
	for _, c := range []struct{ name, schema, want string }{
		{"text", `{"type": "string"}`, "string"},
		{"a whole number or nothing", `{"type": ["integer", "null"]}`, "number | null"},
		{"some words", `{"type": "string", "enum": ["a", "b"]}`, `"a" | "b"`},
		{"a list of either", `{"type": "array", "items": {"type": ["number", "string"]}}`, "(number | string)[]"},
		{"a list of anything", `{"type": "array", "items": {}}`, "unknown[]"},
		{"another", `{"anyOf": [{"$ref": "#/components/schemas/Run"}, {"type": "null"}]}`, "Run | null"},
		{"any object", `{"type": "object"}`, "Record<string, unknown>"},
		{"a column per key", `{"type": "object", "additionalProperties": {"type": "array", "items": {"type": "number"}}}`, "Record<string, number[]>"},
		{"fields", `{"type": "object", "properties": {"b": {"type": "boolean"}, "a": {"type": "string", "description": "its name"}}, "required": ["b"]}`,
			"{\n  /** its name */\n  a?: string;\n  b: boolean;\n}"},
	} {
		dir := t.TempDir()
		from, to := filepath.Join(dir, "openapi.json"), filepath.Join(dir, "wire.ts")
		if err := os.WriteFile(from, []byte(`{"components": {"schemas": {"T": `+c.schema+`}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := writeTypes(from, to); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(b); !strings.HasSuffix(got, "\nexport type T = "+c.want+";\n") {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	for _, bad := range []string{`{`, `{}`, `{"components": {"schemas": {"T": {"type": "thing"}}}}`} {
		from := filepath.Join(t.TempDir(), "openapi.json")
		if err := os.WriteFile(from, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := writeTypes(from, filepath.Join(t.TempDir(), "wire.ts")); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
