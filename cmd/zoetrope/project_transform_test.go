package main

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
)

// TestTransformFile places the vectors of an archive where those of an array lie, and says whose they are.
func TestTransformFile(t *testing.T) {
	t.Chdir(t.TempDir())
	const n = 40
	vectors := make([]float32, 2*n)
	ids, labels := make([]string, n), make([]string, n)
	for i := range n {
		angle := float64(i)
		vectors[2*i], vectors[2*i+1] = float32(math.Cos(angle)+float64(i%2)*9), float32(math.Sin(angle))
		ids[i], labels[i] = "s"+names(n)[i], []string{"a", "b"}[i%2]
	}
	wide := make([]float32, 3*n)
	for name, shape := range map[string][]int{"run.npy": {n, 2}, "wide.npy": {n, 3}, "epochs.npy": {2, n / 2, 2}} {
		v := vectors
		if name == "wide.npy" {
			v = wide
		}
		var b bytes.Buffer
		if err := interchange.Write(&b, v, shape...); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(name, b.Bytes(), 0o666)
	}
	writeNpz(t, "X.npz", "X", vectors, "ids", ids, "y", labels)
	writeNpz(t, "layers.npz", "embedding", vectors, "fc2", make([]float32, 2*n))
	writeNpz(t, "others.npz", "fc1", make([]float32, 2*n), "fc2", vectors)
	for _, args := range [][]string{{"import", "--run", "r", "run.npy"}, {"project", "--n-epochs", "20", "--n-neighbors", "5"}} {
		if status, _, errs := zoetrope(t, append([]string{"--db", "a.DB"}, args...)...); status != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	place := func(args ...string) (status int, out, errs string) {
		return zoetrope(t, append([]string{"--db", "a.DB", "project", "transform"}, args...)...)
	}
	_, want, errs := place("run.npy")
	if strings.Count(want, "\n") != n+1 {
		t.Fatalf("%s%s", want, errs)
	}
	for _, args := range [][]string{{"layers.npz"}, {"--vectors", "fc2", "others.npz"}} {
		if status, out, errs := place(args...); status != 0 || out != want {
			t.Errorf("%v: exit %d, %s%s\nwant what the array has", args, status, out, errs)
		}
	}
	status, out, errs := place("X.npz")
	lines, wanted := strings.Split(out, "\n"), strings.Split(want, "\n")
	if status != 0 || len(lines) != len(wanted) {
		t.Fatalf("exit %d, %s%s", status, out, errs)
	}
	for i, line := range lines[1 : n+1] {
		was := strings.Replace(wanted[i+1], ","+names(n)[i]+",,", ","+ids[i]+","+labels[i]+",", 1)
		if line != was {
			t.Errorf("line %d is %s, want %s", i+1, line, was)
		}
	}
	for _, test := range []struct{ want, path string }{
		{"wide.npy holds vectors of 3 columns, and the map was made from vectors of 2", "wide.npy"},
		{"epochs.npy holds 2 epochs, and one is placed at a time", "epochs.npy"},
		{"others.npz holds vectors of fc1, fc2, none of which is the map's layer embedding: name one of them with --vectors", "others.npz"},
	} {
		if status, out, errs := place(test.path); status != 1 || out != "" || !strings.Contains(errs, test.want) {
			t.Errorf("%s: exit %d, %s%s, want %q", test.path, status, out, errs, test.want)
		}
	}
}

// TestTransformRunOfOtherColumns: vectors of another number of columns have no place, however many numbers they are.
func TestTransformRunOfOtherColumns(t *testing.T) {
	t.Chdir(t.TempDir())
	const n = 24
	run := func(name string, dim int) {
		x := make([]float32, n*dim)
		for i := range x {
			x[i] = float32(math.Sin(float64(i)))
		}
		var b bytes.Buffer
		if err := interchange.Write(&b, x, n, dim); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(name+".npy", b.Bytes(), 0o666)
		if status, _, errs := zoetrope(t, "--db", "a.DB", "import", "--run", name, name+".npy"); status != 0 {
			t.Fatal(errs)
		}
	}
	run("r", 4)
	if status, _, errs := zoetrope(t, "--db", "a.DB", "project", "--run", "r", "--n-epochs", "20", "--n-neighbors", "5"); status != 0 {
		t.Fatal(errs)
	}
	for name, dim := range map[string]int{"one": 1, "half": 2, "three": 3, "twice": 8} {
		run(name, dim)
		for _, args := range [][]string{{"--from", name}, {name + ".npy"}} {
			status, out, errs := zoetrope(t, append([]string{"--db", "a.DB", "project", "transform", "--run", "r"}, args...)...)
			want := "holds vectors of " + cli.Plural(dim, "column") + ", and the map was made from vectors of 4"
			if status != 1 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%v: exit %d, %q, %s want %q", args, status, out, errs, want)
			}
		}
	}
}
