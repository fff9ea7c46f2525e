package access

import "time"

// SetNow makes a guard take the time from now.
func (g *Guard) SetNow(now func() time.Time) { g.now = now }

// SetPatience makes a guard wait this long for a small body.
func (g *Guard) SetPatience(d time.Duration) { g.patience = d }

// SetPenalty makes a guard let who guesses too often wait for this long.
func (g *Guard) SetPenalty(d time.Duration) { g.penalty = d }
