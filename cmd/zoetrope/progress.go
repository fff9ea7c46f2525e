package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A meter shows how far a long command is, one bar per stage, on a terminal; elsewhere it shows nothing.
type meter struct {
	w io.Writer // nil: nothing is shown

	mu    sync.Mutex // protects following fields
	stage string
	total int
	bar   *progressbar.ProgressBar
}

func (a *app) newMeter() *meter {
	if !isTerminal(a.stderr) {
		return &meter{}
	}
	return &meter{w: a.stderr}
}

// show reports that done of total is done of a stage. It may be called from several goroutines.
func (m *meter) show(stage string, done, total int) {
	if m.w == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar == nil || m.stage != stage || m.total != total {
		m.clear()
		m.stage, m.total = stage, total
		m.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(m.w),
			progressbar.OptionSetDescription(stage),
			progressbar.OptionSetWidth(30),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
		m.bar.RenderBlank()
	}
	m.bar.Set(done)
}

// close takes the bar off the screen.
func (m *meter) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

func (m *meter) clear() {
	if m.bar != nil {
		m.bar.Clear()
		m.bar = nil
	}
}

// isTerminal reports whether what is written to w is read by a person at once.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
