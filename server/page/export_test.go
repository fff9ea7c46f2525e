package page

import "time"

// SetPatience sets how long the page waits for preloaded answers, which a busy machine may not give in time.
func (h *Handler) SetPatience(d time.Duration) { h.patience = d }
