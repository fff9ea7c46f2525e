package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// importOptions are the flags of import, and its argument.
type importOptions struct {
	path, points       string // files of vectors and of coordinates; either may be empty
	run, layer         string
	experiment, name   string // the two parts of run
	labels, thumbnails string
	metadata, join     string
	metadataID         string // its column of ids
	delimiter          string
	encoding           string
	columns            interchange.Options
	firstEpoch         int
	numbered           bool // --first-epoch was given
}

// imported describes the run or map that import made, as JSON.
type imported struct {
	Run        string   `json:"run"`
	Experiment string   `json:"experiment"`
	Name       string   `json:"name"`
	Layer      string   `json:"layer"`
	FirstEpoch int      `json:"first_epoch"`
	LastEpoch  int      `json:"last_epoch"`
	Epochs     int      `json:"epochs"`
	Samples    int      `json:"samples"`
	Dim        int      `json:"dim"`
	Layers     []string `json:"layers,omitempty"`     // where there are several
	Projection string   `json:"projection,omitempty"` // the map that --points brought in
	Dims       int      `json:"dims,omitempty"`       // of that map
}

func importCommand(a *app) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import --run NAME [flags] [EMBEDDINGS]",
		Short: "Make a run of embeddings, or a map, that another program made",
		Long: `Import makes a new run from embeddings that another program saved:

` + interchange.AboutFormats() + `
Floats of 16, 32 and 64 bits are read, in any order of bytes and axes. The format is recognised by a file's first bytes.
Flags name columns with other names; - means that there is none. Each of several columns or arrays of vectors becomes a
layer. Ids are texts or whole numbers, also as floats; a column of ids of another type is refused by name. Without ids,
samples are named 0…n−1. An array of an .npz file that cannot be read is left out, with a note.

--metadata FILE.csv, .tsv or .jsonl adds metadata of the samples: joined by id where both files have ids, else row by
row. A join by id that is impossible is refused or, where the rows plainly match, reported in a note; a file with a column
of ids is never joined by row silently. So ids without any match in the other file are refused, and so is a column of
unknown name that holds the samples' ids in another order; --join row joins by row all the same. A column without a name,
such as the index that pandas writes, is neither ids nor labels. Of several usual names, the first counts.

The delimiter of a .csv, .tsv or .txt file is recognised, read from a first line sep=, or given with --delimiter. In
tab-separated files, quotation marks are plain characters. Empty rows at the end are ignored. Text that is neither UTF-8
nor UTF-16 with a byte order mark is refused with its position, never replaced: name its encoding with --encoding. Whole
numbers beyond 64 bits are kept as text.

A label, an id or a prediction is text, and the same text from every format: text stays as it is (1.10, 007, true),
3, 3.0 and 3 in float32 are 3, a date is ISO 8601, null and NaN are missing, lists are refused. Metadata keep their types.
In a file without types, such as CSV, a column is numbers only if nothing is lost: 0.50 and 1.25 are, 1.9 and 1.10 are text.

--labels and --thumbnails are .npy files of n labels and of n pictures (uint8, n×h×w or n×h×w×3).

--points FILE imports a map that another program computed, as a projection of the run: .npy of E×n×2, E×n×3, n×2 or
n×3 with NaN for missing points, .npz with an array points, or a table with columns x, y and perhaps z. Without a file of
embeddings, the map is added to the run of that name, or makes a run without vectors if there is none.

The store is made if it does not exist. All files are checked first, also by the store's own rules: a damaged or
refused file leaves the store as it was.`,
		Example: `  zoetrope import --run reference --labels labels.npy embeddings.npy
  zoetrope import --run mnist/torch --layer fc1 --first-epoch 0 --labels labels.npy --thumbnails digits.npy fc1.npy
  zoetrope import --run words --metadata words.csv vectors.parquet
  zoetrope import --run words --metadata words.csv --delimiter ';' --encoding windows-1252 words.npy
  zoetrope import --run projector logs/projector
  zoetrope import --run mnist/torch --points tsne.npy`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.path = args[0]
			}
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.importRun(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.run, "run", "", "the new run: NAME, or EXPERIMENT/NAME (required)")
	f.StringVar(&o.layer, "layer", "", "the layer that the embeddings are of (default what the file says, or embedding)")
	f.IntVar(&o.firstEpoch, "first-epoch", 1, "the number of the file's first epoch, if it does not number them; 0 is before training")
	f.StringVar(&o.labels, "labels", "", "an .npy file of n labels, names or numbers")
	f.StringVar(&o.thumbnails, "thumbnails", "", "an .npy file of n pictures")
	f.StringVar(&o.metadata, "metadata", "", "a .csv, .tsv or .jsonl file with a row for each sample")
	f.StringVar(&o.join, "join", "auto", "how metadata are joined to the samples: id, row or auto")
	f.StringVar(&o.delimiter, "delimiter", "", "what separates the columns of the metadata: a character, tab or space (default what does)")
	f.StringVar(&o.encoding, "encoding", "", "the encoding of text that is not UTF-8: latin-1, windows-1252, utf-16, …")
	f.StringVar(&o.points, "points", "", "a file of coordinates on a map")
	f.StringSliceVar(&o.columns.Vectors, "vectors", nil, "the columns, arrays or tensors of vectors (default what looks so)")
	f.StringVar(&o.columns.ID, "id-column", "", "the column or array of sample ids (default id, sample, …; - for none)")
	f.StringVar(&o.metadataID, "metadata-id-column", "", "the column of ids in the metadata (default as --id-column, if it is there)")
	f.StringVar(&o.columns.Label, "label-column", "", "the column or array of labels (default label, class, …; - for none)")
	f.StringVar(&o.columns.Epoch, "epoch-column", "", "the column or array of epoch numbers (default epoch, step; - for none)")
	return cmd
}

// check returns an error for a wrong command line, and splits the run's name.
func (o *importOptions) check(cmd *cobra.Command) error {
	var split bool
	if o.experiment, o.name, split = strings.Cut(o.run, "/"); !split {
		o.experiment, o.name = "default", o.run
	}
	o.numbered = cmd.Flags().Changed("first-epoch")
	switch {
	case o.experiment == "" || o.name == "":
		return cli.Usagef(cmd, "name the new run with --run NAME or --run EXPERIMENT/NAME")
	case o.path == "" && o.points == "":
		return cli.Usagef(cmd, "name a file of embeddings, or one of places on a map with --points")
	case o.layer == "" && cmd.Flags().Changed("layer"):
		return cli.Usagef(cmd, "--layer is empty")
	case o.firstEpoch < 0:
		return cli.Usagef(cmd, "--first-epoch is %d: want 0 (before training) or more", o.firstEpoch)
	case !slices.Contains([]string{"auto", "id", "row"}, o.join):
		return cli.Usagef(cmd, "--join is %q: want id, row or auto", o.join)
	case o.metadata == "" && (o.metadataID != "" || o.delimiter != ""):
		return cli.Usagef(cmd, "--metadata-id-column and --delimiter are of the file that --metadata names")
	}
	return o.checkText(cmd)
}

// checkText reads the flags that say how text is written.
func (o *importOptions) checkText(cmd *cobra.Command) (err error) {
	if cmd.Flags().Changed("delimiter") {
		if o.columns.Delimiter, err = interchange.ParseDelimiter(o.delimiter); err != nil {
			return cli.Usagef(cmd, "--delimiter: %v", err)
		}
	}
	if cmd.Flags().Changed("encoding") {
		if o.columns.Encoding, err = interchange.ParseEncoding(o.encoding); err != nil {
			return cli.Usagef(cmd, "--encoding: %v", err)
		}
	}
	return nil
}

func (a *app) importRun(cmd *cobra.Command, o importOptions) error {
	ctx := cmd.Context()
	// The data live until they are stored: at the usual 100, garbage could take as much memory again.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	meter := a.NewMeter()
	defer meter.Close()
	in, err := openImport(ctx, o, meter)
	if in != nil {
		defer in.close()
	}
	if err != nil {
		return err
	}
	return a.with(cmd, tracker.OpenOptions{Create: true}, func(ctx context.Context, store *tracker.Store) error {
		done, err := a.store(ctx, store, in, meter)
		if err != nil {
			return err
		}
		meter.Close()
		for _, n := range in.notes() {
			a.Note("%s", n)
		}
		return a.printImported(*done)
	})
}

// store makes the run, or adds a map to the one that is there.
func (a *app) store(ctx context.Context, store *tracker.Store, in *incoming, meter *cli.Meter) (*imported, error) {
	o := in.o
	if in.vectors == nil && o.layer != "" { // a run that is there has vectors that the map may be of
		if _, err := store.Run(ctx, o.experiment+"/"+o.name); errors.Is(err, tracker.ErrNotFound) {
			return nil, fmt.Errorf("there is no run %s with a layer %q that the map is of: leave out --layer", o.run, o.layer)
		} else if err != nil {
			return nil, err
		}
	}
	run, err := store.Start(ctx, o.config())
	if errors.Is(err, tracker.ErrRunExists) {
		if in.vectors == nil {
			return in.addMap(ctx, store, meter)
		}
		return nil, a.exists(ctx, store, o)
	}
	if err != nil {
		return nil, err
	}
	done, logged, err := in.log(ctx, run, meter)
	if err == nil && in.points != nil {
		err = in.storeMap(ctx, store, run.ID(), done, meter)
	}
	if err != nil {
		return nil, giveUp(ctx, run, logged, len(in.numbers), err)
	}
	return done, run.Finish(ctx)
}

// exists refuses a run's name that is taken, and says how an import that was killed is repeated.
func (a *app) exists(ctx context.Context, store *tracker.Store, o importOptions) error {
	name := o.experiment + "/" + o.name
	info, err := store.Run(ctx, name)
	if err != nil {
		return err
	}
	if info.State == tracker.Finished {
		return fmt.Errorf("the run %s exists already in %s: import under another name with --run", o.run, a.shownDB())
	}
	return fmt.Errorf("the run %s exists already in %s and is %s, with %s: if its import broke off, remove it with 'zoetrope rm %s' and import again; else import under another name with --run",
		o.run, a.shownDB(), info.State, cli.Plural(info.Epochs, "epoch"), name)
}

func (a *app) printImported(i imported) error {
	if a.JSON {
		return a.PrintJSON(i)
	}
	var err error
	switch {
	case i.Dim > 0:
		layer := "layer " + i.Layer
		if len(i.Layers) > 1 {
			layer = "layers " + strings.Join(i.Layers, ", ")
		}
		_, err = fmt.Fprintf(a.Stdout, "imported %s of %d×%d into run %s, %s\n", cli.Plural(i.Epochs, "epoch"), i.Samples, i.Dim, i.Name, layer)
	default:
		_, err = fmt.Fprintf(a.Stdout, "imported a map of %s of %d×%d into run %s\n", cli.Plural(i.Epochs, "epoch"), i.Samples, i.Dims, i.Name)
	}
	if err == nil && i.Projection != "" {
		_, err = fmt.Fprintf(a.Stdout, "projection %s (method given)\n", i.Projection)
	}
	return err
}

// giveUp ends a run whose import failed midway, and says how much of it is stored.
func giveUp(ctx context.Context, run *tracker.Run, done, of int, cause error) error {
	state, end := tracker.Failed, error(nil)
	if ctx.Err() != nil {
		state, end = tracker.Stopped, run.Stop(ctx)
	} else {
		end = run.Fail(ctx, cause)
	}
	return errors.Join(fmt.Errorf("%w; the run %s holds %d of %s and is marked %s", cause, run.Name(), done, cli.Plural(of, "epoch"), state), end)
}
