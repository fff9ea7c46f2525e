package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestUnusedMethodsAreDropped: where a method is called by a name that only the run knows, the linker keeps every exported
// method of every type, which made the binary a third larger. What needs that belongs to zoetrope-bench.
func TestUnusedMethodsAreDropped(t *testing.T) {
	if testing.Short() {
		t.Skip("links the command")
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-dumpdep", "-o", filepath.Join(t.TempDir(), "zoetrope"), ".")
	out, err := cmd.CombinedOutput() // the linker's graph: a line for each "from -> to", with what from does
	if err != nil || !bytes.Contains(out, []byte("main.main -> ")) {
		t.Fatalf("%v: %.2000s", err, out)
	}
	for line := range bytes.Lines(out) {
		if bytes.Contains(line, []byte("<ReflectMethod>")) {
			t.Fatalf("the linker keeps all methods: %s", line)
		}
	}
}
