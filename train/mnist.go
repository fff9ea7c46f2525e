package train

import (
	"fmt"
	"path/filepath"
)

// Data is MNIST.
type Data struct {
	Dir   string // where it was read from
	Train *Set   // 60,000 images in the original
	Test  *Set   // 10,000
}

// The names of MNIST's files, as LeCun published them.
const (
	trainImages = "train-images-idx3-ubyte.gz"
	trainLabels = "train-labels-idx1-ubyte.gz"
	testImages  = "t10k-images-idx3-ubyte.gz"
	testLabels  = "t10k-labels-idx1-ubyte.gz"
)

// Open reads MNIST's four files from dir or, where dir is "", from the GoMNIST module in the Go
// module cache, which [Find] looks for. Sets of other sizes in the same format are as good.
func Open(dir string) (*Data, error) {
	if dir == "" {
		var err error
		if dir, err = Find(); err != nil {
			return nil, err
		}
	}
	train, err := readSet(dir, trainImages, trainLabels)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	test, err := readSet(dir, testImages, testLabels)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return &Data{Dir: dir, Train: train, Test: test}, nil
}

func readSet(dir, images, labels string) (*Set, error) {
	s := &Set{}
	var err error
	if s.Images, err = readFile(filepath.Join(dir, images), readImages); err != nil {
		return nil, err
	}
	if s.Labels, err = readFile(filepath.Join(dir, labels), readLabels); err != nil {
		return nil, err
	}
	if n := len(s.Images) / Pixels; n != s.Len() {
		return nil, fmt.Errorf("%s: %d labels, want %d, one for each image of %s", filepath.Join(dir, labels), s.Len(), n, images)
	}
	return s, nil
}
