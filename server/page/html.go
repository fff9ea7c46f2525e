package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// HTMLOptions say what [WriteHTML] puts into a file.
type HTMLOptions struct {
	// Run is the run: its id, its name or experiment/name. Empty is the newest.
	Run string

	// Projections are the ids of the run's maps that the page has, besides the provisional one, which it always has where
	// the run has vectors.
	Projections []string

	// Epochs are the epochs that the page has; none means all logged ones.
	Epochs []int

	// Forecast is called with the estimated size in bytes, before the parts that take long; it may be nil.
	Forecast func(bytes int64)

	// Progress is called with the number of parts written; it may be nil.
	Progress func(done, total int)
}

// WriteHTML writes the page of one run as a file that needs neither a server nor a network: maps, samples, pictures,
// outputs, neighbours, metrics and measures are inside, as the API answers them. The page leaves out features that
// need a server, such as making maps and following a run.
//
// A policy in the file lets browsers run its own script and nothing else, and forbids every request. Logged content is in
// it as base64, or percent-encoded in an address.
func WriteHTML(ctx context.Context, w io.Writer, store *tracker.Store, o HTMLOptions) error {
	a, err := openArchive(ctx, store, o)
	if err != nil {
		return err
	}
	defer a.close()
	head, tail, err := standAlone(newBundle())
	if err != nil {
		return err
	}
	if o.Forecast != nil {
		n, err := a.forecast(ctx)
		if err != nil {
			return err
		}
		o.Forecast(n + int64(len(head)+len(tail)))
	}
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "<div id=\"archive\" data-made=\"%s\" hidden>\n", time.Now().Format("2 January 2006")); err != nil {
		return err
	}
	if err := a.write(ctx, func(e archived) error { return e.write(w) }); err != nil {
		return err
	}
	_, err = io.WriteString(w, "</div>\n"+tail)
	return err
}

// opening is the text of a file until its script runs: for long in a large file, for ever where scripts cannot run.
const opening = "Opening. If this stays, scripts are off, or the browser is too old for this file: Chrome or Edge 111, Firefox 113, Safari 16.4, or a later one, opens it."

// standAlone returns the page with all its files inside, split where the archive belongs.
func standAlone(p *bundle) (head, tail string, err error) {
	data := func(name string) string {
		kind, _, _ := strings.Cut(contentType(name), ";")
		return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(p.files[name])
	}
	style := strings.ReplaceAll(string(p.files["app.css"]), "url(inter.woff2)", "url("+data("inter.woff2")+")")
	script := string(p.files["app.js"])
	licences := string(p.files["LICENSES.txt"])
	for _, text := range []string{script, style, licences} {
		for _, end := range []string{"</script", "</style", "<!--"} {
			if strings.Contains(strings.ToLower(text), end) {
				return "", "", fmt.Errorf("page: what holds %q cannot stand inside of a page", end)
			}
		}
	}
	index, err := dist.ReadFile("dist/index.html")
	if err != nil {
		return "", "", err
	}
	text := string(index)
	for _, r := range []struct{ from, to string }{
		{`<meta charset="utf-8" />`, `<meta charset="utf-8" />` + "\n    " + `<meta http-equiv="Content-Security-Policy" content="` + filePolicy(script, style) + `" />`},
		{`<link rel="preload" href="assets/inter.woff2" as="font" type="font/woff2" crossorigin />` + "\n    ", ""},
		{`<link rel="icon" href="assets/favicon.svg"`, `<link rel="icon" href="` + data("favicon.svg") + `"`},
		{`<img src="assets/favicon.svg"`, `<img src="` + data("favicon.svg") + `"`},
		{`<link rel="stylesheet" href="assets/app.css" />`, "<style>" + style + "</style>"},
		{`<script type="module" src="assets/app.js"></script>`, `<script type="module">` + script + "</script>"},
		{`<p id="trouble" role="alert" hidden></p>`, `<p id="trouble" role="alert">` + opening + `</p>`},
		{` The same data is under <a href="api/v1/runs">api/v1</a>.`, ""},
		{"  </body>", `<script type="text/plain" id="licences">` + licences + "</script>\n  </body>"},
	} {
		if strings.Count(text, r.from) != 1 {
			return "", "", fmt.Errorf("page: the page does not hold %s once", r.from)
		}
		text = strings.Replace(text, r.from, r.to, 1)
	}
	at := strings.LastIndex(text, `<script type="text/plain" id="licences">`)
	return text[:at], text[at:], nil
}

// filePolicy allows the page's own script and style with their data, and no request. (A policy inside a file cannot forbid
// other pages to frame it.)
func filePolicy(script, style string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; script-src " + hash(script) + "; style-src " + hash(style) + "; img-src data:; font-src data:; " +
		"base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
}

// archived is an answer in the file.
type archived struct {
	path      string // below /api/v1/, as the page asks for it
	status    int
	neighbors string // the header
	picture   bool   // a PNG, which is stored as it is; other answers are compressed
	body      []byte
}

// write writes an answer as an element that browsers neither run nor show; its text is base64.
func (e archived) write(w io.Writer) error {
	body := e.body
	if !e.picture {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		z.Write(body) // a Buffer never fails
		z.Close()
		body = b.Bytes()
	}
	neighbors := ""
	if e.neighbors != "" {
		neighbors = ` data-neighbors="` + html.EscapeString(e.neighbors) + `"`
	}
	_, err := fmt.Fprintf(w, "<script type=\"text/plain\" data-path=\"%s\" data-status=\"%d\"%s>%s</script>\n",
		html.EscapeString(e.path), e.status, neighbors, base64.StdEncoding.EncodeToString(body))
	return err
}
