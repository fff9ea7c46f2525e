package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/zoetrope-ml/zoetrope/interchange"
)

// maxBeside is how much memory an import may take beside what it keeps, in bytes.
const maxBeside = 256 << 20

// A bomb is a file that becomes far more than it is.
type bomb struct {
	name string
	make func(t *testing.T, dir string) (args []string) // the arguments of import
	want string                                         // what the refusal says; empty: it is imported
}

const (
	refusedAtOnce = "bytes of memory at once"
	refusedInAll  = "far more than its size lets expect"
	refusedColumn = "more than 4096 columns"
)

// plain is one value of a plain page of texts, of which the page claims so many bytes.
var plainText = []byte{1, 0, 0, 0, 'a'}

var bombs = []bomb{
	{"npz: 8 GB of zeros", func(t *testing.T, dir string) []string {
		return npzBomb(t, dir, packedArray{"vectors", "<f4", "(80000, 25000)", []byte{0}, 8e9})
	}, refusedInAll},
	{"npz: an epoch of 1 GB", func(t *testing.T, dir string) []string {
		return npzBomb(t, dir, packedArray{"vectors", "<f4", "(250000, 1000)", []byte{0}, 1e9})
	}, refusedAtOnce},
	{"npz: 50 million samples", func(t *testing.T, dir string) []string {
		return npzBomb(t, dir, packedArray{"vectors", "<f2", "(50000000, 1)", []byte{0}, 1e8})
	}, refusedAtOnce},
	{"npz: 600 columns", func(t *testing.T, dir string) []string {
		arrays := []packedArray{{"vectors", "<f4", "(100000, 2)", []byte{0}, 800000}}
		for i := range 600 {
			arrays = append(arrays, packedArray{fmt.Sprint("c", i), "|i1", "(100000,)", []byte{7}, 100000})
		}
		return npzBomb(t, dir, arrays...)
	}, refusedAtOnce},
	{"npz: labels of 1 MB", func(t *testing.T, dir string) []string {
		return npzBomb(t, dir, packedArray{"vectors", "<f4", "(1000, 2)", []byte{0}, 8000},
			packedArray{"labels", "<U262144", "(1000,)", []byte{'a', 0, 0, 0}, 1000 << 20})
	}, refusedAtOnce},
	{"npz: 4000 layers", func(t *testing.T, dir string) []string {
		var arrays []packedArray
		for i := range 4000 {
			arrays = append(arrays, packedArray{fmt.Sprint("layer", i), "<f4", "(100000, 2)", []byte{0}, 800000})
		}
		return npzBomb(t, dir, arrays...)
	}, refusedAtOnce},
	{"npz: 5 million pictures", func(t *testing.T, dir string) []string {
		return npzBomb(t, dir, packedArray{"vectors", "<f2", "(5000000, 1)", []byte{0}, 1e7},
			packedArray{"images", "|u1", "(5000000, 1, 1)", []byte{0}, 5e6})
	}, refusedAtOnce},
	{"csv: 60,000 columns", func(t *testing.T, dir string) []string {
		return metadataBomb(t, dir, "a.csv", "c0", ",c", 60000, "\n1\n")
	}, refusedColumn},
	{"csv: 1 million delimiters in a row", func(t *testing.T, dir string) []string {
		return metadataBomb(t, dir, "a.csv", "a,b\n", ",", 1e6, "\n")
	}, refusedColumn},
	{"csv: 8 million cells", func(t *testing.T, dir string) []string {
		return metadataBomb(t, dir, "a.csv", "a"+sequence(",c%d", 4000)+"\n", "1"+strings.Repeat(",1", 3999)+"\n", 2000, "")
	}, refusedAtOnce},
	{"csv: 10 million empty lines", func(t *testing.T, dir string) []string {
		return metadataBomb(t, dir, "a.csv", "a\n", "\n", 1e7, "1\n")
	}, refusedAtOnce},
	{"csv: a cell of 10 MB", func(t *testing.T, dir string) []string {
		return metadataBomb(t, dir, "a.csv", "a,b\n1,", "x", 1e7, "\n")
	}, "want at most 1048576"},
	{"csv: five delimiters", func(t *testing.T, dir string) []string {
		return metadataOf(t, dir, "a.csv", "a,b;c\td|e\n", "1,2;3\t4|5\n", 300000)
	}, ""},
	{"tsv: 60,000 columns", func(t *testing.T, dir string) []string {
		return metadataBomb(t, dir, "a.tsv", "c0", "\tc", 60000, "\n1\n")
	}, refusedColumn},
	{"tsv: 8 million cells", func(t *testing.T, dir string) []string {
		return metadataBomb(t, dir, "a.tsv", "a"+sequence("\tc%d", 4000)+"\n", "1"+strings.Repeat("\t1", 3999)+"\n", 2000, "")
	}, refusedAtOnce},
	{"jsonl: 4000 keys in the first line only", func(t *testing.T, dir string) []string {
		return metadataBomb(t, dir, "a.jsonl", "{"+strings.TrimPrefix(sequence(`,"c%d":1`, 4000), ",")+"}\n", "{}\n", 1e6, "")
	}, refusedAtOnce},
	{"jsonl: 900,000 values", func(t *testing.T, dir string) []string {
		return metadataOf(t, dir, "a.jsonl", "", `{"a":1,"b":2,"c":3}`+"\n", 300000)
	}, ""},
	{"jsonl: nested 10 million deep", func(t *testing.T, dir string) []string {
		return metadataBomb(t, dir, "a.jsonl", `{"a":`, "[", 1e7, "\n")
	}, "line 1"},
	{"parquet: a brotli page of 1.5 GB", pageBomb(pageBrotli, 3<<29), refusedAtOnce},
	{"parquet: a zstd page of 1.5 GB", pageBomb(pageZstd, 3<<29), refusedAtOnce},
	{"parquet: a gzip page of 1.5 GB", pageBomb(pageGzip, 3<<29), refusedAtOnce},
	{"parquet: a snappy page of 1.8 GB", pageBomb(pageSnappy, 18e8), refusedAtOnce},
	{"parquet: a zstd page beyond its claim", func(t *testing.T, dir string) []string {
		page := parquetPage{values: 1, unpacked: 100, body: packedPage(t, pageZstd, plainText, 1<<29)}
		return parquetBomb(t, dir, 1, pageZstd, page)
	}, "page"},
	{"parquet: a snappy page beyond its claim", func(t *testing.T, dir string) []string {
		page := parquetPage{values: 1, unpacked: 100, body: packedPage(t, pageSnappy, plainText, 1<<29)}
		return parquetBomb(t, dir, 1, pageSnappy, page)
	}, "page"},
	{"parquet: 1000 zstd pages of 64 MB", func(t *testing.T, dir string) []string {
		page := parquetPage{values: 1, unpacked: 64 << 20, body: packedPage(t, pageZstd, plainText, 64<<20)}
		pages := make([]parquetPage, 1000)
		for i := range pages {
			pages[i] = page
		}
		return parquetBomb(t, dir, 1000, pageZstd, pages...)
	}, refusedInAll},
	{"parquet: 60,000 labels of 1 MB", func(t *testing.T, dir string) []string {
		const size = 1 << 20
		dictionary := parquetPage{dictionary: true, values: 1, unpacked: size + 4, body: packedPage(t, pageZstd, []byte{0, 0, 16, 0, 'a'}, size+4)}
		indices := append([]byte{1}, runs(60000, 0)...)
		return parquetBomb(t, dir, 60000, pageZstd, dictionary,
			parquetPage{values: 60000, encoding: 8, unpacked: int64(len(indices)), body: packedPage(t, pageZstd, indices, int64(len(indices)))})
	}, refusedAtOnce},
	{"parquet: 2 billion values in a delta page", func(t *testing.T, dir string) []string {
		return parquetBomb(t, dir, 2e9, pageZstd, parquetPage{values: 2e9, encoding: 7, unpacked: 100, body: packedPage(t, pageZstd, nil, 100)})
	}, "2000000000 rows"},
	{"parquet: a list of 1 billion numbers", func(t *testing.T, dir string) []string {
		const n = 1e9
		return listBomb(t, dir, 1, n, levels(1, 0, n-1, 1))
	}, refusedAtOnce},
	{"parquet: 10,000 lists of 200,000 numbers", func(t *testing.T, dir string) []string {
		const rows, n = 10000, 200000
		var pairs []uint64
		for range rows {
			pairs = append(pairs, 1, 0, n-1, 1)
		}
		return listBomb(t, dir, rows, rows*n, levels(pairs...))
	}, refusedAtOnce},
	{"arrow: buffers that claim 8 GB", arrowBomb, refusedAtOnce},
	{"tensorboard: 12,000 embeddings", func(t *testing.T, dir string) []string {
		return projectorBomb(t, dir, "a%d:00001", 12000, "t.tsv", "")
	}, refusedInAll},
	{"tensorboard: one tensor at 60,000 steps", func(t *testing.T, dir string) []string {
		return projectorBomb(t, dir, "a:%05d", 60000, "t.tsv", "")
	}, refusedInAll},
	{"tensorboard: a shape of 10¹² rows", func(t *testing.T, dir string) []string {
		return projectorBomb(t, dir, "a:%05d", 1, "t.bytes", "tensor_shape: 1000000000000 tensor_shape: 1")
	}, "takes 4000000000000"},
	{"tensorboard: a string in a million parts", func(t *testing.T, dir string) []string {
		repeated(t, filepath.Join(dir, "projector_config.pbtxt"), `embeddings { tensor_name: "`+strings.Repeat("x", 1<<20)+`"`, ` "x"`, 1e6, "}")
		return []string{dir}
	}, "has no tensor_path"},
	{"tensorboard: a sprite of 6000 × 6000", func(t *testing.T, dir string) []string {
		f := create(t, filepath.Join(dir, "s.png"))
		must(t, png.Encode(f, blank{image.Rect(0, 0, 6000, 6000)}))
		must(t, f.Close())
		return projectorBomb(t, dir, "a:%05d", 1, "t.tsv", "sprite { image_path: 's.png' single_image_dim: [1, 1] }")
	}, refusedAtOnce},
	{"a pipe of vectors", func(t *testing.T, dir string) []string {
		path := filepath.Join(dir, "a.npy")
		must(t, syscall.Mkfifo(path, 0o600))
		return []string{path}
	}, "not a regular file"},
	{"a pipe of metadata", func(t *testing.T, dir string) []string {
		must(t, syscall.Mkfifo(filepath.Join(dir, "a.csv"), 0o600))
		return []string{vectors(t, dir, 2), "--metadata", filepath.Join(dir, "a.csv")}
	}, "not a regular file"},
	{"a pipe in a projector's folder", func(t *testing.T, dir string) []string {
		must(t, syscall.Mkfifo(filepath.Join(dir, "t.bytes"), 0o600))
		return projectorBomb(t, dir, "a:%05d", 1, "t.bytes", "tensor_shape: 1 tensor_shape: 1")
	}, "not a regular file"},
	{"a device", func(t *testing.T, dir string) []string { return []string{"/dev/zero"} }, "not a regular file"},
}

// TestBombs imports each of them in a process of its own: it takes little more memory than what is kept of the file, or is
// refused, by name and before there is memory for it.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute or two")
	}
	t.Logf("%-44s %9s %9s %9s %7s  %s", "", "file MB", "kept MB", "peak MB", "CPU s", "outcome")
	for _, b := range bombs {
		t.Run(b.name, func(t *testing.T) {
			dir, home := t.TempDir(), t.TempDir()
			args := b.make(t, dir)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // one that never ends fails
			defer cancel()
			db := filepath.Join(home, "a.db")
			cmd := exec.CommandContext(ctx, "zoetrope-peak", append([]string{"import", "--db", db, "--run", "bomb"}, args...)...)
			said := filepath.Join(t.TempDir(), "peak")
			cmd.Env = append(os.Environ(), "ZOETROPE_PEAK="+said)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			err := cmd.Run()
			if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
				t.Fatalf("%v\n%.2000s", err, stderr.String())
			}
			number, _ := os.ReadFile(said)
			peak, err2 := strconv.ParseInt(string(number), 10, 64)
			must(t, err2)
			outcome, kept := "imported", sizeOf(home)
			if err != nil {
				outcome, kept = "refused", 0
			}
			t.Logf("%-44s %9.3f %9.1f %9.1f %7.1f  %s", b.name, mb(sizeOf(dir)), mb(kept), mb(peak),
				(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), outcome)
			if peak > kept+maxBeside {
				t.Errorf("the import took %.0f MB, and keeps %.0f", mb(peak), mb(kept))
			}
			if refused := err != nil; refused != (b.want != "") || !strings.Contains(stderr.String(), b.want) {
				t.Errorf("import = %v, want %q: %.1000s", err, b.want, stderr.String())
			}
		})
	}
}

func mb(n int64) float64 { return float64(n) / 1e6 }

// sizeOf is how many bytes the files below a folder have.
func sizeOf(dir string) (sum int64) {
	filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

func npzBomb(t *testing.T, dir string, arrays ...packedArray) []string {
	path := filepath.Join(dir, "a.npz")
	writeArchive(t, path, arrays...)
	return []string{path}
}

// vectors writes n samples, and is where they are.
func vectors(t *testing.T, dir string, n int) string {
	path := filepath.Join(dir, "v.npy")
	f := create(t, path)
	must(t, interchange.Write(f, make([]float32, 2*n), n, 2))
	must(t, f.Close())
	return path
}

// metadataBomb writes metadata: see [repeated]. They are refused before it shows that they are not of the two vectors.
func metadataBomb(t *testing.T, dir, name, begin, piece string, n int, end string) []string {
	path := filepath.Join(dir, name)
	repeated(t, path, begin, piece, n, end)
	return []string{vectors(t, dir, 2), "--metadata", path}
}

// metadataOf writes metadata of n samples, a line for each.
func metadataOf(t *testing.T, dir, name, begin, line string, n int) []string {
	path := filepath.Join(dir, name)
	repeated(t, path, begin, line, n, "")
	return []string{vectors(t, dir, n), "--metadata", path}
}

// sequence writes 1…n by a format.
func sequence(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i+1)
	}
	return b.String()
}

// pageBomb is a Parquet file with a page of texts that unpacks to so many bytes.
func pageBomb(codec int64, size int64) func(t *testing.T, dir string) []string {
	return func(t *testing.T, dir string) []string {
		return parquetBomb(t, dir, 1, codec, parquetPage{values: 1, unpacked: size, body: packedPage(t, int(codec), plainText, size)})
	}
}

// parquetBomb is a Parquet file with these pages of labels.
func parquetBomb(t *testing.T, dir string, rows, codec int64, labels ...parquetPage) []string {
	path := filepath.Join(dir, "a.parquet")
	writeParquet(t, path, rows, codec, labels, []parquetPage{{values: 1, unpacked: 4, body: packedPage(t, int(codec), make([]byte, 4), 4)}})
	return []string{path}
}

// listBomb is a Parquet file with so many lists of equal numbers, n in all.
func listBomb(t *testing.T, dir string, rows, n int64, repetition []byte) []string {
	pack := func(b []byte) []byte { return packedPage(t, pageZstd, b, int64(len(b))) }
	var label, vector []parquetPage
	text := bytes.Repeat(plainText, int(rows))
	label = append(label, parquetPage{values: rows, unpacked: int64(len(text)), body: pack(text)})
	page := append(repetition, levels(uint64(n), 1)...)
	page = append(append(page, 1), runs(uint64(n), 0)...)
	vector = append(vector, parquetPage{dictionary: true, values: 1, unpacked: 4, body: pack(make([]byte, 4))},
		parquetPage{values: n, encoding: 8, unpacked: int64(len(page)), body: pack(page)})
	path := filepath.Join(dir, "a.parquet")
	writeParquet(t, path, rows, pageZstd, label, vector)
	return []string{path}
}

// projectorBomb is a projector's folder with n embeddings of the same file.
func projectorBomb(t *testing.T, dir, name string, n int, tensor, more string) []string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "embeddings { tensor_name: \""+name+"\" tensor_path: %q %s }\n", i, tensor, more)
	}
	must(t, os.WriteFile(filepath.Join(dir, "projector_config.pbtxt"), []byte(b.String()), 0o600))
	if _, err := os.Lstat(filepath.Join(dir, tensor)); err != nil {
		repeated(t, filepath.Join(dir, tensor), "", strings.Repeat("1\t", 99)+"1\n", 1000, "")
	}
	return []string{dir}
}

// blank is a picture without a single pixel in memory.
type blank struct{ image.Rectangle }

func (b blank) ColorModel() color.Model { return color.NRGBAModel }
func (b blank) Bounds() image.Rectangle { return b.Rectangle }
func (b blank) At(x, y int) color.Color { return color.NRGBA{A: uint8(x & y & 1)} }

// arrowBomb is an Arrow file whose compressed buffers claim 8 GB each.
func arrowBomb(t *testing.T, dir string) []string {
	const n = 1 << 16 // floats
	schema := arrow.NewSchema([]arrow.Field{{Name: "vector", Type: arrow.FixedSizeListOfNonNullable(n, arrow.PrimitiveTypes.Float32)}}, nil)
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(schema), ipc.WithZstd())
	r := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	list := r.Field(0).(*array.FixedSizeListBuilder)
	list.Append(true)
	list.ValueBuilder().(*array.Float32Builder).AppendValues(make([]float32, n), nil)
	must(t, w.Write(r.NewRecordBatch()))
	must(t, w.Close())
	said, claim := binary.LittleEndian.AppendUint64(nil, 4*n), binary.LittleEndian.AppendUint64(nil, 8<<30)
	if !bytes.Contains(b.Bytes(), said) {
		t.Fatal("the batch has no buffer of 256 KB")
	}
	path := filepath.Join(dir, "a.arrows")
	must(t, os.WriteFile(path, bytes.ReplaceAll(b.Bytes(), said, claim), 0o600))
	return []string{path}
}
