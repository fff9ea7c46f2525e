package ops

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	G "gorgonia.org/gorgonia"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// UseSgemm makes Gorgonia and its tensors multiply float32 matrices by this
// project's kernels, on up to workers goroutines (0 means one per CPU that Go may
// use), so that stock operations get faster too. It applies to the whole process;
// call it before building graphs.
func UseSgemm(workers int) { G.Use(library{workers: workers}) }

// library is gonum's BLAS with another Sgemm.
type library struct {
	gonum.Implementation
	workers int
}

func (l library) Sgemm(transA, transB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	vec.Sgemm(transA != blas.NoTrans, transB != blas.NoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, l.workers)
}
