package content

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
)

// maxDim is the most columns: a chunk holds whole rows.
const maxDim = ChunkBytes / 4

func TestChunks(t *testing.T) {
	for _, test := range []struct{ n, dim, want int }{
		{1, 1, 1}, {10, 128, 1}, {2048, 128, 1}, {2049, 128, 2}, {5, maxDim, 5}, {3, maxDim/2 + 1, 3}, {262145, 1, 2}, {7, 100000, 4},
	} {
		v := make([]float32, test.n*test.dim)
		for i := range v {
			v[i] = 1 + float32(i%1000)/1000
		}
		chunks, err := EncodeChunks(v, test.dim, Float32s)
		if err != nil || len(chunks) != test.want {
			t.Errorf("EncodeChunks(%d×%d) = %d chunks, %v, want %d", test.n, test.dim, len(chunks), err, test.want)
		}
		got, rows := make([]float32, len(v)), 0
		for _, c := range chunks {
			if len(c.Data) > ChunkBytes || c.FirstRow != rows {
				t.Errorf("%d×%d: a chunk has %d bytes from row %d, want row %d", test.n, test.dim, len(c.Data), c.FirstRow, rows)
			}
			dst := got[rows*test.dim : (rows+c.Rows)*test.dim]
			if err := DecodeChunk(dst, c.Data, test.dim, Float32s, c.Checksum); err != nil {
				t.Error(err)
			}
			var norms []float64
			if err := json.Unmarshal([]byte(c.Norms), &norms); err != nil || len(norms) != c.Rows {
				t.Errorf("%d×%d: %d norms for %d rows, %v", test.n, test.dim, len(norms), c.Rows, err)
			}
			if want := math.Sqrt(SumSquares(dst[:test.dim])); math.Abs(norms[0]-want) > 1e-8*want {
				t.Errorf("%d×%d: norm %v, want %v", test.n, test.dim, norms[0], want)
			}
			rows += c.Rows
		}
		if !slices.Equal(got, v) {
			t.Errorf("%d×%d: decoded chunks differ", test.n, test.dim)
		}
	}
}

func TestSumSquares(t *testing.T) {
	for n := range 20 {
		want, v := 0.0, make([]float32, n)
		for i := range v {
			v[i] = float32(i - 3)
			want += float64(v[i]) * float64(v[i])
		}
		if got := SumSquares(v); got != want {
			t.Errorf("SumSquares(n=%d) = %v, want %v", n, got, want)
		}
		for i := range v {
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				w := slices.Clone(v)
				w[i] = float32(bad)
				if column, _ := firstNotFinite(w); column != i || SumSquares(w)-SumSquares(w) == 0 {
					t.Errorf("n=%d: %v at %d is not noticed", n, bad, i)
				}
			}
		}
	}
	if s := SumSquares([]float32{math.MaxFloat32, math.MaxFloat32}); math.IsInf(s, 0) {
		t.Errorf("SumSquares of the largest floats = %v", s)
	}
}

func FuzzDecodeChunk(f *testing.F) {
	for _, v := range [][]float32{{}, {1}, {1, 2, 3, 4, 5, 6}} {
		data := FloatBytes(v)
		f.Add(data, uint16(len(v)), uint16(1), false, seal.Checksum(data))
		f.Add(data, uint16(2*len(v)), uint16(1), true, seal.Checksum(data))
	}
	f.Add([]byte{1, 2, 3}, uint16(1), uint16(1), false, uint32(0))
	f.Fuzz(func(t *testing.T, data []byte, rows, dim uint16, half bool, checksum uint32) {
		n, as := int(rows)*int(dim), Float32s
		if n > 1<<16 {
			return
		}
		if half {
			as = Float16s
		}
		dst := make([]float32, n)
		err := DecodeChunk(dst, data, int(dim), as, checksum)
		whole := len(data) == as.Size()*n && seal.Checksum(data) == checksum
		if (err == nil) != whole {
			t.Fatalf("DecodeChunk(%d bytes, %d×%d %s) = %v, want an error: %v", len(data), rows, dim, as, err, !whole)
		}
		for i := range dst {
			want := uint32(0)
			switch {
			case whole && half:
				want = math.Float32bits(fromFloat16(binary.LittleEndian.Uint16(data[2*i:])))
			case whole:
				want = binary.LittleEndian.Uint32(data[4*i:])
			}
			if got := math.Float32bits(dst[i]); got != want {
				t.Fatalf("float %d = %08x, want %08x", i, got, want)
			}
		}
	})
}
