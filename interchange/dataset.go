package interchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/regular"
)

// A Dataset is a file of embeddings: samples, and what became of them epoch by epoch.
type Dataset struct {
	Format   string // npy, npz, parquet, arrow or tensorboard
	Samples  Samples
	Count    int      // how many epochs there are
	Numbered bool     // the file numbers its epochs; otherwise they count from 0
	Notes    []string // what was left out, and why, for people

	source source
}

// A source hands out the epochs of a file, from the first one at each call, until yield returns false. It gives each
// epoch once and stops at the first error.
type source interface {
	epochs(ctx context.Context, yield func(*Epoch, error) bool)
	io.Closer
}

// Samples are what is embedded at every epoch.
type Samples struct {
	Count      int
	IDs        []string                    // nil: 0…Count−1
	Labels     []string                    // "" for none; nil: no sample has one
	NoIDs      error                       // there are ids, which cannot be read for this reason, and IDs is nil
	Columns    []Column                    // metadata
	Thumbnails func(i int) ([]byte, error) // the PNG file of a sample; nil: there are none
}

// A Column is a named piece of metadata: for each sample nil, a string, a bool, an int64, a float64 or [JSON].
type Column struct {
	Name   string
	Values []any
}

// An Epoch is what a file holds about one epoch.
type Epoch struct {
	Number  int
	Layers  []Layer
	Points  *Layer // places on a map of 2 or 3 columns; only with Options.Points, and then there is nothing else
	Outputs *Outputs
}

// A Layer is a matrix with a row for each sample, or for some of them.
type Layer struct {
	Name string // "" where the file does not name it
	Dim  int
	Data []float32 // len(Rows)×Dim, row-major
	Rows []int     // the sample of each row; nil: all in their order
}

// Outputs are what the network said of the samples at one epoch. A slice that the file does not have is nil.
type Outputs struct {
	Predictions []string  // "" where there is none
	Losses      []float64 // NaN where there is none
	Confidences []float64 // NaN where there is none
	Rows        []int     // the sample of each element; nil: all in their order
}

// None, as the name of a column or an array in [Options], says that there is none, whatever is called as usual.
const None = "-"

// Options say what is what in a file. Empty names mean the usual ones, which a table's column or an archive's array
// then has to have.
type Options struct {
	Vectors []string // the columns or arrays of vectors, each a layer
	ID      string   // the column or array of sample ids
	Label   string   // the column or array of labels
	Epoch   string   // the column or array of epoch numbers
	Points  bool     // the file's places on a map are wanted, not its vectors: columns x, y and perhaps z, or the array points

	Encoding  Encoding // of text; in files that are not text as a whole, of what is no UTF-8
	Delimiter rune     // between the columns of a .csv, .tsv or .txt file; 0: what it is shows in the file
	Samples   int      // of metadata: how many samples there are; 0: not known
}

// The usual names of columns and arrays, as [canonical] writes them. Where a file has several of a kind, the first of these
// is it.
var (
	vectorNames = []string{"embedding", "embeddings", "vector", "vectors", "emb"}
	idNames     = []string{"id", "ids", "sample", "samples", "sample_id", "sample_ids", "sampleid", "uid", "uuid", "guid", "_id"}
	labelNames  = []string{"label", "labels", "class", "target", "targets"}
	epochNames  = []string{"epoch", "epochs", "step", "steps"}
	pointNames  = []string{"points", "map"}
	imageNames  = []string{"images", "thumbnails"}
)

func usual(names []string, name string) bool { return slices.Contains(names, canonical(name)) }

// canonical is a name without what people spell in several ways: case, spaces and byte order marks around it, and spaces or
// hyphens for underscores.
func canonical(name string) string {
	name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(name))
}

// choose returns the place of the column or array, one of n, that has the first of the usual names and can be what it
// says; −1 for none.
func choose(names []string, n int, name func(i int) string, ok func(i int) bool) int {
	for _, want := range names {
		for i := range n {
			if canonical(name(i)) == want && ok(i) {
				return i
			}
		}
	}
	return -1
}

// Open opens a file of embeddings of any format that is read: what it is shows in its first bytes. It reads the samples
// and checks what can be checked without the vectors. The caller closes the dataset.
func Open(ctx context.Context, path string, o Options) (*Dataset, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		config := filepath.Join(path, embedding.ConfigName)
		if _, err := os.Stat(config); err != nil {
			return nil, fmt.Errorf("%s is a folder without a %s: want the embeddings' file, or a folder of TensorBoard's projector", path, embedding.ConfigName)
		}
		return openTensorBoard(config, o)
	}
	if strings.EqualFold(filepath.Ext(path), ".pbtxt") {
		return openTensorBoard(path, o)
	}
	head, err := firstBytes(path)
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("%s is empty: want %s", path, readable())
	}
	if f := formatOf(head); f != nil {
		return f.open(ctx, path, o)
	}
	return nil, fmt.Errorf("%s: this is %s: want %s", path, looksLike(head, path), readable())
}

// firstBytes returns how a regular file begins.
func firstBytes(path string) ([]byte, error) {
	f, _, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 8)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return head[:n], nil
}

// Epochs reads the epochs one after the other, from the first one again at each call. It ends with the first error. The
// slices of an epoch are the caller's.
func (d *Dataset) Epochs(ctx context.Context) iter.Seq2[*Epoch, error] {
	return func(yield func(*Epoch, error) bool) { d.source.epochs(ctx, yield) }
}

// Close closes the file.
func (d *Dataset) Close() error { return d.source.Close() }

func (d *Dataset) note(format string, args ...any) {
	d.Notes = append(d.Notes, fmt.Sprintf(format, args...))
}
