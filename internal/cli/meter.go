package cli

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A Meter shows the progress of a long command on a terminal, one bar per stage; elsewhere it shows nothing.
type Meter struct {
	w io.Writer // nil: nothing is shown

	mu    sync.Mutex // protects following fields
	stage string
	total int
	bar   *progressbar.ProgressBar
}

// NewMeter returns a meter on standard error.
func (a *App) NewMeter() *Meter {
	if !IsTerminal(a.Stderr) {
		return &Meter{}
	}
	return &Meter{w: a.Stderr}
}

// Show reports that done of a stage's total is done. It may be called from several goroutines.
func (m *Meter) Show(stage string, done, total int) {
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

// Close removes the bar from the screen.
func (m *Meter) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

func (m *Meter) clear() {
	if m.bar != nil {
		m.bar.Clear()
		m.bar = nil
	}
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	if v, ok := w.(visibleWriter); ok {
		w = v.w
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
