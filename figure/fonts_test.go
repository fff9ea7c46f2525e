package figure

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"golang.org/x/image/font/opentype"
)

// squareFont is a TrueType font that has one character, a black square.
func squareFont(r uint16) []byte {
	be := func(values ...any) []byte {
		var b bytes.Buffer
		for _, v := range values {
			if err := binary.Write(&b, binary.BigEndian, v); err != nil {
				panic(err)
			}
		}
		return b.Bytes()
	}
	const em = 1000
	box := []int16{0, -200, em, 800}
	glyph := be(int16(1), box, uint16(3), uint16(0), [4]uint8{1, 1, 1, 1}, []int16{0, 0, em, 0}, []int16{-200, em, 0, -em})
	tables := map[string][]byte{
		"cmap": be(uint16(0), uint16(1), uint16(3), uint16(1), uint32(12),
			uint16(4), uint16(32), uint16(0), uint16(4), uint16(4), uint16(1), uint16(0),
			r, uint16(0xffff), uint16(0), r, uint16(0xffff), 1-r, uint16(1), uint16(0), uint16(0)),
		"glyf": glyph,
		"head": be(uint32(0x10000), uint32(0), uint32(0), uint32(0x5f0f3cf5), uint16(0), uint16(em), uint64(0), uint64(0), box,
			uint16(0), uint16(8), int16(2), int16(1), int16(0)),
		"hhea": be(uint32(0x10000), int16(800), int16(-200), int16(0), uint16(em), make([]int16, 11), uint16(2)),
		"hmtx": be(uint16(em), int16(0), uint16(em), int16(0)),
		"loca": be(uint32(0), uint32(0), uint32(len(glyph))),
		"maxp": be(uint32(0x10000), uint16(2), make([]uint16, 13)),
		"post": be(uint32(0x30000), make([]uint32, 7)),
	}
	var tags []string
	for tag := range tables {
		tags = append(tags, tag)
	}
	sort.Strings(tags)
	head := be(uint32(0x10000), uint16(len(tags)), uint16(128), uint16(3), uint16(0))
	var body []byte
	for _, tag := range tags {
		at := 12 + 16*len(tags) + len(body)
		head = append(head, be([]byte(tag), uint32(0), uint32(at), uint32(len(tables[tag])))...)
		body = append(body, tables[tag]...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	return append(head, body...)
}

// withFonts has pictures find these fonts on the system, by file name, and no others.
func withFonts(t *testing.T, files map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := system
	system = &systemFonts{folders: func() []string { return []string{filepath.Join(dir, "none"), dir} }}
	t.Cleanup(func() { system = before })
}

// picture draws a grid whose title is a text.
func picture(t *testing.T, title string) image.Image {
	t.Helper()
	g := grid(1, 1)
	g.Title = title
	var b bytes.Buffer
	if err := g.Draw(&b, "png"); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// inked is how many dark pixels the title has.
func inked(img image.Image) (n int) {
	for y := range img.Bounds().Dy() / 14 {
		for x := range img.Bounds().Dx() {
			if r, _, _, _ := img.At(x, y).RGBA(); r < 0x6000 {
				n++
			}
		}
	}
	return n
}

// TestFontOfTheSystem: a character that the font of the program lacks is drawn in a font of the system.
func TestFontOfTheSystem(t *testing.T) {
	if _, err := opentype.Parse(squareFont('中')); err != nil {
		t.Fatalf("the test's font: %v", err)
	}
	withFonts(t, map[string][]byte{"deep/er/han.ttf": squareFont('中'), "a.ttf": []byte("no font"), "b.otf": squareFont('国')[:90], "c.ttc": nil, "notes.txt": squareFont('文')})
	one, ten := inked(picture(t, "中")), inked(picture(t, strings.Repeat("中", 10)))
	if side := 12.0 * dpi / 72; float64(one) < 0.8*side*side || ten < 9*one {
		t.Errorf("a square of 12 points has %d pixels, and ten have %d", one, ten)
	}
	if a, mixed := inked(picture(t, "ab")), inked(picture(t, "a中b")); mixed < a+9*one/10 || mixed > a+one+one/10 {
		t.Errorf("ab has %d pixels, and with a square in between %d", a, mixed)
	}
	g := &Grid{Title: "中 and 文 文", Subtitle: "x", Classes: []string{"国", "文\n"}, None: "é", Panels: []Panel{{Title: "epoch 1"}}}
	if got := g.Lacking(); got != "文国" {
		t.Errorf("lacking %q, want 文国", got)
	}
}

// TestNoFont: without a font, such a character is written by its number, and said to be lacking.
func TestNoFont(t *testing.T) {
	withFonts(t, nil)
	for text, as := range map[string]string{"中文 a": `\u4e2d\u6587 a`, "\U0002070e": `\U0002070e`, "a\u200d\ufe0fb": "ab"} {
		a, b := picture(t, text), picture(t, as)
		if !bytes.Equal(a.(*image.RGBA).Pix, b.(*image.RGBA).Pix) {
			t.Errorf("%s is not drawn as %s", text, as)
		}
	}
	g := grid(1, 1)
	g.Classes = []string{"中", "dog"}
	if got := g.Lacking(); got != "中" {
		t.Errorf("lacking %q", got)
	}
	if got := (&Curves{Title: "run 中", Subtitle: "ünïcödé ελ жш"}).Lacking(); got != "中" {
		t.Errorf("lacking %q", got)
	}
	var svg bytes.Buffer
	if err := g.Draw(&svg, "svg"); err != nil || !strings.Contains(svg.String(), ">中<") {
		t.Errorf("the SVG has not the character itself (%v)", err)
	}
}

// TestFontFiles: those that are likely to have a character come first, and plain ones before bold.
func TestFontFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"Aaa.ttf", "NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "wqy-microhei.TTC", "readme.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "fonts")
	if err := os.Symlink(dir, link); err != nil {
		link = dir // a system without links
	}
	var got []string
	for _, path := range fontFiles([]string{link}) {
		got = append(got, filepath.Base(path))
	}
	if want := "NotoSansCJK-Regular.ttc NotoSansCJK-Bold.ttc wqy-microhei.TTC Aaa.ttf"; strings.Join(got, " ") != want {
		t.Errorf("fonts %v, want %s", got, want)
	}
}
