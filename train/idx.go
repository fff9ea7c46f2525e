package train

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// The first four bytes of an idx file: unsigned bytes in 3 dimensions, or in 1.
const (
	imagesMagic = 0x00000803
	labelsMagic = 0x00000801
)

// readFile opens a gzip file and reads all of it by read; errors name the file.
func readFile(path string, read func(io.Reader) ([]byte, error)) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: want a gzip file: %w", path, noEOF(err))
	}
	b, err := read(z)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// readImages decodes an idx file of 28×28 images and returns their pixels, one image after the other.
func readImages(r io.Reader) ([]byte, error) {
	h, err := readHeader(r, imagesMagic, 3)
	if err != nil {
		return nil, err
	}
	if h[1] != Side || h[2] != Side {
		return nil, fmt.Errorf("images of %d×%d pixels, want %d×%d", h[1], h[2], Side, Side)
	}
	return readBody(r, h[0], Pixels, "images")
}

// readLabels decodes an idx file of digits.
func readLabels(r io.Reader) ([]byte, error) {
	h, err := readHeader(r, labelsMagic, 1)
	if err != nil {
		return nil, err
	}
	b, err := readBody(r, h[0], 1, "labels")
	if err != nil {
		return nil, err
	}
	for i, l := range b {
		if l >= Classes {
			return nil, fmt.Errorf("label %d at %d, want a digit, 0 to %d", l, i, Classes-1)
		}
	}
	return b, nil
}

// readHeader checks an idx file's magic and returns its dimensions.
func readHeader(r io.Reader, magic uint32, dims int) ([]uint32, error) {
	var got uint32
	h := make([]uint32, dims)
	err := binary.Read(r, binary.BigEndian, &got)
	if err == nil && got != magic {
		return nil, fmt.Errorf("magic number %08x, want %08x: not an idx file of unsigned bytes in %d dimensions", got, magic, dims)
	}
	if err == nil {
		err = binary.Read(r, binary.BigEndian, h)
	}
	if err != nil {
		return nil, fmt.Errorf("want a header of %d bytes: %w", 4+4*dims, noEOF(err))
	}
	if h[0] == 0 {
		return nil, errors.New("the file says it is empty, want at least 1 entry")
	}
	return h, nil
}

// readBody reads count entries of size bytes each, and makes sure that nothing follows. Reaching the
// end also has gzip check its checksum.
func readBody(r io.Reader, count uint32, size int, what string) ([]byte, error) {
	want := int64(count) * int64(size)
	var b bytes.Buffer
	b.Grow(int(min(want, 64<<20)) + bytes.MinRead) // all of MNIST, but not the claim of a broken header
	switch n, err := b.ReadFrom(io.LimitReader(r, want+1)); {
	case err != nil:
		return nil, fmt.Errorf("%d of %d %s read: %w", n/int64(size), count, what, noEOF(err))
	case n < want:
		return nil, fmt.Errorf("%d %s, want the %d that its header says", n/int64(size), what, count)
	case n > want:
		return nil, fmt.Errorf("more than the %d %s that its header says", count, what)
	}
	return b.Bytes(), nil
}

// noEOF replaces io.EOF, where more data was expected, by an error that says so.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file is cut off")
	}
	return err
}
