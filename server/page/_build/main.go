// Command build writes the types of the server's answers in TypeScript from openapi.json, and bundles the page from
// web/ into dist/. Both are committed:
//
//	go generate ./server/page
//
// The same sources give the same bytes, so CI runs it again and compares. The parts that need no browser are tested by
//
//	go test -C server/page/_build .
//
// esbuild drops types without looking at them: make page checks them, and the layout of the sources, where npm is at hand.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// limit is the most the page may weigh, gzipped, with everything that it loads before the data.
const limit = 150_000

// licences of what the bundle holds, in the order in which they are written to dist/LICENSES.txt.
var licences = []struct{ name, file string }{
	{"uPlot 1.6.32 (https://github.com/leeoniya/uPlot), MIT", "vendor/uplot/LICENSE"},
	{"Inter, Latin subset (https://github.com/rsms/inter), SIL Open Font License 1.1", "vendor/inter/LICENSE"},
}

func main() {
	err := writeTypes("../../api/openapi.json", "../web/src/data/wire.ts")
	if err == nil {
		err = build("../web", "../dist")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

// build writes the page in web to dist, which holds nothing else afterwards.
func build(web, dist string) error {
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	if err := bundle(web, dist); err != nil {
		return err
	}
	for from, to := range map[string]string{
		"index.html":  "index.html",
		"favicon.svg": "favicon.svg",
		"vendor/inter/inter-latin-wght400-700.woff2": "inter.woff2",
	} {
		if err := copyFile(filepath.Join(web, from), filepath.Join(dist, to)); err != nil {
			return err
		}
	}
	if err := writeLicences(web, filepath.Join(dist, "LICENSES.txt")); err != nil {
		return err
	}
	return weigh(dist)
}

func bundle(web, dist string) error {
	r := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(web, "src", "app.ts"), filepath.Join(web, "src", "style", "app.css")},
		Outdir:      dist,
		EntryNames:  "[name]",
		Bundle:      true,
		Write:       true,
		Format:      api.FormatESModule,
		Target:      api.ES2022,
		Charset:     api.CharsetUTF8,
		// Names are kept short and no path of this machine is written, so the bytes depend on the sources alone.
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone,
		Banner:            map[string]string{"js": "/* Zoetrope's page. Third-party licences: LICENSES.txt */"},
		External:          []string{"*.woff2"},
		LogLevel:          api.LogLevelWarning,
	})
	if len(r.Errors) > 0 {
		return errors.New("esbuild refused the sources, see above")
	}
	return nil
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

func writeLicences(web, to string) error {
	var b bytes.Buffer
	b.WriteString("Zoetrope's page holds these works of others.\n")
	for _, l := range licences {
		text, err := os.ReadFile(filepath.Join(web, l.file))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n%s\n\n%s\n", l.name, bytes.TrimSpace(text))
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}

// weigh fails when the page has outgrown its limit.
func weigh(dist string) error {
	files, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	var total countingWriter
	for _, f := range files {
		if f.Name() == "LICENSES.txt" { // read by people, not loaded by the page
			continue
		}
		b, err := os.ReadFile(filepath.Join(dist, f.Name()))
		if err != nil {
			return err
		}
		z, _ := gzip.NewWriterLevel(&total, gzip.BestCompression)
		z.Write(b)
		if err := z.Close(); err != nil {
			return err
		}
	}
	fmt.Printf("page: %.1f kB gzipped of %.0f\n", float64(total)/1000, float64(limit)/1000)
	if total > limit {
		return fmt.Errorf("the page weighs %d bytes gzipped, more than %d", total, limit)
	}
	return nil
}

type countingWriter int

func (w *countingWriter) Write(p []byte) (int, error) {
	*w += countingWriter(len(p))
	return len(p), nil
}
