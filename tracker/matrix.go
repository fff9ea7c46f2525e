package tracker

// Rows, Matrix and Tensor return vectors as a [Layer] and [FrameWriter.Append] take them: row-major float32, and how many
// columns they have. Where the numbers lie in memory like that already, what is returned is that memory, not a copy.

// Rows takes one slice for each sample, all of one length. Rows of float32 that are cut one after the other from one slice
// are not copied.
func Rows[F float32 | float64](rows [][]F) (vectors []float32, dim int, err error) {
	if len(rows) == 0 {
		return nil, 0, refuse(ErrInvalid, "there are no rows")
	}
	dim = len(rows[0])
	for i, row := range rows {
		if len(row) != dim || dim == 0 {
			return nil, 0, refuse(ErrInvalid, "row %d has %d columns, row 0 has %d: all must have the same number, at least 1", i, len(row), dim)
		}
	}
	if same, ok := any(rows).([][]float32); ok {
		if whole := joined(same, dim); whole != nil {
			return whole, dim, nil
		}
	}
	vectors = make([]float32, 0, len(rows)*dim)
	for _, row := range rows {
		vectors = appendFloats(vectors, row)
	}
	return vectors, dim, nil
}

// joined returns the slice that the rows are cut from, if they follow each other in it, or nil.
func joined(rows [][]float32, dim int) []float32 {
	if cap(rows[0]) < len(rows)*dim {
		return nil
	}
	whole := rows[0][:len(rows)*dim]
	for i, row := range rows {
		if &whole[i*dim] != &row[0] {
			return nil
		}
	}
	return whole
}

// Matrix takes a matrix with a row for each sample: gonum's mat.Dense, or any other mat.Matrix. What is larger than a float32
// becomes an infinity, which Log refuses.
func Matrix(m interface {
	Dims() (r, c int)
	At(i, j int) float64
}) (vectors []float32, dim int) {
	n, dim := m.Dims()
	vectors = make([]float32, 0, n*dim)
	if raw, ok := m.(interface{ RawRowView(i int) []float64 }); ok {
		for i := range n {
			vectors = appendFloats(vectors, raw.RawRowView(i))
		}
		return vectors, dim
	}
	for i := range n {
		for j := range dim {
			vectors = append(vectors, float32(m.At(i, j)))
		}
	}
	return vectors, dim
}

// Tensor takes a tensor of float32 or float64 whose first axis is the sample: a Gorgonia tensor.Tensor or the value of a
// node. The other axes together are the columns. A contiguous tensor of float32 is not copied, so its memory must not be
// used again before Log has returned; views and transposed tensors are read through their Strides.
func Tensor[S ~[]int](t interface {
	Data() any
	Shape() S
}) (vectors []float32, dim int, err error) {
	shape, dim := t.Shape(), 1
	if len(shape) == 0 {
		return nil, 0, refuse(ErrInvalid, "a scalar has no rows: want a tensor whose first axis is the sample")
	}
	contiguous := make([]int, len(shape)) // the strides of row-major memory
	size := 1
	for axis := len(shape) - 1; axis >= 0; axis-- {
		contiguous[axis] = size
		size *= shape[axis]
		if axis == 1 {
			dim = size
		}
	}
	strides := contiguous
	if s, ok := any(t).(interface{ Strides() []int }); ok {
		strides = s.Strides()
	}
	if len(strides) != len(shape) {
		return nil, 0, refuse(ErrInvalid, "a tensor of shape %v has strides %v: copy it into one that is contiguous", []int(shape), strides)
	}
	switch data := t.Data().(type) {
	case []float32:
		vectors, err = strided(data, shape, strides, contiguous)
	case []float64:
		vectors, err = strided(data, shape, strides, contiguous)
	default:
		err = refuse(ErrInvalid, "a tensor of %T: want float32 or float64", data)
	}
	return vectors, dim, err
}

// strided reads the numbers of a tensor in the order of its axes.
func strided[F float32 | float64](data []F, shape, strides, contiguous []int) ([]float32, error) {
	last, plain := 0, true
	for axis, n := range shape {
		if n < 1 {
			return nil, refuse(ErrInvalid, "a tensor of shape %v is empty", shape)
		}
		if strides[axis] < 0 {
			return nil, refuse(ErrInvalid, "a tensor has strides %v: copy it into one that is contiguous", strides)
		}
		last += (n - 1) * strides[axis]
		plain = plain && (n == 1 || strides[axis] == contiguous[axis])
	}
	if last >= len(data) {
		return nil, refuse(ErrInvalid, "a tensor of shape %v and strides %v has %d numbers only", shape, strides, len(data))
	}
	if plain {
		if same, ok := any(data[:last+1]).([]float32); ok {
			return same, nil
		}
	}
	vectors := make([]float32, 0, shape[0]*contiguous[0])
	var read func(axis, at int)
	read = func(axis, at int) {
		if axis == len(shape)-1 {
			for range shape[axis] {
				vectors = append(vectors, float32(data[at]))
				at += strides[axis]
			}
			return
		}
		for range shape[axis] {
			read(axis+1, at)
			at += strides[axis]
		}
	}
	read(0, 0)
	return vectors, nil
}

func appendFloats[F float32 | float64](dst []float32, row []F) []float32 {
	for _, v := range row {
		dst = append(dst, float32(v))
	}
	return dst
}
