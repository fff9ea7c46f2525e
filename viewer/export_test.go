package viewer

// LimitFilms says how many points a film may have.
func (h *Handler) LimitFilms(points int) { h.filmMost = points }
