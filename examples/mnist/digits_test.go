package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/zoetrope-ml/zoetrope/train"
)

// writeDigits makes a folder like MNIST's with a few images, of which label c has a bright bar at
// height 2c: an epoch takes a moment.
func writeDigits(t *testing.T, images, tests int) string {
	t.Helper()
	dir := t.TempDir()
	for name, n := range map[string]int{"train": images, "t10k": tests} {
		r := rand.New(rand.NewPCG(1, uint64(n))) // by its size: the map comes in any order
		pixels, labels := words(0x803, n, train.Side, train.Side), words(0x801, n)
		for i := range n {
			label := i * 7 % train.Classes
			labels = append(labels, byte(label))
			for k := range train.Pixels {
				v := r.IntN(60)
				if k/train.Side/2 == label+2 {
					v += 180
				}
				pixels = append(pixels, byte(v))
			}
		}
		pack(t, filepath.Join(dir, name+"-images-idx3-ubyte.gz"), pixels)
		pack(t, filepath.Join(dir, name+"-labels-idx1-ubyte.gz"), labels)
	}
	return dir
}

func words(v ...int) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func pack(t *testing.T, path string, content []byte) {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
