package ingest

// Memory returns how many bytes are taken by frames that wait, and by JSON that is being read.
func (h *Handler) Memory() (frames, reading int64) {
	h.memory.mu.Lock()
	defer h.memory.mu.Unlock()
	h.reading.mu.Lock()
	defer h.reading.mu.Unlock()
	return h.memory.used, h.reading.used
}

// Waiting returns how many bytes the frames that wait say that they have taken.
func (h *Handler) Waiting() (bytes int64) {
	h.staging.mu.Lock()
	defer h.staging.mu.Unlock()
	for _, f := range h.staging.frames {
		for _, p := range f.parts {
			bytes += p.taken
		}
	}
	return bytes
}
