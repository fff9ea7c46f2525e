package api

import (
	_ "embed"
	"maps"
	"net/http"
	"slices"
)

// openapi describes the whole API under /api/v1, including that of packages ingest and access. Tests compare it with all of
// them.
//
//go:embed openapi.json
var openapi []byte

func (h *Handler) getOpenAPI(w http.ResponseWriter, r *http.Request) error {
	send(w, r, "application/json", openapi)
	return nil
}

// Routes returns what a Handler answers below /api/v1, as "GET /api/v1/runs", in order.
func (h *Handler) Routes() []string {
	return slices.Sorted(maps.Keys(h.answers()))
}
