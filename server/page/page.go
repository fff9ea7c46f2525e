package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

//go:embed dist
var dist embed.FS

// A bundle is the browser's part, built by _build from web.
type bundle struct {
	version string // a hash of all files, which is in their addresses
	head    []byte // of the HTML, up to where answers belong
	tail    []byte
	files   map[string][]byte
	bodies  map[string]*httpbody.Body // of files
}

func newBundle() *bundle {
	p := &bundle{files: map[string][]byte{}, bodies: map[string]*httpbody.Body{}}
	sum := sha256.New()
	entries, err := fs.ReadDir(dist, "dist")
	if err != nil {
		panic(err) // embedded files cannot be missing
	}
	for _, e := range entries {
		b, err := dist.ReadFile(path.Join("dist", e.Name()))
		if err != nil {
			panic(err)
		}
		sum.Write([]byte(e.Name()))
		sum.Write(b)
		p.files[e.Name()] = b
	}
	p.version = hex.EncodeToString(sum.Sum(nil)[:8])
	// The page names its files with their version, so that browsers may cache them for ever.
	html := bytes.ReplaceAll(p.files["index.html"], []byte(`"assets/`), []byte(`"assets/`+p.version+`/`))
	delete(p.files, "index.html")
	at := bytes.LastIndex(html, []byte("  </body>"))
	p.head, p.tail = html[:at], html[at:]
	for name, b := range p.files {
		p.bodies[name] = httpbody.NewSmallest(contentType(name), b)
	}
	return p
}

func (p *bundle) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	b, ok := p.bodies[name]
	if !ok || r.PathValue("version") != p.version {
		httpjson.Fail(w, r, httpjson.Refuse(http.StatusNotFound, "not_found", "there is no %s of version %s: load the page again", name, r.PathValue("version")))
		return
	}
	httpbody.CacheForever(w)
	b.SendAs(w, r, true)
}

// contentType does not use the system's tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}
