package access

import "time"

// SetNow makes a guard take the time from now.
func (g *Guard) SetNow(now func() time.Time) { g.now = now }
