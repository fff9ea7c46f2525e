package embedding

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
)

// RawTensor reads float32, little-endian, of a shape that must fit the file.
func RawTensor(r io.Reader, size int64, shape []int) (dim int, v []float32, err error) {
	if err := CheckShape(shape, size); err != nil {
		return 0, nil, err
	}
	v = make([]float32, shape[0]*shape[1])
	raw := make([]byte, 1<<18)
	for done := 0; done < len(v); {
		part := v[done:min(done+len(raw)/4, len(v))]
		if _, err := io.ReadFull(r, raw[:4*len(part)]); err != nil {
			return 0, nil, err
		}
		npy.ToFloat32(part, raw[:4*len(part)])
		done += len(part)
	}
	return shape[1], v, nil
}

// CheckShape checks that a file of float32 has the size that its shape takes.
func CheckShape(shape []int, size int64) error {
	if len(shape) != 2 {
		return fmt.Errorf("tensor_shape is %v: want two numbers, rows and columns", shape)
	}
	if want, ok := npy.ByteCount(shape, 4); !ok || want != size {
		return fmt.Errorf("the file has %d bytes: float32 of shape %s takes %d", size, npy.Dims(shape), want)
	}
	return nil
}

// TSVTensor reads lines of numbers separated by tabs.
func TSVTensor(r io.Reader) (dim int, v []float32, err error) {
	lines := texts.NewLines(r)
	for lines.Next() {
		if n := strings.Count(lines.Text, "\t") + 1; n > limits.MaxDim {
			return 0, nil, fmt.Errorf("line %d has %d numbers: want at most %d", lines.Number, n, limits.MaxDim)
		}
		fields := strings.Split(lines.Text, "\t")
		if dim == 0 {
			dim = len(fields)
		}
		if len(fields) != dim {
			return 0, nil, fmt.Errorf("line %d has %d numbers, and line 1 has %d", lines.Number, len(fields), dim)
		}
		for c, f := range fields {
			x, err := strconv.ParseFloat(strings.TrimSpace(f), 32)
			if err != nil {
				return 0, nil, fmt.Errorf("line %d, column %d: %.40q is no number that fits float32", lines.Number, c, f)
			}
			v = append(v, float32(x))
		}
	}
	if lines.Err == nil && dim == 0 {
		lines.Err = fmt.Errorf("there are no rows")
	}
	return dim, v, lines.Err
}
