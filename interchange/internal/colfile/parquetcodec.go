package colfile

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// The library's own codecs of Snappy and Zstandard believe what a page says of its length, and make room for it. These
// unpack into the room that there is, which is of the file's ration.
func init() {
	for _, c := range []struct {
		kind   compress.Compression
		decode func(dst, src []byte) ([]byte, error)
	}{{compress.Codecs.Snappy, snappyInto}, {compress.Codecs.Zstd, zstdInto}} {
		codec, err := compress.GetCodec(c.kind)
		if err != nil {
			panic(err)
		}
		compress.RegisterCodec(c.kind, boundedCodec{codec, c.decode})
	}
}

// A boundedCodec is a codec that never unpacks more than there is room for.
type boundedCodec struct {
	compress.Codec
	decode func(dst, src []byte) ([]byte, error)
}

// DecodeWithError implements [compress.ErrorCodec].
func (c boundedCodec) DecodeWithError(dst, src []byte) ([]byte, error) { return c.decode(dst, src) }

func snappyInto(dst, src []byte) ([]byte, error) {
	if n, err := snappy.DecodedLen(src); err != nil {
		return nil, err
	} else if n > len(dst) {
		return nil, fmt.Errorf("the data unpack to %d bytes, and the page claims %d", n, len(dst))
	}
	return snappy.Decode(dst, src)
}

// unzstd unpacks a page at a time. What is unpacked is its window, so that a large one takes no more.
var unzstd, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxWindow(1<<30))

func zstdInto(dst, src []byte) ([]byte, error) {
	return unzstd.DecodeAll(src, dst[:0:len(dst)])
}
