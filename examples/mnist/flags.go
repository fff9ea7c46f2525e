package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/zoetrope-ml/zoetrope/tracker"
	"github.com/zoetrope-ml/zoetrope/train"
)

var errUsage = errors.New("wrong usage")

// options are the flags of the command line.
type options struct {
	recipe
	db, data, addr      string
	open, serve, resume bool
	given               map[string]bool // flags that were on the command line
}

// recipe holds the settings that determine a run. It is stored as the run's params.
type recipe struct {
	Epochs  int     `json:"epochs"`
	Rate    float64 `json:"lr"`
	Batch   int     `json:"batch"`
	Samples int     `json:"samples"`
	Seed    uint64  `json:"seed"`
	Initial bool    `json:"initial"`
}

func (r recipe) settings() train.Settings {
	return train.Settings{LearningRate: r.Rate, Batch: r.Batch, Seed: r.Seed}
}

const help = `Train a small network on handwritten digits (MNIST), log every epoch, and look at all epochs on one map.

Usage: %s [flags]

`

const examples = `
Examples:
  %[1]s                             20 epochs, with the page open to watch
  %[1]s -epochs 2 -serve=false      two epochs, then exit
  %[1]s -resume                     go on with the newest run, where it was stopped
  %[1]s -db digits.db -lr 1e-3      another store, and faster learning
`

// command is this program's name in help and messages.
const command = "go run ./examples/mnist"

// parse reads the command line. For -help it writes to stdout and returns flag.ErrHelp.
func parse(args []string, stdout io.Writer) (options, error) {
	d := train.Defaults()
	o := options{given: map[string]bool{}}
	f := flag.NewFlagSet("mnist", flag.ContinueOnError)
	f.SetOutput(io.Discard) // the error that Parse returns says it all
	f.Usage = func() {}
	f.StringVar(&o.db, "db", cmp.Or(os.Getenv("ZOETROPE_DB"), "zoetrope.db"), "the store, a `file` that is made if there is none, or postgres://user@host/database; $ZOETROPE_DB changes the default")
	f.Lookup("db").DefValue = tracker.WithoutPassword(f.Lookup("db").DefValue) // which -help shows
	f.IntVar(&o.Epochs, "epochs", 20, "passes over the training images")
	f.Float64Var(&o.Rate, "lr", d.LearningRate, "learning rate of Adam")
	f.IntVar(&o.Batch, "batch", d.Batch, "images per step")
	f.IntVar(&o.Samples, "samples", 2000, "test images to embed at every epoch, the first `n`")
	f.Uint64Var(&o.Seed, "seed", d.Seed, "of the first weights and the order of the images")
	f.StringVar(&o.data, "data", "", "`folder` with MNIST's four .gz files (default: the one in the Go module cache)")
	f.StringVar(&o.addr, "addr", defaultAddr, "`address` of the page; only the default moves to the next free port when taken")
	f.BoolVar(&o.open, "open", false, "open the page in the browser")
	f.BoolVar(&o.serve, "serve", true, "show the page, and keep showing it when done; -serve=false exits")
	f.BoolVar(&o.resume, "resume", false, "go on with the newest run, with its settings")
	f.BoolVar(&o.Initial, "initial", false, "log the network before training too, as epoch 0")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		f.SetOutput(stdout)
		fmt.Fprintf(stdout, help, command)
		f.PrintDefaults()
		fmt.Fprintf(stdout, examples, command)
		return o, err
	} else if err != nil {
		return o, misuse("%v", err)
	}
	f.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	if f.NArg() > 0 {
		return o, misuse("unexpected argument %q", f.Arg(0))
	}
	return o, o.check()
}

func (o options) check() error {
	if o.Epochs < 1 {
		return misuse("-epochs %d: want 1 or more", o.Epochs)
	}
	if o.Samples < 2 {
		return misuse("-samples %d: want 2 or more, a map of one point shows nothing", o.Samples)
	}
	if o.db == "" {
		return misuse("-db is empty: want a file name")
	}
	host, _, err := net.SplitHostPort(o.addr)
	if err != nil {
		return misuse("-addr %s: want host:port, such as %s", o.addr, defaultAddr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return misuse("-addr %s: other machines could reach it, and nothing keeps strangers out; want a loopback address, such as %s", o.addr, defaultAddr)
	}
	if o.open && !o.serve {
		return misuse("-open needs the page, which -serve=false leaves out")
	}
	if err := o.settings().Validate(); err != nil {
		return misuse("%v", err)
	}
	return nil
}

// misuse returns an error about the command line.
func misuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s (%s -help lists the flags)", errUsage, fmt.Sprintf(format, args...), command)
}
