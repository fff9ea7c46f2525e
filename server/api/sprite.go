package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpbody"
	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

const (
	maxTile   = 96                // pixels; larger pictures are made smaller on a sheet, and are whole under their own address
	sheetSide = 2048              // pixels; what every browser and graphics processor takes
	maxArea   = tracker.MaxPixels // of one picture; more is not decoded
)

// A sprite is the pictures of a run's samples, in tiles on sheets, so that the page has them all before they are needed.
// Sample i has tile i.
type sprite struct {
	run           string
	version       string // names the content
	width, height int    // of a tile
	columns       int
	perSheet      int
	tiles         int
	missing       []int
	largest       int64 // pixels of a picture
}

// A sheetKey names the n-th sheet of a sprite.
type sheetKey struct {
	spriteKey
	n int
}

// spriteJSON says where on the sheets the pictures are.
type spriteJSON struct {
	Version  string `json:"version"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Columns  int    `json:"columns"`
	PerSheet int    `json:"per_sheet"`
	Sheets   int    `json:"sheets"`
	Missing  []int  `json:"missing"` // samples without a picture
}

// spriteKey has the number of samples because a run's samples are only ever added to.
type spriteKey struct {
	run     string
	samples int
}

func (s *sprite) json() *spriteJSON {
	if len(s.missing) == s.tiles {
		return nil
	}
	return &spriteJSON{s.version, s.width, s.height, s.columns, s.perSheet, s.sheetCount(), s.missing}
}

func (s *sprite) sheetCount() int { return (s.tiles + s.perSheet - 1) / s.perSheet }

// sprite returns the sprite of a run with so many samples.
func (h *Handler) sprite(ctx context.Context, run string, samples int) (*sprite, error) {
	return h.sprites.get(ctx, spriteKey{run, samples}, func(ctx context.Context) (*sprite, error) {
		return measureSprite(ctx, h.store, run, samples)
	})
}

// measureSprite reads all pictures, for the size of the tiles and a hash of the content.
func measureSprite(ctx context.Context, store *tracker.Store, run string, samples int) (*sprite, error) {
	s := &sprite{run: run, tiles: samples, missing: []int{}}
	sum := sha256.New()
	at := 0
	err := eachThumbnail(ctx, store, run, 0, samples, func(position int, thumbnail []byte) error {
		for ; at < position; at++ {
			s.missing = append(s.missing, at)
		}
		at++
		addToSum(sum, position, thumbnail)
		c, err := png.DecodeConfig(bytes.NewReader(thumbnail))
		if err != nil || int64(c.Width)*int64(c.Height) > maxArea || c.Width < 1 || c.Height < 1 {
			s.missing = append(s.missing, position)
			return nil
		}
		s.largest = max(s.largest, int64(c.Width)*int64(c.Height))
		w, h := fit(c.Width, c.Height)
		s.width, s.height = max(s.width, w), max(s.height, h)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for ; at < samples; at++ {
		s.missing = append(s.missing, at)
	}
	s.version = hex.EncodeToString(sum.Sum(nil)[:8])
	s.width, s.height = max(s.width, 1), max(s.height, 1)
	most := sheetSide / s.width
	s.columns = max(1, min(most, int(math.Ceil(math.Sqrt(float64(samples))))))
	s.perSheet = s.columns * max(1, min(sheetSide/s.height, (samples+s.columns-1)/s.columns))
	return s, nil
}

func addToSum(sum hash.Hash, position int, thumbnail []byte) {
	fmt.Fprintf(sum, "%d %d\n", position, len(thumbnail))
	sum.Write(thumbnail)
}

// eachThumbnail calls f with the pictures of samples [first, first+count), in order.
func eachThumbnail(ctx context.Context, store *tracker.Store, run string, first, count int, f func(position int, thumbnail []byte) error) error {
	const query = `SELECT position, thumbnail FROM samples
		WHERE run = ? AND position >= ? AND position < ? AND thumbnail IS NOT NULL ORDER BY position`
	return store.Read(ctx, func(tx *tracker.Tx) error {
		rows, err := tx.QueryContext(ctx, query, run, first, first+count)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var position int
			var thumbnail []byte
			if err := rows.Scan(&position, &thumbnail); err != nil {
				return err
			}
			if err := f(position, thumbnail); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (h *Handler) getSheet(w http.ResponseWriter, r *http.Request) error {
	info, err := h.run(r)
	if err != nil {
		return err
	}
	s, err := h.sprite(r.Context(), info.ID, info.Samples)
	if err != nil {
		return err
	}
	if v := r.PathValue("version"); v != s.version {
		return httpjson.Gone("the pictures of version %s are gone, they are version %s now", v, s.version)
	}
	n, err := wholeNumber("sheet", strings.TrimSuffix(r.PathValue("sheet"), ".png"), 0, s.sheetCount()-1)
	if err != nil {
		return err
	}
	sheet, err := h.sheets.get(r.Context(), sheetKey{spriteKey{info.ID, info.Samples}, n}, func(ctx context.Context) ([]byte, error) {
		done, err := h.work.take(ctx, s.load(), "look at the pictures one by one")
		if err != nil {
			return nil, err
		}
		defer done()
		return s.sheet(ctx, h.store, n)
	})
	if err != nil {
		return err
	}
	httpbody.CacheForever(w)
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Content-Length", strconv.Itoa(len(sheet)))
	if r.Method != http.MethodHead {
		w.Write(sheet)
	}
	return nil
}

// load is what making a sheet takes: the sheet in grey, in colour and as PNG, and a picture in 16 bits as it is decoded.
func (s *sprite) load() load {
	const perPixel, perPicturePixel = 1 + 4 + 4, 8 + 8 // bytes
	rows := (s.perSheet + s.columns - 1) / s.columns
	return load{bytes: perPixel*int64(s.columns*s.width)*int64(rows*s.height) + perPicturePixel*s.largest, processors: 1}
}

// sheet makes the n-th sheet, as PNG.
func (s *sprite) sheet(ctx context.Context, store *tracker.Store, n int) ([]byte, error) {
	count := min(s.perSheet, s.tiles-n*s.perSheet)
	area := image.Rect(0, 0, s.columns*s.width, (count+s.columns-1)/s.columns*s.height)
	var canvas draw.Image = image.NewGray(area) // a quarter of the memory, and digits need no more
	err := eachThumbnail(ctx, store, s.run, n*s.perSheet, count, func(position int, thumbnail []byte) error {
		img, err := decode(thumbnail)
		if err != nil {
			return nil // one of the missing
		}
		if _, gray := canvas.(*image.Gray); gray && !isGray(img) {
			coloured := image.NewNRGBA(area)
			draw.Draw(coloured, area, canvas, image.Point{}, draw.Src)
			canvas = coloured
		}
		k := position - n*s.perSheet
		size := img.Bounds().Size()
		corner := image.Pt(k%s.columns*s.width+(s.width-size.X)/2, k/s.columns*s.height+(s.height-size.Y)/2)
		draw.Draw(canvas, image.Rectangle{corner, corner.Add(size)}, img, img.Bounds().Min, draw.Src)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, canvas); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// decode returns a picture at the size of its tile.
func decode(thumbnail []byte) (image.Image, error) {
	c, err := png.DecodeConfig(bytes.NewReader(thumbnail))
	if err != nil || int64(c.Width)*int64(c.Height) > maxArea {
		return nil, fmt.Errorf("a picture of %d×%d pixels: %w", c.Width, c.Height, err)
	}
	img, err := png.Decode(bytes.NewReader(thumbnail))
	if err != nil {
		return nil, err
	}
	if w, h := fit(c.Width, c.Height); w != c.Width || h != c.Height {
		return shrink(img, w, h), nil
	}
	return img, nil
}

// fit returns the size of a picture's tile.
func fit(w, h int) (int, int) {
	if w <= maxTile && h <= maxTile {
		return w, h
	}
	k := float64(maxTile) / float64(max(w, h))
	return max(1, int(float64(w)*k)), max(1, int(float64(h)*k))
}

// shrink makes a picture smaller: each new pixel is the mean of those that it covers.
func shrink(img image.Image, w, h int) image.Image {
	from := img.Bounds()
	out := image.NewNRGBA64(image.Rect(0, 0, w, h))
	for y := range h {
		y0, y1 := from.Min.Y+y*from.Dy()/h, from.Min.Y+(y+1)*from.Dy()/h
		for x := range w {
			x0, x1 := from.Min.X+x*from.Dx()/w, from.Min.X+(x+1)*from.Dx()/w
			var r, g, b, a, n uint64
			for v := y0; v < max(y1, y0+1); v++ {
				for u := x0; u < max(x1, x0+1); u++ {
					pr, pg, pb, pa := img.At(u, v).RGBA()
					r, g, b, a, n = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa), n+1
				}
			}
			out.Set(x, y, color.RGBA64{uint16(r / n), uint16(g / n), uint16(b / n), uint16(a / n)})
		}
	}
	return out
}

func isGray(img image.Image) bool {
	switch img.ColorModel() {
	case color.GrayModel, color.Gray16Model:
		return true
	}
	return false
}
