package projector

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/options.md anew")

// TestSettings: each option is a setting and each setting an option, whose ends and default are taken, and what is beyond them
// is refused by its name.
func TestSettings(t *testing.T) {
	text, err := json.Marshal(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]any{}
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	for _, s := range Settings() {
		if _, ok := keys[s.Name]; !ok {
			t.Errorf("%s is no option, or a setting twice", s.Name)
		}
		delete(keys, s.Name)
		if s.Title == "" || s.Help == "" || strings.HasSuffix(s.Help, ".") {
			t.Errorf("%s: title %q, help %q", s.Name, s.Title, s.Help)
		}
		good, bad := s.trials()
		for _, v := range good {
			if err := with(s, v).Validate(); err != nil {
				t.Errorf("%s = %v: %v", s.Name, v, err)
			}
		}
		for _, v := range bad {
			err := with(s, v).Validate()
			if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), s.Name) {
				t.Errorf("%s = %v: %v, want ErrOptions with its name", s.Name, v, err)
			}
		}
	}
	for key := range keys {
		t.Errorf("%s is an option, but no setting", key)
	}
}

// trials are values within the range, the default among them, and values beyond it.
func (s Setting) trials() (good, bad []any) {
	good = []any{s.Default()}
	if s.Unset != nil {
		good = append(good, s.Unset)
	}
	number, whole := s.Number()
	if !number {
		for _, c := range s.Choices {
			good = append(good, c)
		}
		if s.Choices != nil {
			bad = append(bad, "none such")
		}
		return good, bad
	}
	if _, ok := s.Default().(uint64); ok {
		return good, nil // its type is its range
	}
	value := func(v float64) any {
		if whole {
			return int(v)
		}
		return v
	}
	if s.Open {
		bad = append(bad, value(s.Min))
	} else {
		good = append(good, value(s.Min))
	}
	bad = append(bad, value(s.Min-2))
	if !whole {
		bad = append(bad, math.NaN(), math.Inf(1))
	}
	if s.Max < unlimited {
		good, bad = append(good, value(s.Max)), append(bad, value(s.Max+1))
	}
	return good, bad
}

// with returns the usual options with one setting at a value.
func with(s Setting, v any) Options {
	o := Defaults()
	switch p := s.In(&o).(type) {
	case *string:
		*p = v.(string)
	case *int:
		*p = v.(int)
	case *float64:
		*p = v.(float64)
	case *uint64:
		*p = v.(uint64)
	}
	if s.Name == "n_neighbors" {
		o.LocalConnectivity = 1
	}
	return o
}

// TestMethods: every method can be asked for, has a title, and reads settings that there are; auto finds one for any size.
func TestMethods(t *testing.T) {
	var names []string
	for _, s := range Settings() {
		names = append(names, s.Name)
	}
	for i, m := range methods {
		if m.Title == "" || m.Help == "" || m.fit == nil || m.place == nil || Methods[i+1] != m.Name || MethodTitle(m.Name) != m.Title {
			t.Errorf("method %q: title %q, help %q, called %q", m.Name, m.Title, m.Help, MethodTitle(m.Name))
		}
		for _, s := range m.Settings {
			if !slices.Contains(names, s) {
				t.Errorf("method %q reads %q, which is no setting", m.Name, s)
			}
		}
	}
	for _, points := range []int{0, 1, 1e6, math.MaxInt} {
		if m := Defaults().method(points); m.fit == nil {
			t.Errorf("auto has no method for %d points", points)
		}
	}
	for name, want := range map[string]string{MethodGiven: "Imported", "later": "LATER"} {
		if got := MethodTitle(name); got != want {
			t.Errorf("MethodTitle(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestOptionsPage: docs/options.md is made of the tables of methods and settings. To write it anew, run
// go test ./projector -run TestOptionsPage -update
func TestOptionsPage(t *testing.T) {
	const path = "../docs/options.md"
	want := optionsPage()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the tables say: run go generate ./projector", path)
	}
}

func optionsPage() string {
	var b strings.Builder
	fmt.Fprint(&b, `<!-- Made of the tables in projector/method.go and projector/setting.go by go generate ./projector. -->

# Methods and settings of a map

A setting has one name everywhere: a field of `+"`projector.Options`"+`, a key in the body of `+"`POST projections`"+`, and, with `+"`-` for `_`"+`, a flag
of `+"`zoetrope project`"+`. The form of the page asks for those marked so.

## Methods

| method | title | what it does |
|---|---|---|
`)
	for _, m := range methods {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.Name, m.Title, m.Help)
	}
	fmt.Fprint(&b, `
## Settings

| setting | what it is | values | default | methods | form |
|---|---|---|---|---|---|
`)
	for _, s := range Settings() {
		value := fmt.Sprint(s.Default())
		if value == "" {
			value = "empty"
		}
		read, form := "all", ""
		if s.Methods != nil {
			read = strings.Join(s.Methods, ", ")
		}
		if s.Form {
			form = "yes"
		}
		values := s.Range()
		if s.Note != "" {
			values = strings.TrimPrefix(values+"; "+s.Note, "; ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", s.Name, s.Help, values, value, read, form)
	}
	return b.String()
}

// TestMethodSettings: a method reads what all read and what is its own, and auto what those read that it may choose; a map that
// another program computed shows none of it.
func TestMethodSettings(t *testing.T) {
	defer func(was []Method) { methods = was }(methods)
	methods = append(slices.Clone(methods), Method{Name: "other", Settings: []string{"min_dist"}})
	for _, c := range []struct {
		method, setting string
		want            bool
	}{
		{"umap", "n_neighbors", true}, {"umap", "metric", true}, {"other", "metric", true}, {"other", "min_dist", true},
		{"other", "n_neighbors", false}, {"other", "mode", false}, {methodAuto, "n_neighbors", true},
		{MethodGiven, "metric", false}, {"later", "metric", false},
	} {
		if got := slices.Contains(MethodSettings(c.method), c.setting); got != c.want {
			t.Errorf("method %s reads %s: %v, want %v", c.method, c.setting, got, c.want)
		}
	}
}
