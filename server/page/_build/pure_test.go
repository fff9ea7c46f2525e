package main

import (
	"encoding/json"
	"testing"

	"github.com/dop251/goja"
	"github.com/evanw/esbuild/pkg/api"
)

// TestPure runs web/test, the tests of those parts of the page that need no browser: bundled as the page is, and run by
// a JavaScript interpreter written in Go.
func TestPure(t *testing.T) {
	r := api.Build(api.BuildOptions{
		EntryPoints: []string{"../web/test/all.ts"},
		Bundle:      true,
		Format:      api.FormatIIFE,
		GlobalName:  "pure",
		Target:      api.ES2018, // what the interpreter knows
		LogLevel:    api.LogLevelWarning,
	})
	if len(r.Errors) > 0 {
		t.Fatal("the tests cannot be bundled, see above")
	}
	vm := goja.New()
	v, err := vm.RunString(string(r.OutputFiles[0].Contents) + "\npure.runAll()")
	if err != nil {
		t.Fatal(err)
	}
	var cases [][2]string
	if err := json.Unmarshal([]byte(v.String()), &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 20 {
		t.Errorf("only %d cases ran", len(cases))
	}
	for _, c := range cases {
		t.Run(c[0], func(t *testing.T) {
			if c[1] != "" {
				t.Error(c[1])
			}
		})
	}
}
