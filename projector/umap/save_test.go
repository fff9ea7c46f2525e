package umap

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

func saved(t testing.TB, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSavedModelsPlaceTheSame(t *testing.T) {
	x, q := blobs(300, 6, 3, 1), blobs(40, 6, 3, 8)
	for _, c := range []struct {
		name string
		set  func(o *Options)
	}{
		{"defaults", func(o *Options) {}},
		{"standardised, components", func(o *Options) { o.Scale, o.PCA, o.Dims = "standardize", 3, 3 }},
		{"unit, manhattan", func(o *Options) { o.Scale, o.Metric, o.Seed = "unit", "manhattan", 1<<64-1 }},
		{"cosine", func(o *Options) { o.Metric, o.Workers = "cosine", 3 }},
	} {
		o := Defaults()
		o.NEpochs = 30
		c.set(&o)
		m := fit(t, x, 6, o)
		file := saved(t, m)
		rest := strings.NewReader("what comes after")
		got, err := Load(io.MultiReader(bytes.NewReader(file), rest))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if rest.Len() != len("what comes after") {
			t.Errorf("%s: read beyond the model", c.name)
		}
		o = m.Options
		o.Workers = 0
		if got.Options != o || got.A != m.A || got.B != m.B || got.N != m.N || !slices.Equal(got.Embedding, m.Embedding) || !slices.Equal(got.Stages, m.Stages) {
			t.Errorf("%s: loaded %+v", c.name, got.Options)
		}
		if a, b := transform(t, m, q), transform(t, got, q); !slices.Equal(a, b) {
			t.Errorf("%s: the loaded model places rows differently", c.name)
		}
		if !bytes.Equal(saved(t, got), file) {
			t.Errorf("%s: saved again, the file differs", c.name)
		}
	}
	one := fit(t, []float32{1, 2}, 2, Defaults())
	if _, err := Load(bytes.NewReader(saved(t, one))); err != nil {
		t.Errorf("one row: %v", err)
	}
	knn, _ := space.Neighbors(ctx, x, 6, space.NeighborOptions{NNeighbors: 15, Metric: "euclidean"}, nil)
	o := Defaults()
	o.Init, o.NEpochs = "random", 10
	m, err := Load(bytes.NewReader(saved(t, fitData(t, Data{Neighbors: knn}, o))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Transform(ctx, q, nil); !errors.Is(err, ErrInput) {
		t.Errorf("a model without rows: error %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	o := Defaults()
	o.NEpochs, o.Scale = 10, "standardize"
	file := saved(t, fit(t, blobs(30, 3, 1, 1), 3, o))
	for n := range len(file) {
		if _, err := Load(bytes.NewReader(file[:n])); !errors.Is(err, ErrModel) {
			t.Fatalf("the first %d of %d bytes: error %v", n, len(file), err)
		}
	}
	for i := range file {
		broken := slices.Clone(file)
		broken[i] ^= 1 << (i % 8)
		if _, err := Load(bytes.NewReader(broken)); !errors.Is(err, ErrModel) {
			t.Fatalf("byte %d changed: error %v", i, err)
		}
	}
	newer := slices.Clone(file)
	newer[len(modelMagic)] = 2
	for _, c := range []struct{ name, file, want string }{
		{"nothing", "", "it ends after 0 bytes, where 16 more are wanted"},
		{"text", "x,y\n1,2\n", "no saved model: want a file that begins with \"zoetrope umap\""},
		{"another format", strings.Repeat("PK\x03\x04", 100), "no saved model"},
		{"long header", modelMagic + "\x01\x00\x00\x00\xff\xff\xff\xff", "a header of 4294967295 bytes, want at most 1048576"},
		{"newer", string(newer), "format version 2, want 1"},
		{"cut short", string(file[:len(file)-1]), "it was cut short"},
		{"damaged", string(file[:len(file)-40]) + strings.Repeat("x", 40), "the checksum differs"},
	} {
		if _, err := Load(strings.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"rows", `"n":30,`, `"n":31,`, "cut short"},
		{"far too many rows", `"n":30,`, `"n":2000000000,`, "cut short"},
		{"no rows", `"n":30,`, `"n":0,`, "0 rows"},
		{"dims", `"dims":2,`, `"dims":3,`, "a map of 3 dimensions with options for 2"},
		{"metric", `"Metric":"euclidean"`, `"Metric":"hamming"`, "want one of"},
		{"curve", `"a":1`, `"a":-1`, "a curve with"},
		{"neighbours", `"NNeighbors":15`, `"NNeighbors":99`, "99 neighbours among 30 rows"},
		{"preparation", `"preparation":{"in":3`, `"preparation":{"in":2`, "a preparation from 2 to 3 columns"},
		{"unknown field", `"n":30,`, `"n":30,"m":1,`, `unknown field "m"`},
	} {
		if _, err := Load(bytes.NewReader(edited(file, c.old, c.new))); !errors.Is(err, ErrModel) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// edited is a saved model with a part of its header replaced, and length and checksum to suit.
func edited(file []byte, old, new string) []byte {
	at := len(modelMagic) + 4
	size := int(file[at]) + int(file[at+1])<<8
	head := strings.Replace(string(file[at+4:at+4+size]), old, new, 1)
	out := slices.Concat(file[:at], []byte{byte(len(head)), byte(len(head) >> 8), 0, 0}, []byte(head), file[at+4+size:len(file)-sha256.Size])
	return sealed(out)
}

func sealed(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// FuzzLoad gives the decoder any bytes, once as they are and once with the checksum that fits them.
func FuzzLoad(f *testing.F) {
	for _, scale := range []string{"none", "unit", "standardize"} {
		o := Defaults()
		o.NEpochs, o.Scale = 5, scale
		if scale == "standardize" {
			o.PCA = 2
		}
		file := saved(f, fit(f, blobs(5, 3, 1, 1), 3, o))
		f.Add(file[:len(file)-sha256.Size])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Load(bytes.NewReader(data)); err != nil && !errors.Is(err, ErrModel) {
			t.Fatalf("error %v, want ErrModel", err)
		}
		file := sealed(slices.Clone(data))
		m, err := Load(bytes.NewReader(file))
		if err != nil {
			if !errors.Is(err, ErrModel) {
				t.Fatalf("error %v, want ErrModel", err)
			}
			return
		}
		again := saved(t, m)
		if n, err := Load(bytes.NewReader(again)); err != nil || !slices.Equal(n.Embedding, m.Embedding) || !slices.Equal(n.rows, m.rows) {
			t.Fatalf("saved and loaded again: %v", err)
		}
		if columns := len(m.rows) / m.N; columns > 100 || m.Options.NEpochs > 1000 || m.Options.NNeighbors > 1000 {
			return
		}
		y, err := m.Transform(ctx, make([]float32, 3), nil)
		if err != nil && !errors.Is(err, ErrInput) {
			t.Fatal(err)
		}
		for _, v := range y {
			if v-v != 0 {
				t.Fatalf("placed at %v", y)
			}
		}
	})
}
