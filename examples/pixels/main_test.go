package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-n", "1000", "-n-epochs", "50", "-o", filepath.Join(dir, "map.npy")}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m)^neighbors +\d+\.\d\d s$`,
		`(?m)^fit +\d+\.\d\d s for 1000 × 784$`,
		`of the 14 nearest of 784 columns, 0\.[3-9]\d\d are among the 15 and 0\.[5-9]\d\d among the 50`,
		`(?m)^transform +\d+\.\d\d s for 166 test images`,
		`their vote is right for 0\.[7-9]`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if err := run(t.Context(), []string{"-n", "50", "-export", dir}, &out); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][3]int{"map.npy": {1, 1000, 2}, "pixels.npy": {1, 50, 784}} {
		m, err := interchange.OpenMatrix(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if got := [3]int{m.Epochs, m.Rows, m.Dim}; got != want {
			t.Errorf("%s has shape %v, want %v", file, got, want)
		}
	}
	if labels, err := interchange.ReadLabels(filepath.Join(dir, "labels.npy")); err != nil || len(labels) != 50 || labels[0] != "5" {
		t.Errorf("labels %v, %v", labels, err)
	}
	for _, args := range [][]string{{"-n", "0"}, {"-n", "70000"}, {"-metric", "hamming"}, {"-x"}} {
		if err := run(t.Context(), args, &out); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
