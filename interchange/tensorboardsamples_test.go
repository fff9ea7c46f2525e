package interchange

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
)

// TestProjectorSteps reads folders in which only some of the steps say who the samples are.
func TestProjectorSteps(t *testing.T) {
	sprite := func(first uint8) string { // two pictures of a pixel, side by side
		p := image.NewGray(image.Rect(0, 0, 2, 1))
		p.Set(0, 0, color.Gray{first})
		p.Set(1, 0, color.Gray{200})
		var b bytes.Buffer
		if err := png.Encode(&b, p); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	files := map[string]string{"t.tsv": "1\t2\n3\t4\n", "a.tsv": "ant\nbee\n", "b.tsv": "cat\ndog\n", "a.png": sprite(10), "b.png": sprite(20), "c.png": sprite(10)}
	for _, test := range []struct {
		name, metadata, sprites string // of each step, - for none
		want, note              string // labels and the first picture's grey
	}{
		{"all", "a.tsv a.tsv a.tsv", "a.png a.png a.png", "ant bee 10", ""},
		{"not the first", "- a.tsv a.tsv", "- a.png a.png", "ant bee 10", ""},
		{"only the last", "- - a.tsv", "- - b.png", "ant bee 20", ""},
		{"only the first", "a.tsv - -", "a.png - -", "ant bee 10", ""},
		{"never", "- - -", "- - -", "", ""},
		{"other metadata later", "- a.tsv b.tsv", "- - -", "ant bee", `the metadata of "fc:00003" differ from those of "fc:00002", which were taken`},
		{"other pictures later", "- - -", "- a.png b.png", " 10", `the pictures of "fc:00003" differ from those of "fc:00002", which were taken`},
		{"the same pictures in another file", "- - -", "a.png c.png -", " 10", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range files {
				os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666)
			}
			var config strings.Builder
			for i, m := range strings.Fields(test.metadata) {
				fmt.Fprintf(&config, "embeddings {\n tensor_name: \"fc:%05d\"\n tensor_path: \"t.tsv\"\n", i+1)
				if m != "-" {
					fmt.Fprintf(&config, " metadata_path: %q\n", m)
				}
				if s := strings.Fields(test.sprites)[i]; s != "-" {
					fmt.Fprintf(&config, " sprite { image_path: %q single_image_dim: [1, 1] }\n", s)
				}
				config.WriteString("}\n")
			}
			os.WriteFile(filepath.Join(dir, embedding.ConfigName), []byte(config.String()), 0o666)
			d, err := Open(t.Context(), dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			got := strings.Join(d.Samples.Labels, " ")
			if d.Samples.Thumbnails != nil {
				b, err := d.Samples.Thumbnails(0)
				if err != nil {
					t.Fatal(err)
				}
				p, err := png.Decode(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				got += fmt.Sprint(" ", color.GrayModel.Convert(p.At(0, 0)).(color.Gray).Y)
			}
			notes := strings.Join(d.Notes, "\n")
			if got != test.want || !strings.Contains(notes, test.note) || (test.note == "") != (notes == "") {
				t.Errorf("%q, %q; want %q, %q", got, notes, test.want, test.note)
			}
		})
	}
}
