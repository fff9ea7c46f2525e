package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// A schema is what JSON may be, as openapi.json says it, in as far as it does.
type schema struct {
	Ref         string            `json:"$ref"`
	Type        any               `json:"type"` // a name, or several
	Enum        []any             `json:"enum"`
	AnyOf       []schema          `json:"anyOf"`
	Items       *schema           `json:"items"`
	Properties  map[string]schema `json:"properties"`
	Required    []string          `json:"required"`
	More        json.RawMessage   `json:"additionalProperties"`
	Description string            `json:"description"`
}

// writeTypes writes the named schemas of an OpenAPI document as TypeScript, so that what the page expects of the server is
// what the server says and its tests hold it to.
func writeTypes(document, to string) error {
	b, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	var d struct {
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(b, &d); err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	if len(d.Components.Schemas) == 0 {
		return errors.New(document + " names no schemas")
	}
	var out strings.Builder
	out.WriteString("// Code generated from server/api/openapi.json by go generate ./server/page. DO NOT EDIT.\n")
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		s := d.Components.Schemas[name]
		t, err := typeOf(s, "")
		if err != nil {
			return fmt.Errorf("%s: %s: %w", document, name, err)
		}
		fmt.Fprintf(&out, "\n%sexport type %s = %s;\n", comment(s, ""), name, t)
	}
	return os.WriteFile(to, []byte(out.String()), 0o644)
}

func comment(s schema, indent string) string {
	if s.Description == "" {
		return ""
	}
	return fmt.Sprintf("%s/** %s */\n", indent, strings.ReplaceAll(s.Description, "*/", "* /"))
}

// typeOf returns a schema's type; lines after the first begin with indent.
func typeOf(s schema, indent string) (string, error) {
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, "#/components/schemas/"), nil
	case s.Enum != nil:
		var all []string
		for _, v := range s.Enum {
			b, err := json.Marshal(v)
			if err != nil {
				return "", err
			}
			all = append(all, string(b))
		}
		return strings.Join(all, " | "), nil
	case s.AnyOf != nil:
		return union(s.AnyOf, indent)
	}
	switch t := s.Type.(type) {
	case nil:
		return "unknown", nil
	case []any:
		var each []schema
		for _, name := range t {
			one := s
			one.Type = name
			each = append(each, one)
		}
		return union(each, indent)
	case string:
		return single(s, t, indent)
	}
	return "", fmt.Errorf("type is %v", s.Type)
}

func union(each []schema, indent string) (string, error) {
	var all []string
	for _, s := range each {
		t, err := typeOf(s, indent)
		if err != nil {
			return "", err
		}
		all = append(all, t)
	}
	return strings.Join(all, " | "), nil
}

func single(s schema, name, indent string) (string, error) {
	switch name {
	case "string", "boolean", "null":
		return name, nil
	case "integer", "number":
		return "number", nil
	case "array":
		if s.Items == nil {
			return "unknown[]", nil
		}
		t, err := typeOf(*s.Items, indent)
		if strings.Contains(t, " | ") {
			t = "(" + t + ")"
		}
		return t + "[]", err
	case "object":
		if len(s.Properties) == 0 {
			return record(s, indent)
		}
		return object(s, indent)
	}
	return "", fmt.Errorf("type is %q", name)
}

// record is an object whose keys are data.
func record(s schema, indent string) (string, error) {
	value := schema{}
	if len(s.More) > 0 && s.More[0] == '{' {
		if err := json.Unmarshal(s.More, &value); err != nil {
			return "", err
		}
	}
	t, err := typeOf(value, indent)
	return "Record<string, " + t + ">", err
}

func object(s schema, indent string) (string, error) {
	var b strings.Builder
	b.WriteString("{\n")
	inner := indent + "  "
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		t, err := typeOf(p, inner)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		optional := "?"
		if slices.Contains(s.Required, name) {
			optional = ""
		}
		fmt.Fprintf(&b, "%s%s%s%s: %s;\n", comment(p, inner), inner, name, optional, t)
	}
	b.WriteString(indent + "}")
	return b.String(), nil
}
