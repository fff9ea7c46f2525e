package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zoetrope-ml/zoetrope/internal/cli"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

func doctorCommand(a *app) *cobra.Command {
	var salvage string
	cmd := &cobra.Command{
		Use:   "doctor [flags]",
		Short: "Check the store for damage, and salvage what can be read",
		Long: `Doctor reads the whole store, also while runs are being written, and compares it with the checksums made when it
was logged: of the vectors and of the run, layer and epoch they belong to, of the samples with their labels and
thumbnails, of the sample of each row, and of the points of maps. For a file, it also checks the structure. It reports
what is damaged, what can still be read, what an earlier version stored without such checksums, and what takes space
needlessly. It changes nothing. Exit status 1 means damage, or that the store could not be read: a full disk or a
server that is away is an error, not damage.

With --salvage it copies everything that can be read to a new store, page by page, even from a file that does not
open, is cut short, or has lost its header. A damaged page loses the vectors on it; most of its other content
follows from the rest of the file. Nothing may write the store meanwhile.

Metrics, predictions and losses have no checksums: a changed digit in one of them is not noticed.`,
		Example: `  zoetrope doctor
  zoetrope doctor --json | jq -r '.damage[]'
  zoetrope doctor --db broken.db --salvage saved.db`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.DB == "" {
				return cli.Usagef(cmd, "--db is empty: name a store")
			}
			if cmd.Flags().Changed("salvage") {
				if salvage == "" {
					return cli.Usagef(cmd, "--salvage is empty: name a new file")
				}
				return a.salvage(cmd.Context(), salvage)
			}
			return a.doctor(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&salvage, "salvage", "", "copy everything readable to a new store in a `file`")
	return cmd
}

// doctorResult is the report as JSON.
type doctorResult struct {
	Store   string      `json:"store"`
	Engine  string      `json:"engine"`
	Schema  int         `json:"schema"`
	Bytes   int64       `json:"bytes"`
	Free    int64       `json:"free_bytes"`
	Sound   bool        `json:"sound"`
	Runs    []doctorRun `json:"runs"`
	Damage  []string    `json:"damage"`
	Orphans []string    `json:"orphans"`
	// What an earlier version has stored, whose checksums cover its bytes only.
	Unsealed []string `json:"unsealed"`
}

type doctorRun struct {
	ID         string `json:"id"`
	Experiment string `json:"experiment"`
	Name       string `json:"name"`
	State      string `json:"state"`
	Epochs     int    `json:"epochs"`
	Frames     int    `json:"frames"`
	Readable   int    `json:"readable"`
}

var errDamaged = errors.New("the store is damaged: zoetrope doctor --salvage FILE copies what can be read to a new one")

func (a *app) doctor(ctx context.Context) error {
	m := a.NewMeter()
	defer m.Close()
	report, err := tracker.Check(ctx, a.DB, m.Show)
	if errors.Is(err, tracker.ErrNoStore) {
		return fmt.Errorf("there is no store at %s: name one with --db or $ZOETROPE_DB", a.shownDB())
	} else if err != nil {
		return err
	}
	m.Close()
	r := doctorResult{report.Path, report.Engine, report.Schema, report.Bytes, report.Free, len(report.Damage) == 0,
		[]doctorRun{}, append([]string{}, report.Damage...), append([]string{}, report.Orphans...), append([]string{}, report.Unsealed...)}
	frames, readable := 0, 0
	for _, run := range report.Runs {
		r.Runs = append(r.Runs, doctorRun{run.ID, run.Experiment, run.Name, string(run.State), run.Epochs, run.Frames, run.Readable})
		frames, readable = frames+run.Frames, readable+run.Readable
	}
	if a.JSON {
		if err := a.PrintJSON(r); err != nil {
			return err
		}
	} else if err := a.printDoctor(r, frames, readable); err != nil {
		return err
	}
	if !r.Sound {
		return errDamaged
	}
	return nil
}

func (a *app) printDoctor(r doctorResult, frames, readable int) error {
	fmt.Fprintf(a.Stdout, "%s: %s, schema %d", r.Store, r.Engine, r.Schema)
	if r.Bytes > 0 {
		fmt.Fprintf(a.Stdout, ", %.1f MB, of them %.1f MB free", float64(r.Bytes)/1e6, float64(r.Free)/1e6)
	}
	fmt.Fprintln(a.Stdout)
	t := cli.NewTable(a.Stdout)
	t.Row("RUN", "STATE", "EPOCHS", "FRAMES", "READABLE", "ID")
	for _, run := range r.Runs {
		t.Row(run.Experiment+"/"+run.Name, run.State, run.Epochs, run.Frames, run.Readable, run.ID)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, d := range r.Damage {
		fmt.Fprintf(a.Stdout, "damaged: %s\n", d)
	}
	for _, o := range r.Orphans {
		fmt.Fprintf(a.Stdout, "left over: %s\n", o)
	}
	for _, u := range r.Unsealed {
		fmt.Fprintf(a.Stdout, "from an earlier version: %s: the bytes have checksums, but these do not say what they belong to\n", u)
	}
	verdict := "Sound"
	if !r.Sound {
		verdict = "Damaged"
	}
	_, err := fmt.Fprintf(a.Stdout, "%s: %d of %s can be read.\n", verdict, readable, cli.Plural(frames, "frame"))
	return err
}

// salvageResult describes the salvaged store, as JSON.
type salvageResult struct {
	Store string        `json:"store"`
	Runs  []salvagedRun `json:"runs"`
	Lost  []string      `json:"lost"`
}

type salvagedRun struct {
	ID         string `json:"id"`
	Experiment string `json:"experiment"`
	Name       string `json:"name"`
	Epochs     int    `json:"epochs"`
	Frames     int    `json:"frames"`
	Samples    int    `json:"samples"`
}

func (a *app) salvage(ctx context.Context, dest string) error {
	m := a.NewMeter()
	defer m.Close()
	saved, err := tracker.Salvage(ctx, a.DB, dest, func(done, total int) { m.Show("pages", done, total) })
	if err != nil {
		return err
	}
	m.Close()
	r := salvageResult{dest, []salvagedRun{}, append([]string{}, saved.Lost...)}
	for _, run := range saved.Runs {
		r.Runs = append(r.Runs, salvagedRun(run))
	}
	if a.JSON {
		return a.PrintJSON(r)
	}
	t := cli.NewTable(a.Stdout)
	t.Row("SAVED", "EPOCHS", "FRAMES", "SAMPLES", "ID")
	for _, run := range r.Runs {
		t.Row(run.Experiment+"/"+run.Name, run.Epochs, run.Frames, run.Samples, run.ID)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, l := range r.Lost {
		fmt.Fprintf(a.Stdout, "lost: %s\n", l)
	}
	a.Note("what can be read of %s is in %s", a.shownDB(), dest)
	return nil
}
