package tracker

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

func TestChunks(t *testing.T) {
	for _, test := range []struct{ n, dim, want int }{
		{1, 1, 1}, {10, 128, 1}, {2048, 128, 1}, {2049, 128, 2}, {5, MaxDim, 5}, {3, MaxDim/2 + 1, 3}, {262145, 1, 2}, {7, 100000, 4},
	} {
		v := someVectors(1, test.n, test.dim)
		chunks, err := encodeChunks(v, test.dim, float32s, nil)
		if err != nil || len(chunks) != test.want {
			t.Errorf("encodeChunks(%d×%d) = %d chunks, %v, want %d", test.n, test.dim, len(chunks), err, test.want)
		}
		got, rows := make([]float32, len(v)), 0
		for _, c := range chunks {
			if len(c.data) > chunkBytes || c.firstRow != rows {
				t.Errorf("%d×%d: a chunk has %d bytes from row %d, want row %d", test.n, test.dim, len(c.data), c.firstRow, rows)
			}
			dst := got[rows*test.dim : (rows+c.rows)*test.dim]
			if err := decodeChunk(dst, c.data, test.dim, float32s, c.checksum); err != nil {
				t.Error(err)
			}
			var norms []float64
			if err := json.Unmarshal([]byte(c.norms), &norms); err != nil || len(norms) != c.rows {
				t.Errorf("%d×%d: %d norms for %d rows, %v", test.n, test.dim, len(norms), c.rows, err)
			}
			if want := math.Sqrt(sumSquares(dst[:test.dim])); math.Abs(norms[0]-want) > 1e-8*want {
				t.Errorf("%d×%d: norm %v, want %v", test.n, test.dim, norms[0], want)
			}
			rows += c.rows
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
		if got := sumSquares(v); got != want {
			t.Errorf("sumSquares(n=%d) = %v, want %v", n, got, want)
		}
		for i := range v {
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				w := slices.Clone(v)
				w[i] = float32(bad)
				if column, _ := firstNotFinite(w); column != i || sumSquares(w)-sumSquares(w) == 0 {
					t.Errorf("n=%d: %v at %d is not noticed", n, bad, i)
				}
			}
		}
	}
	if s := sumSquares([]float32{math.MaxFloat32, math.MaxFloat32}); math.IsInf(s, 0) {
		t.Errorf("sumSquares of the largest floats = %v", s)
	}
}

func TestCorruptChunk(t *testing.T) {
	ctx := context.Background()
	zero := "CAST(substr(data, 1, 99) || x'00' || substr(data, 101) AS BLOB)"
	if pgtest.Current != nil {
		zero = `overlay(data PLACING '\x00' FROM 100)`
	}
	for name, query := range map[string]string{
		"a byte":        "UPDATE chunk SET data = " + zero + " WHERE first_row > 0",
		"cut":           "UPDATE chunk SET data = substr(data, 1, length(data) - 4) WHERE first_row > 0",
		"checksum":      "UPDATE chunk SET checksum = checksum + 1 WHERE first_row > 0",
		"rows":          "UPDATE chunk SET rows = rows - 1 WHERE first_row > 0",
		"too many rows": "UPDATE chunk SET rows = rows + 1000 WHERE first_row > 0",
		"order":         "UPDATE chunk SET first_row = first_row + 1 WHERE first_row > 0",
		"no chunk":      "DELETE FROM chunk WHERE first_row > 0",
		"no sample":     "DELETE FROM roster_row WHERE position = 5",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			r := newRun(t, s, "cnn", 10)
			if err := r.Log(ctx, Epoch{Number: 7, Layers: []Layer{{Name: "fc1", Dim: 50000, Vectors: someVectors(1, 10, 50000)}}}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Frame(ctx, "cnn", "fc1", 7); err != nil {
				t.Fatal(err)
			}
			if _, err := s.writer.Exec(query); err != nil {
				t.Fatal(err)
			}
			_, err := s.Frame(ctx, "cnn", "fc1", 7)
			if !errors.Is(err, ErrCorrupt) || !strings.HasPrefix(err.Error(), `run test/cnn, layer "fc1", epoch 7: `) {
				t.Errorf("Frame = %v, want ErrCorrupt that names run, layer and epoch", err)
			}
		})
	}
}

func FuzzDecodeChunk(f *testing.F) {
	for _, v := range [][]float32{{}, {1}, {1, 2, 3, 4, 5, 6}} {
		data := floatBytes(v)
		f.Add(data, uint16(len(v)), uint16(1), false, crc32.Checksum(data, castagnoli))
		f.Add(data, uint16(2*len(v)), uint16(1), true, crc32.Checksum(data, castagnoli))
	}
	f.Add([]byte{1, 2, 3}, uint16(1), uint16(1), false, uint32(0))
	f.Fuzz(func(t *testing.T, data []byte, rows, dim uint16, half bool, checksum uint32) {
		n, as := int(rows)*int(dim), float32s
		if n > 1<<16 {
			return
		}
		if half {
			as = float16s
		}
		dst := make([]float32, n)
		err := decodeChunk(dst, data, int(dim), as, checksum)
		whole := len(data) == as.size()*n && crc32.Checksum(data, castagnoli) == checksum
		if (err == nil) != whole {
			t.Fatalf("decodeChunk(%d bytes, %d×%d %s) = %v, want an error: %v", len(data), rows, dim, as, err, !whole)
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
