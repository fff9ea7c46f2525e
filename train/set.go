package train

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"sync"
)

// Set is images with their labels.
type Set struct {
	Images []byte  // n×[Pixels], 0 = background
	Labels []uint8 // n digits, 0–9
}

// Len returns the number of images.
func (s *Set) Len() int { return len(s.Labels) }

// Image returns image i's pixels, row by row. It is a part of s.Images, not a copy.
func (s *Set) Image(i int) []byte { return s.Images[i*Pixels : (i+1)*Pixels : (i+1)*Pixels] }

// First returns the first n images, sharing s's memory.
func (s *Set) First(n int) (*Set, error) {
	if n < 1 || n > s.Len() {
		return nil, fmt.Errorf("train: first %d images of %d: want 1 to %d", n, s.Len(), s.Len())
	}
	return &Set{Images: s.Images[:n*Pixels], Labels: s.Labels[:n]}, nil
}

// PNG returns image i as a grey 28×28 PNG.
func (s *Set) PNG(i int) ([]byte, error) {
	var b bytes.Buffer
	err := pictures.Encode(&b, &image.Gray{Pix: s.Image(i), Stride: Side, Rect: image.Rect(0, 0, Side, Side)})
	return b.Bytes(), err
}

// pictures keeps its buffers, of 0.8 MB, from one image to the next.
var pictures = png.Encoder{BufferPool: &pngBuffers{}}

type pngBuffers struct{ pool sync.Pool }

func (p *pngBuffers) Get() *png.EncoderBuffer {
	b, _ := p.pool.Get().(*png.EncoderBuffer)
	return b // nil: the encoder makes one
}

func (p *pngBuffers) Put(b *png.EncoderBuffer) { p.pool.Put(b) }

func (s *Set) check() error {
	if s.Len() == 0 {
		return fmt.Errorf("the set has no images")
	}
	if len(s.Images) != s.Len()*Pixels {
		return fmt.Errorf("the set has %d labels and %d bytes of images, not %d×%d", s.Len(), len(s.Images), s.Len(), Pixels)
	}
	for i, l := range s.Labels {
		if l >= Classes {
			return fmt.Errorf("label %d of image %d: want 0 to %d", l, i, Classes-1)
		}
	}
	return nil
}

// fingerprint tells one set from another.
type fingerprint struct {
	Images   int    `json:"images"`
	Checksum uint32 `json:"checksum"` // CRC-32C of the images, then the labels
}

func (f fingerprint) String() string { return fmt.Sprintf("%d images (%08x)", f.Images, f.Checksum) }

func (s *Set) fingerprint() fingerprint {
	sum := crc32.Update(crc32.Checksum(s.Images, castagnoli), castagnoli, s.Labels)
	return fingerprint{s.Len(), sum}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
