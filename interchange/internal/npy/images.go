package npy

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"sync"
)

// Encoder writes pictures, of which there may be millions, with what the ones before needed.
var Encoder = png.Encoder{BufferPool: new(bufferPool)}

type bufferPool struct{ sync.Pool }

func (p *bufferPool) Get() *png.EncoderBuffer {
	b, _ := p.Pool.Get().(*png.EncoderBuffer)
	return b
}

func (p *bufferPool) Put(b *png.EncoderBuffer) { p.Pool.Put(b) }

// Images is an .npy file of pictures, uint8 of shape n×h×w (grey), n×h×w×3 (RGB) or n×h×w×4 (RGBA, not premultiplied),
// read one by one.
type Images struct {
	Count, Height, Width int

	a        *Array
	channels int
	next     int
	raw      []byte
}

// OpenImages opens the pictures at path. The caller closes it.
func OpenImages(path string) (*Images, error) {
	a, err := open(path)
	if err != nil {
		return nil, err
	}
	im, err := ImagesOf(a)
	if err != nil {
		a.File.Close()
		return nil, err
	}
	return im, nil
}

func ImagesOf(a *Array) (*Images, error) {
	const want = "uint8 of shape n×h×w (grey, 0 black) or n×h×w×3"
	s := a.Shape
	if a.Dtype != (Dtype{Kind: 'u', Size: 1}) || len(s) < 3 || len(s) > 4 || len(s) == 4 && s[3] != 3 && s[3] != 4 {
		return nil, a.Unexpected(want)
	}
	im := &Images{Count: s[0], Height: s[1], Width: s[2], channels: 1, a: a}
	if len(s) == 4 {
		im.channels = s[3]
	}
	return im, nil
}

// NextPNG returns the next picture as a PNG file that the caller owns, or [io.EOF] after the last one.
func (im *Images) NextPNG() ([]byte, error) {
	if im.next == im.Count {
		return nil, io.EOF
	}
	if im.raw == nil {
		n := im.Height * im.Width * im.channels
		if err := im.a.Take(3 * int64(n)); err != nil { // the pixels, perhaps once more with alpha, and the PNG file
			return nil, err
		}
		im.raw = make([]byte, n)
	}
	if err := im.a.read(im.raw); err != nil {
		return nil, err
	}
	im.next++
	var out bytes.Buffer
	if err := Encoder.Encode(&out, im.picture()); err != nil {
		return nil, im.a.Errorf("picture %d cannot be made a PNG: %v", im.next-1, err)
	}
	return out.Bytes(), nil
}

// picture views the pixels last read as an image.
func (im *Images) picture() image.Image {
	r := image.Rect(0, 0, im.Width, im.Height)
	switch im.channels {
	case 1:
		return &image.Gray{Pix: im.raw, Stride: im.Width, Rect: r}
	case 4:
		return &image.NRGBA{Pix: im.raw, Stride: 4 * im.Width, Rect: r}
	}
	rgba := image.NewNRGBA(r)
	for i := range im.Width * im.Height {
		copy(rgba.Pix[4*i:], im.raw[3*i:3*i+3])
		rgba.Pix[4*i+3] = 0xff
	}
	return rgba
}

// Close closes the file.
func (im *Images) Close() error { return im.a.File.Close() }
