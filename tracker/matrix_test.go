package tracker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

var oneToSix = []float32{1, 2, 3, 4, 5, 6}

// same holds vectors against 1 … 6 in rows of dim, and tells whether they are the memory of from.
func same(t *testing.T, name string, vectors []float32, dim int, err error, wantDim int, from []float32) {
	t.Helper()
	if err != nil || dim != wantDim || !slices.Equal(vectors, oneToSix) {
		t.Errorf("%s: %v, %d, %v, want 1 … 6, %d", name, vectors, dim, err, wantDim)
		return
	}
	if from != nil && &vectors[0] != &from[0] {
		t.Errorf("%s: a copy was made", name)
	}
}

func TestRows(t *testing.T) {
	flat := slices.Clone(oneToSix)
	v, dim, err := Rows([][]float32{flat[0:2], flat[2:4], flat[4:6]})
	same(t, "rows of one slice", v, dim, err, 2, flat)
	v, dim, err = Rows([][]float32{flat})
	same(t, "one row", v, dim, err, 6, flat)
	v, dim, err = Rows([][]float32{{1, 2, 3}, {4, 5, 6}})
	same(t, "rows", v, dim, err, 3, nil)
	v, dim, err = Rows([][]float32{slices.Clone(flat)[0:2], flat[2:4], flat[4:6]})
	same(t, "rows of two slices", v, dim, err, 2, nil)
	v, dim, err = Rows([][]float64{{1, 2, 3}, {4, 5, 6}})
	same(t, "rows of float64", v, dim, err, 3, nil)
	for name, rows := range map[string][][]float64{"none": nil, "empty": {{}, {}}, "ragged": {{1, 2}, {3}}} {
		if _, _, err := Rows(rows); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}

func TestMatrix(t *testing.T) {
	data := []float64{1, 2, 3, 4, 5, 6}
	dense := mat.NewDense(3, 2, data)
	v, dim := Matrix(dense)
	same(t, "Dense", v, dim, nil, 2, nil)
	wide := mat.NewDense(4, 4, []float64{0, 0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0})
	v, dim = Matrix(wide.Slice(1, 3, 1, 4))
	same(t, "part of a Dense", v, dim, nil, 3, nil)
	v, dim = Matrix(mat.NewDense(2, 3, []float64{1, 3, 5, 2, 4, 6}).T())
	same(t, "transposed", v, dim, nil, 2, nil)
	v, dim = Matrix(mat.NewVecDense(6, data))
	same(t, "VecDense", v, dim, nil, 1, nil)
}

func TestTensor(t *testing.T) {
	flat := slices.Clone(oneToSix)
	dense := tensor.New(tensor.WithShape(3, 2), tensor.WithBacking(flat))
	v, dim, err := Tensor(dense)
	same(t, "Dense", v, dim, err, 2, flat)
	v, dim, err = Tensor(tensor.New(tensor.WithShape(2, 1, 3), tensor.WithBacking(flat)))
	same(t, "three axes", v, dim, err, 3, flat)
	v, dim, err = Tensor(tensor.New(tensor.WithShape(6), tensor.WithBacking(flat)))
	same(t, "one axis", v, dim, err, 1, flat)
	v, dim, err = Tensor(tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6})))
	same(t, "float64", v, dim, err, 2, nil)

	big := []float32{0, 0, 0, 0, 1, 2, 0, 3, 4, 0, 5, 6}
	all := tensor.New(tensor.WithShape(4, 3), tensor.WithBacking(big))
	view, err := all.Slice(gorgonia.S(1, 4), gorgonia.S(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	v, dim, err = Tensor(view)
	same(t, "a view", v, dim, err, 2, nil)
	rows, err := tensor.New(tensor.WithShape(4, 2), tensor.WithBacking(append([]float32{0, 0}, flat...))).Slice(gorgonia.S(1, 4))
	if err != nil {
		t.Fatal(err)
	}
	v, dim, err = Tensor(rows)
	same(t, "rows of a tensor", v, dim, err, 2, rows.Data().([]float32))
	turned := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 3, 5, 2, 4, 6}))
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	v, dim, err = Tensor(turned)
	same(t, "transposed", v, dim, err, 2, nil)
	columns := tensor.New(tensor.WithShape(3, 2), tensor.AsFortran(slices.Clone(flat)))
	v, dim, err = Tensor(columns)
	same(t, "column-major", v, dim, err, 2, nil)

	// The value of a node, after a run of the graph.
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(3, 2), gorgonia.WithValue(dense))
	y := gorgonia.Must(gorgonia.HadamardProd(x, gorgonia.NewConstant(tensor.Ones(tensor.Float32, 3, 2))))
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	v, dim, err = Tensor(y.Value())
	same(t, "value", v, dim, err, 2, nil)

	for _, test := range []struct {
		name string
		t    tensor.Tensor
		want string
	}{
		{"ints", tensor.New(tensor.WithShape(2, 1), tensor.WithBacking([]int{1, 2})), "a tensor of []int"},
		{"scalar", tensor.New(tensor.FromScalar(float32(1))), "a scalar has no rows"},
	} {
		if _, _, err := Tensor(test.t); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// TestLogMatrix takes a matrix to the store and back.
func TestLogMatrix(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "cnn", 3)
	v, dim := Matrix(mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6}))
	if err := r.Log(ctx, Epoch{Number: 1, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}}); err != nil {
		t.Fatal(err)
	}
	f, err := s.Frame(ctx, "cnn", "fc1", 1)
	same(t, "Frame", f.Vectors, f.Dim, err, 2, nil)
	v, dim = Matrix(mat.NewDense(3, 2, []float64{1, 2, 3, 1e39, 5, 6}))
	err = r.Log(ctx, Epoch{Number: 2, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: v}}})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `sample "1" has +Inf at column 1`) {
		t.Errorf("Log of 1e39 = %v", err)
	}
}
