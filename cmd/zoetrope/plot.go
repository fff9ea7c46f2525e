package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/figure"
	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/internal/plot"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// plotOptions are the flags of plot, and its argument.
type plotOptions struct {
	which  projectionFlags
	what   string
	epochs string
	color  string
	format string
	out    string
	dark   bool
	film   bool
	pace   float64
}

// plotted describes the picture, as JSON.
type plotted struct {
	Projection string `json:"projection"`
	What       string `json:"what"`
	Epochs     []int  `json:"epochs"`
	Color      string `json:"color,omitempty"`
	Format     string `json:"format"`
	Frames     int    `json:"frames,omitempty"` // of a film
	Path       string `json:"path"`
}

func plotCommand(a *app) *cobra.Command {
	var o plotOptions
	cmd := &cobra.Command{
		Use:   "plot [map|quality] -o FILE",
		Short: "Draw a map's epochs, or its quality, as PNG or SVG; or the training as a GIF",
		Long: `Plot draws without a browser. map is a grid of epochs, all on one scale; without --epochs, at most twelve that are
spread over the training. quality draws the map's measures over the epochs, on the map and in the original space.

Colours show the label, the prediction at that epoch, or whether it was correct; wrong points are larger. The legend names
40 classes and counts the others. For more labels that are numbers, and not all whole, it shows a scale. Characters that
the built-in font lacks, such as Chinese, are drawn in a font of this system.
A map of three dimensions is seen along its third axis. The ending of FILE gives the format: PNG, SVG or GIF.

With --animate, a GIF moves through all epochs, or those of --epochs, on one scale, at --pace epochs a second. It moves
faster where it would take longer than half a minute.`,
		Example: `  zoetrope plot -o map.png
  zoetrope plot --epochs 0,1,5,last --color correct -o errors.svg
  zoetrope plot quality --dark -o quality.png
  zoetrope plot map --animate --pace 2 -o training.gif`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.what = "map"; len(args) == 1 {
				o.what = args[0]
			}
			if o.format == "" {
				o.format = strings.TrimPrefix(strings.ToLower(filepath.Ext(o.out)), ".")
			}
			switch {
			case o.what != "map" && o.what != "quality":
				return cli.Usagef(cmd, "cannot draw %q: want map or quality", o.what)
			case o.out == "" || o.out == "-":
				return cli.Usagef(cmd, "name the file to write with -o")
			case o.format != "gif" && !slices.Contains(figure.Formats, o.format):
				return cli.Usagef(cmd, "the ending of %s names no format: want .png, .svg or .gif, or name one with --format", o.out)
			case o.film && o.format != "gif":
				return cli.Usagef(cmd, "--animate makes a GIF: name the file .gif instead of .%s", o.format)
			case o.format == "gif" && o.what != "map":
				return cli.Usagef(cmd, "only the map can be animated: draw %s as PNG or SVG", o.what)
			case !(o.pace > 0 && o.pace <= 20):
				return cli.Usagef(cmd, "--pace is %v: want more than 0 and at most 20 epochs a second", o.pace)
			case !slices.Contains(plot.Colors, o.color):
				return cli.Usagef(cmd, "--color is %q: want %s", o.color, strings.Join(plot.Colors, ", "))
			}
			return a.read(cmd, func(ctx context.Context, store *tracker.Store) error { return a.plot(ctx, store, o) })
		},
	}
	o.which.add(cmd)
	f := cmd.Flags()
	f.StringVar(&o.epochs, "epochs", "", "epochs and ranges of them, as 0,5-10,last, or every 50th as 0-900:50")
	f.StringVar(&o.color, "color", "label", strings.Join(plot.Colors, ", "))
	f.BoolVar(&o.dark, "dark", false, "on dark paper, in the colours of the page's dark theme")
	f.BoolVar(&o.film, "animate", false, "move through the epochs: a GIF (so does the ending .gif)")
	f.Float64Var(&o.pace, "pace", 1.5, "epochs a second of an animation, up to 20")
	f.StringVar(&o.format, "format", "", "png, svg or gif (default by the ending of the file)")
	f.StringVarP(&o.out, "output", "o", "", "the file to write (required)")
	return cmd
}

func (a *app) plot(ctx context.Context, store *tracker.Store, o plotOptions) error {
	p, run, err := a.findProjection(ctx, store, o.which)
	if err != nil {
		return err
	}
	if runs := p.Info().Runs; run == "" && len(runs) > 1 {
		return fmt.Errorf("projection %s holds %s: choose one with --run", p.Info().ID, cli.Plural(len(runs), "run"))
	} else if run == "" {
		run = runs[0]
	}
	if _, err := a.tellProjection(ctx, store, p); err != nil {
		return err
	}
	s := &plot.Subject{Projection: p}
	if s.Run, err = store.Run(ctx, run); err != nil {
		return err
	}
	if s.Epochs, err = p.Epochs(ctx, run); err != nil {
		return err
	}
	if len(s.Epochs) == 0 {
		return errors.New("the map has no epochs")
	}
	if s.Epochs, err = pickEpochs(o.epochs, s.Epochs); err != nil {
		return err
	}
	var draw func(io.Writer, string) error
	done := plotted{Projection: p.Info().ID, What: o.what, Format: o.format, Path: o.out}
	if o.what == "quality" {
		c, err := s.Curves(ctx)
		if err != nil {
			return err
		}
		c.Dark = o.dark
		draw = c.Draw
		a.tellLacking(o.format, c.Lacking)
	} else {
		film := o.format == "gif"
		if o.epochs == "" && !film {
			s.Epochs = spread(s.Epochs, 12)
		}
		g, err := s.Grid(ctx, o.color, film)
		if err != nil {
			return err
		}
		g.Dark = o.dark
		a.tellLacking(o.format, g.Lacking)
		draw, done.Color = g.Draw, o.color
		if film {
			var b bytes.Buffer // the whole picture, before the file is made
			m := a.NewMeter()
			done.Frames, err = (&figure.Film{Grid: *g, Pace: o.pace}).Draw(ctx, &b, func(done, total int) { m.Show("frames", done, total) })
			m.Close()
			if err != nil {
				return err
			}
			draw = func(w io.Writer, _ string) error { _, err := b.WriteTo(w); return err }
		}
	}
	if err := toFile(o.out, func(w io.Writer) error { return draw(w, o.format) }); err != nil {
		return err
	}
	done.Epochs = s.Epochs
	if a.JSON {
		return a.PrintJSON(done)
	}
	what := o.what
	if done.Frames > 0 {
		what = cli.Plural(done.Frames, "frame") + " of the " + o.what
	}
	_, err = fmt.Fprintf(a.Stdout, "drew %s of %s of run %s to %s\n", what, cli.Plural(len(s.Epochs), "epoch"), s.Run.Name, o.out)
	return err
}

// tellLacking notes the characters for which there is no font.
func (a *app) tellLacking(format string, lacking func() string) {
	if format == "svg" {
		return // the program that shows it brings the fonts
	}
	if none := []rune(lacking()); len(none) > 0 {
		a.Note("no font here has %s: such characters are written as \\u%04x. Install a font that has them, as Noto Sans CJK, or draw an SVG",
			string(none[:min(len(none), 20)]), none[0])
	}
}

// spread returns at most n of the given numbers, evenly spread, with the first and the last.
func spread(all []int, n int) []int {
	if len(all) <= n {
		return all
	}
	list := make([]int, n)
	for i := range list {
		list[i] = all[(i*(len(all)-1)+(n-1)/2)/(n-1)]
	}
	return list
}
