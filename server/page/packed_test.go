package page_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// TestPackedPage: the page's files go out as gzip to whoever takes it, and are what they are without.
func TestPackedPage(t *testing.T) {
	h := newHandler(t, servertest.NewStore(t))
	html := servertest.Ask(h, "GET", "/", servertest.Here).Body.String()
	var paths []string
	for _, f := range regexp.MustCompile(`(?:src|href)="(assets/[^"]+)"`).FindAllStringSubmatch(html, -1) {
		paths = append(paths, "/"+f[1])
	}
	for _, path := range paths {
		plain := servertest.Ask(h, "GET", path, servertest.Here)
		want, packed := servertest.Unpack(t, plain)
		if packed {
			t.Errorf("%s is packed without being asked for so", path)
		}
		w := servertest.Ask(h, "GET", path, servertest.Here, "Accept-Encoding", "gzip, deflate, br, zstd")
		got, packed := servertest.Unpack(t, w)
		if !bytes.Equal(got, want) {
			t.Errorf("%s: unpacked, it is another", path)
		}
		text := !strings.HasSuffix(path, ".woff2")
		if packed != text || (w.Header().Get("Vary") == "Accept-Encoding") != text || plain.Header().Get("Vary") != w.Header().Get("Vary") {
			t.Errorf("%s: packed %v, Vary %q", path, packed, w.Header().Values("Vary"))
		}
		if tag := w.Header().Get("ETag"); text == (tag == plain.Header().Get("ETag")) || tag == "" {
			t.Errorf("%s: ETag %s packed, %s plain", path, tag, plain.Header().Get("ETag"))
		}
		for _, head := range []string{"Content-Type", "Cache-Control", "Content-Security-Policy"} {
			if w.Header().Get(head) != plain.Header().Get(head) || w.Header().Get(head) == "" {
				t.Errorf("%s: %s %q packed, %q plain", path, head, w.Header().Get(head), plain.Header().Get(head))
			}
		}
		headed := servertest.Ask(h, "HEAD", path, servertest.Here, "Accept-Encoding", "gzip")
		if headed.Body.Len() != 0 || headed.Header().Get("Content-Length") != w.Header().Get("Content-Length") ||
			headed.Header().Get("Content-Encoding") != w.Header().Get("Content-Encoding") || headed.Header().Get("ETag") != w.Header().Get("ETag") {
			t.Errorf("HEAD %s = %v, GET %v", path, headed.Header(), w.Header())
		}
	}
}

func TestAcceptEncoding(t *testing.T) {
	h := newHandler(t, servertest.NewStore(t))
	style := "/" + regexp.MustCompile(`assets/[^"]+css`).FindString(servertest.Ask(h, "GET", "/", servertest.Here).Body.String())
	for _, c := range []struct {
		accept string
		packed bool
	}{
		{"gzip", true}, {"GZIP", true}, {"br, gzip;q=0.5", true}, {"x-gzip", true}, {"*", true}, {"identity, *;q=0.1", true},
		{"", false}, {"br", false}, {"gzip;q=0", false}, {"gzip; q=0.000", false}, {"*;q=0", false}, {"gzip;q=0, *", false}, {"gzip;q=x", false}, {"gzipped", false},
	} {
		if _, packed := servertest.Unpack(t, servertest.Ask(h, "GET", style, servertest.There, "Accept-Encoding", c.accept)); packed != c.packed {
			t.Errorf("Accept-Encoding %q: packed is %v", c.accept, packed)
		}
	}
	if _, packed := servertest.Unpack(t, servertest.Ask(h, "GET", style, servertest.There, "Accept-Encoding", "br", "Accept-Encoding", "gzip")); !packed {
		t.Error("a second header is not read")
	}
}
