package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// display prints results to stdout, and progress to stderr: on a terminal a bar with the time left,
// elsewhere a line now and then.
type display struct {
	stdout, stderr io.Writer
	terminal       bool

	stage string
	bar   *progressbar.ProgressBar // nil unless on a terminal
	began time.Time                // of the stage
	said  time.Time                // when the last line was written about it
	lap   time.Time                // when the last training epoch ended
}

// quiet is how long a stage may take before a line is written about it, and between two lines.
const quiet = 15 * time.Second

func newDisplay(stdout, stderr io.Writer) *display {
	f, ok := stderr.(*os.File)
	return &display{stdout: stdout, stderr: stderr, lap: time.Now(), terminal: ok && term.IsTerminal(int(f.Fd()))}
}

// print writes a line to stdout, above the bar.
func (d *display) print(format string, args ...any) {
	if d.bar != nil {
		d.bar.Clear()
	}
	fmt.Fprintf(d.stdout, format+"\n", args...)
}

// note writes a line to stderr.
func (d *display) note(format string, args ...any) {
	if d.bar != nil {
		d.bar.Clear()
	}
	fmt.Fprintf(d.stderr, format+"\n", args...)
}

// epoch reports a training epoch.
func (d *display) epoch(epoch, epochs int, m tracker.Metrics) {
	took := time.Since(d.lap).Seconds()
	d.lap = time.Now()
	if loss, ok := m["loss"]; ok {
		d.print("epoch %d of %d: loss %.4f, accuracy %.4f (%.1f s)", epoch, epochs, loss, m["accuracy"], took)
		return
	}
	d.print("epoch %d, before training: accuracy %.4f", epoch, m["accuracy"])
}

// progress shows the progress of a stage. A new name begins a new stage.
func (d *display) progress(stage string, done, total int) {
	now := time.Now()
	if stage != d.stage {
		d.clear()
		d.stage, d.began, d.said = stage, now, now
		if d.terminal {
			d.bar = progressbar.NewOptions(total,
				progressbar.OptionSetWriter(d.stderr),
				progressbar.OptionSetDescription(stage),
				progressbar.OptionSetWidth(30),
				progressbar.OptionSetPredictTime(true), // the time left
				progressbar.OptionThrottle(100*time.Millisecond),
			)
		}
	}
	if d.bar != nil {
		d.bar.Set(done)
	} else if now.Sub(d.said) >= quiet && done > 0 {
		d.said = now
		left := time.Duration(float64(now.Sub(d.began)) / float64(done) * float64(total-done))
		d.note("%s: %d of %d, %v left", stage, done, total, left.Round(time.Second))
	}
}

// clear ends the stage and removes its bar from the screen.
func (d *display) clear() {
	if d.bar != nil {
		d.bar.Clear()
	}
	d.stage, d.bar = "", nil
}
