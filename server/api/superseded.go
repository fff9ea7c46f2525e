package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/zoetrope-ml/zoetrope/projector"
)

// A superseded error says that the request names a revision of a map that the map no longer has. It is answered with 204 and the
// present revision in a header, not with a status of failure: a page that watches a training meets it whenever a map grows
// between its layout and its positions, and browsers write each failure to the console.
type superseded struct{ current string }

const currentRevision = "Current-Revision"

func (e *superseded) Error() string { return fmt.Sprintf("the map is revision %s now", e.current) }

func (e *superseded) send(w http.ResponseWriter) {
	w.Header().Set(currentRevision, e.current)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// checkRevision returns an error if a projection has another revision than the one that a request names.
func checkRevision(i projector.Info, asked string) error {
	if now := strconv.Itoa(i.Revision); asked != now {
		return &superseded{now}
	}
	return nil
}

// supersededBy returns err or, where err says that a projection has changed since it was opened, which revision it has now.
func (h *Handler) supersededBy(ctx context.Context, projection string, err error) error {
	if !errors.Is(err, projector.ErrChanged) {
		return err
	}
	p, err := projector.Open(ctx, h.store, projection)
	if err != nil {
		return err
	}
	return &superseded{strconv.Itoa(p.Info().Revision)}
}

// settled calls f up to three times, while maps change as they are read.
func settled[T any](f func() (T, error)) (v T, err error) {
	for range 3 {
		if v, err = f(); !errors.Is(err, projector.ErrChanged) {
			break
		}
	}
	return v, err
}
