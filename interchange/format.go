package interchange

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
)

// A format is a kind of file that [Open] reads.
type format struct {
	kind    string   // a file of it, for people: "a Parquet file"
	endings []string // of its files, in lower case. The first bytes decide; an ending only tells what was meant.
	begins  []string // its first bytes are one of these, the first as a rule
	open    func(ctx context.Context, path string, o Options) (*Dataset, error)
	about   string // what is read from it, as the help of import says it, indented below its name
}

// formats is the table of what [Open] tells by the first bytes. TensorBoard's projector is a folder, and apart from it.
var formats = []format{
	{kind: "an .npy file", endings: []string{".npy"}, begins: []string{"\x93NUMPY"}, open: withoutContext(openNpy), about: `
  .npy         E×n×d (epochs, samples, columns), or n×d for one epoch`},
	{kind: "an .npz file", endings: []string{".npz"}, begins: []string{"PK\x03\x04", "PK\x05\x06"}, open: withoutContext(openNpz), about: `
  .npz         the same, as the array called embeddings, vectors or X, or the only one of floats; arrays ids, labels
               (y beside X), epochs and images, and any other with n elements as metadata`},
	{kind: "a Parquet file", endings: []string{".parquet"}, begins: []string{"PAR1", "PARE"}, open: openParquet, about: `
  Parquet      a row for each sample, or for each sample and epoch: a column of lists of floats; columns id, label,`},
	{kind: "an Arrow IPC file or stream", endings: []string{".arrow", ".feather", ".ipc"}, begins: []string{"ARROW1", "\xff\xff\xff\xff"}, open: openArrow, about: `
  Arrow IPC    epoch or step, prediction, loss, confidence if there are any; the others are metadata`},
}

// AboutFormats says what [Open] reads from each format, a line or more for each, for the help of a command.
func AboutFormats() string {
	var b strings.Builder
	for _, f := range formats {
		b.WriteString(strings.TrimPrefix(f.about, "\n") + "\n")
	}
	b.WriteString("  TensorBoard  a folder with " + embedding.ConfigName + "; embeddings called tag:0000N are the epochs of layer tag\n")
	return b.String()
}

// readable names what is read.
func readable() string {
	var kinds []string
	for _, f := range formats {
		kinds = append(kinds, f.kind)
	}
	return strings.Join(kinds, ", ") + ", or TensorBoard's " + embedding.ConfigName
}

// formatOf is the format whose files begin so; nil for none.
func formatOf(head []byte) *format {
	for i, f := range formats {
		if slices.ContainsFunc(f.begins, func(begin string) bool { return bytes.HasPrefix(head, []byte(begin)) }) {
			return &formats[i]
		}
	}
	return nil
}

// looksLike names what a file might be that is not read.
func looksLike(head []byte, path string) string {
	for _, f := range formats {
		if slices.Contains(f.endings, strings.ToLower(filepath.Ext(path))) {
			return fmt.Sprintf("not %s, which begins with %s", f.kind, strings.Trim(strconv.QuoteToASCII(f.begins[0]), `"`))
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return "a gzip file (unpack it first)"
	case bytes.HasPrefix(head, []byte("\x89HDF")):
		return "an HDF5 file"
	case bytes.HasPrefix(head, []byte("\x80")):
		return "perhaps a pickle, which can run programs and is not read (numpy.save makes an .npy file)"
	}
	return "no file of embeddings that is known"
}

// withoutContext is how a file is opened whose head is read in no time.
func withoutContext(open func(path string, o Options) (*Dataset, error)) func(context.Context, string, Options) (*Dataset, error) {
	return func(_ context.Context, path string, o Options) (*Dataset, error) { return open(path, o) }
}
