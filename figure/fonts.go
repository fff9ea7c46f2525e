package figure

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Texts are drawn in Liberation Sans, which is in the program and has Latin, Greek and Cyrillic. In a picture of pixels, other
// characters are drawn in a font of this system that has them; where there is none, they are written as \u4e2d. An SVG
// keeps the characters; the program that shows it brings the fonts.

// A writer draws lines of text, each character in a font that has it.
type writer struct{ text.Plain }

// Box implements [text.Handler].
func (w writer) Box(txt string, fnt font.Font) (width, height, depth vg.Length) {
	_, height, depth = w.Plain.Box("", fnt)
	for _, p := range w.parts(txt, fnt) {
		width += p.face.Width(p.text)
	}
	return width, height, depth
}

// Draw implements [text.Handler]. No text is rotated in this package's pictures.
func (w writer) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	on := c
	if d, ok := c.(*draw.Canvas); ok {
		on = d.Canvas
	}
	if _, ok := on.(*vgsvg.Canvas); ok || sty.Rotation != 0 || strings.Contains(txt, "\n") {
		w.Plain.Draw(c, txt, sty, pt)
		return
	}
	width, height, _ := w.Box(txt, sty.Font)
	ascent := w.Extents(sty.Font).Ascent
	pt = pt.Add(vg.Point{X: width * vg.Length(sty.XAlign), Y: height*vg.Length(sty.YAlign) - ascent + sty.Font.Size})
	c.SetColor(sty.Color)
	for _, p := range w.parts(txt, sty.Font) {
		c.FillString(p.face, pt, p.text)
		pt.X += p.face.Width(p.text)
	}
}

// A part is text for which one font has all characters.
type part struct {
	text string
	face font.Face
}

// parts splits text where the font changes.
func (w writer) parts(txt string, fnt font.Font) []part {
	own := w.Fonts.Lookup(fnt, fnt.Size)
	var list []part
	add := func(s string, face font.Face) {
		if n := len(list); n > 0 && list[n-1].face.Face == face.Face {
			list[n-1].text += s
			return
		}
		list = append(list, part{s, face})
	}
	for _, r := range txt {
		if unseen(r) {
			continue
		} else if has(own.Face, r) {
			add(string(r), own)
		} else if f := system.find(r); f != nil {
			add(string(r), font.Face{Font: own.Font, Face: f})
		} else {
			add(escaped(r), own)
		}
	}
	return list
}

// unseen reports whether a character is invisible and only changes how others are shown.
func unseen(r rune) bool { return unicode.In(r, unicode.Cf, unicode.Variation_Selector) }

func escaped(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

func has(f *opentype.Font, r rune) bool {
	i, err := f.GlyphIndex(new(sfnt.Buffer), r)
	return err == nil && i > 0
}

// lacking returns the characters of texts that no font has, each once, in order of appearance.
func lacking(texts ...string) string {
	st := style(8, light.ink)
	own := font.DefaultCache.Lookup(st.Font, st.Font.Size)
	var none []rune
	for _, s := range texts {
		for _, r := range line(s) {
			if !unseen(r) && !has(own.Face, r) && system.find(r) == nil && !slices.Contains(none, r) {
				none = append(none, r)
			}
		}
	}
	return string(none)
}

// Lacking returns the characters of the picture for which there is no font. Formats other than SVG show them as \u4e2d.
func (g *Grid) Lacking() string {
	texts := []string{g.Title, g.Subtitle, g.None}
	for _, p := range g.Panels {
		texts = append(texts, p.Title)
	}
	return lacking(append(texts, g.Classes...)...)
}

// Lacking is as for [Grid].
func (g *Curves) Lacking() string { return lacking(g.Title, g.Subtitle) }

// systemFonts are the fonts of this system, searched when a character is first needed.
type systemFonts struct {
	folders func() []string

	mu     sync.Mutex
	listed bool
	files  []string
	scans  int
	used   []*opentype.Font
	found  map[rune]*opentype.Font // nil: no font has it
}

var system = &systemFonts{folders: fontFolders}

const (
	maxFonts = 2000 // files that are searched
	maxScans = 64   // characters for which all files are searched
)

// find returns a font that has a character, or nil.
func (s *systemFonts) find(r rune) *opentype.Font {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, known := s.found[r]; known {
		return f
	}
	if s.found == nil || len(s.found) > 1<<16 {
		s.found = map[rune]*opentype.Font{}
	}
	f := s.look(r)
	s.found[r] = f
	return f
}

func (s *systemFonts) look(r rune) *opentype.Font {
	for _, f := range s.used {
		if has(f, r) {
			return f
		}
	}
	if s.scans == maxScans {
		return nil
	}
	s.scans++
	if !s.listed {
		s.files, s.listed = fontFiles(s.folders()), true
	}
	for _, path := range s.files {
		if f := openFont(path); f != nil && has(f, r) {
			s.used = append(s.used, f)
			return f
		}
	}
	return nil
}

// openFont opens a font, the first of a collection; nil if it cannot be read.
func openFont(path string) *opentype.Font {
	c, err := opentype.ParseCollectionReaderAt(fontFile(path))
	if err != nil || c.NumFonts() == 0 {
		return nil
	}
	f, err := c.Font(0)
	if err != nil {
		return nil
	}
	return f
}

// A fontFile is read anew each time, so that no file stays open.
type fontFile string

// ReadAt implements [io.ReaderAt].
func (p fontFile) ReadAt(b []byte, at int64) (int, error) {
	f, err := os.Open(string(p))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(b, at)
}

// sans are parts of the names of fonts without serifs that have Chinese, Japanese and Korean; they are tried first.
var sans = []string{"notosanscjk", "sourcehansans", "notosans", "pingfang", "hiraginosans", "hiragino", "applesdgothic", "yugoth", "meiryo", "msyh",
	"malgun", "msgothic", "wqy", "droidsansfallback", "ipag", "takao", "vlgothic", "nanumgothic", "arialuni", "unifont"}

// fontFiles lists the fonts in folders, the likely ones first.
func fontFiles(folders []string) []string {
	var files []string
	for _, folder := range folders {
		if real, err := filepath.EvalSymlinks(folder); err == nil {
			folder = real
		}
		filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if len(files) == maxFonts {
				return filepath.SkipAll
			}
			if err == nil && d.Type()&^fs.ModeSymlink == 0 && slices.Contains([]string{".ttf", ".otf", ".ttc", ".otc"}, strings.ToLower(filepath.Ext(path))) {
				files = append(files, path)
			}
			return nil // skip a folder that cannot be read
		})
	}
	rank := func(path string) int {
		name := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(filepath.Base(path)))
		i := slices.IndexFunc(sans, func(s string) bool { return strings.Contains(name, s) })
		if i < 0 {
			return len(sans)
		}
		return i
	}
	slices.SortStableFunc(files, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return plainer(a) - plainer(b)
	})
	return files
}

// plainer returns 0 for a font whose name says neither bold nor slanted, for sorting.
func plainer(path string) int {
	name := strings.ToLower(filepath.Base(path))
	for _, style := range []string{"bold", "black", "italic", "oblique", "thin", "light", "medium", "heavy"} {
		if strings.Contains(name, style) {
			return 1
		}
	}
	return 0
}

func fontFolders() []string {
	home, _ := os.UserHomeDir()
	switch runtime.GOOS {
	case "windows":
		return []string{filepath.Join(os.Getenv("WINDIR"), "Fonts"), filepath.Join(os.Getenv("LOCALAPPDATA"), "Microsoft", "Windows", "Fonts")}
	case "darwin":
		return []string{filepath.Join(home, "Library", "Fonts"), "/Library/Fonts", "/System/Library/Fonts"}
	}
	data := os.Getenv("XDG_DATA_HOME")
	if data == "" {
		data = filepath.Join(home, ".local", "share")
	}
	return []string{filepath.Join(data, "fonts"), filepath.Join(home, ".fonts"), "/usr/local/share/fonts", "/usr/share/fonts"}
}
