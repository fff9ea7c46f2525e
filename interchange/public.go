package interchange

import (
	"io"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
)

// A Matrix is an .npy file of embeddings, E×n×d, or n×d for one epoch, read one epoch at a time: what it holds in
// memory is one epoch. Elements may be float16, float32 or float64 and are handed out as float32.
type Matrix = npy.Matrix

// OpenMatrix opens the embeddings at path and checks the header against the length of the file. The caller closes it.
func OpenMatrix(path string) (*Matrix, error) { return npy.OpenMatrix(path) }

// NewMatrix reads an .npy file of embeddings that is size bytes long from r, and checks its header against that length.
// Errors call it name. What is in front of it is read in pieces of 1 MiB.
func NewMatrix(name string, r io.Reader, size int64) (*Matrix, error) {
	return npy.NewMatrix(name, r, size)
}

// Images is an .npy file of pictures, uint8 of shape n×h×w (grey), n×h×w×3 (RGB) or n×h×w×4 (RGBA, not premultiplied),
// read one by one.
type Images = npy.Images

// OpenImages opens the pictures at path. The caller closes it.
func OpenImages(path string) (*Images, error) { return npy.OpenImages(path) }

// ReadLabels reads n labels from an .npy file of one dimension: what text a number or a truth value has says package value.
// The empty string and NaN are no label.
func ReadLabels(path string) ([]string, error) { return npy.ReadLabels(path) }

// ReadLabelsIn is [ReadLabels] where strings of bytes that are not UTF-8 are in an encoding.
func ReadLabelsIn(path string, e Encoding) ([]string, error) { return npy.ReadLabelsIn(path, e) }

// An Encoding says which bytes a text is written in. The zero value is UTF-8, or what the byte order mark at the
// beginning of a file says.
type Encoding = texts.Encoding

// ParseEncoding finds an encoding by a name that IANA or Python has for it: latin-1, windows-1252, utf-16, shift_jis.
func ParseEncoding(name string) (Encoding, error) { return texts.ParseEncoding(name) }

// JSON is a value of metadata that is a list, an object or a number that neither int64 nor float64 holds: its text.
type JSON = cells.JSON
