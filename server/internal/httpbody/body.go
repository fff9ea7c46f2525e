// Package httpbody sends whole answers: with a tag, so that nothing is sent twice, and as gzip to whoever takes that.
package httpbody

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Body is an answer as it goes out, in one of two codings: as it is, or as gzip. One that is sent often is made once.
type Body struct {
	kind  string // its Content-Type
	plain []byte
	level int // of gzip

	tag    func() string // names the plain bytes
	packed func() []byte // in gzip
}

// New returns a body of a media type.
func New(kind string, plain []byte) *Body {
	b := &Body{kind: kind, plain: plain, level: gzip.BestSpeed}
	b.tag = sync.OnceValue(func() string {
		sum := sha256.Sum256(plain)
		return hex.EncodeToString(sum[:12])
	})
	b.packed = sync.OnceValue(func() []byte { return pack(plain, b.level) })
	return b
}

// NewSmallest is New for a body that is sent often: it is packed as small as it gets, when somebody first asks for it.
func NewSmallest(kind string, plain []byte) *Body {
	b := New(kind, plain)
	b.level = gzip.BestCompression
	return b
}

// packers are writers at the fastest level: each has a megabyte of tables.
var packers = sync.Pool{New: func() any { return newPacker(gzip.BestSpeed) }}

// Packer returns a gzip writer to w at the fastest level; release takes it back once it is closed.
func Packer(w io.Writer) (z *gzip.Writer, release func()) {
	z = packers.Get().(*gzip.Writer)
	z.Reset(w)
	return z, func() { packers.Put(z) }
}

func newPacker(level int) *gzip.Writer {
	z, err := gzip.NewWriterLevel(nil, level)
	if err != nil {
		panic(err) // there is no such level
	}
	return z
}

func pack(plain []byte, level int) []byte {
	var z *gzip.Writer
	if level == gzip.BestSpeed {
		z = packers.Get().(*gzip.Writer)
		defer packers.Put(z)
	} else {
		z = newPacker(level)
	}
	var out bytes.Buffer
	z.Reset(&out)
	z.Write(plain) // a Buffer takes everything
	z.Close()
	return out.Bytes()
}

// JSON returns a body of a value in JSON, and a line break.
func JSON(v any) (*Body, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return New("application/json", append(plain, '\n')), nil
}

const packedFrom = 4 << 10 // bytes; what is smaller fits into few packets as it is

// Send answers with the body, which may change: browsers ask each time, and get it only when it did. It goes as gzip where
// the client takes that and is not on this machine: between two programs of one machine, packing takes longer than bytes do.
func (b *Body) Send(w http.ResponseWriter, r *http.Request) error {
	b.SendAs(w, r, len(b.plain) >= packedFrom && distant(r))
	return nil
}

// SendAs answers with the body, as gzip if that is wanted and the client takes it.
func (b *Body) SendAs(w http.ResponseWriter, r *http.Request, pack bool) {
	head := w.Header()
	if head.Get("Cache-Control") == "" {
		head.Set("Cache-Control", "no-cache")
	}
	tag := `"` + b.tag() + `"`
	if packable(b.kind) {
		head.Add("Vary", "Accept-Encoding")
		pack = pack && TakesGzip(r)
	} else {
		pack = false
	}
	if pack {
		tag = `"` + b.tag() + `-gzip"` // a tag is of the bytes that are sent
	}
	head.Set("ETag", tag)
	if slices.ContainsFunc(strings.Split(r.Header.Get("If-None-Match"), ","), func(t string) bool {
		return strings.TrimPrefix(strings.TrimSpace(t), "W/") == tag
	}) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	bytes := b.plain
	if pack {
		bytes = b.packed()
		head.Set("Content-Encoding", "gzip")
	}
	head.Set("Content-Type", b.kind)
	head.Set("Content-Length", strconv.Itoa(len(bytes)))
	if r.Method != http.MethodHead {
		w.Write(bytes) // an error here is a client that has left
	}
}

// packable reports whether content of this type gets smaller by gzip. Pictures and fonts are packed already, and positions
// are nearly as good as random.
func packable(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return kind == "application/json" || kind == "image/svg+xml" || strings.HasPrefix(kind, "text/")
}

// TakesGzip reports whether the client says that it takes gzip.
func TakesGzip(r *http.Request) bool {
	some := false
	for _, item := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "gzip" && coding != "x-gzip" && coding != "*" {
			continue
		}
		quality := 1.0
		if q, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(params, " ", "")), "q="); ok {
			var err error
			if quality, err = strconv.ParseFloat(q, 64); err != nil {
				quality = 0
			}
		}
		if coding != "*" {
			return quality > 0
		}
		some = quality > 0
	}
	return some
}

// distant reports whether a request comes from another machine: from its address, or through a proxy, which says so.
func distant(r *http.Request) bool {
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("Via") != "" {
		return true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && !ip.Unmap().IsLoopback()
}

// CacheForever says that an answer never changes under its address.
func CacheForever(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
}
