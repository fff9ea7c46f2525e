package page

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/api"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// An archive collects the answers to everything that the page asks for about one run, from an API handler of its own.
type archive struct {
	api      *api.Handler
	run      tracker.RunInfo
	epochs   []api.Epoch
	ready    []archived // answers on which others depend
	asks     []string   // requests to make while the file is written, in this order
	progress func(done, total int)
}

func openArchive(ctx context.Context, store *tracker.Store, o HTMLOptions) (*archive, error) {
	h := api.New(store, api.Options{ReadOnly: true, Logger: slog.New(slog.DiscardHandler)})
	a := &archive{api: h, progress: o.Progress}
	if err := a.begin(ctx, store, o); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *archive) begin(ctx context.Context, store *tracker.Store, o HTMLOptions) (err error) {
	if a.run, err = store.Run(ctx, o.Run); err != nil {
		return err
	}
	if err := a.addRun(ctx, o); err != nil {
		return err
	}
	if err := a.addMaps(ctx, o.Projections); err != nil {
		return err
	}
	return a.addProvisional(ctx)
}

func (a *archive) close() { a.api.Close() }

// write passes on one answer after the other.
func (a *archive) write(ctx context.Context, take func(archived) error) error {
	total := len(a.ready) + len(a.asks)
	for i := range total {
		var e archived
		if i < len(a.ready) {
			e, a.ready[i] = a.ready[i], archived{}
		} else {
			var err error
			if e, err = a.ask(ctx, a.asks[i-len(a.ready)]); err != nil {
				return err
			}
		}
		if err := take(e); err != nil {
			return err
		}
		if a.progress != nil {
			a.progress(i+1, total)
		}
	}
	return nil
}

// addRun adds the answers about the run that need no map. The file does not name the machine on which it ran.
func (a *archive) addRun(ctx context.Context, o HTMLOptions) error {
	var run map[string]json.RawMessage
	if err := a.read(ctx, "runs/"+component(a.run.ID), &run); err != nil {
		return err
	}
	run["host"] = json.RawMessage(`""`)
	if err := a.put("runs", map[string]any{"runs": []any{run}, "cursor": ""}); err != nil {
		return err
	}
	var logged struct {
		Run    string      `json:"run"`
		Epochs []api.Epoch `json:"epochs"`
	}
	if err := a.read(ctx, a.of("epochs"), &logged); err != nil {
		return err
	}
	for _, number := range o.Epochs {
		if !slices.ContainsFunc(logged.Epochs, func(e api.Epoch) bool { return e.Number == number }) {
			return fmt.Errorf("run %s/%s has no epoch %d: %w", a.run.Experiment, a.run.Name, number, tracker.ErrNotFound)
		}
	}
	if len(o.Epochs) > 0 {
		logged.Epochs = slices.DeleteFunc(logged.Epochs, func(e api.Epoch) bool { return !slices.Contains(o.Epochs, e.Number) })
	}
	a.epochs = logged.Epochs
	if err := a.put(a.of("epochs"), logged); err != nil {
		return err
	}
	samples, err := a.must(ctx, a.of("samples?form=compact"))
	if err != nil {
		return err
	}
	var pictures struct {
		Sprite *struct {
			Version string
			Sheets  int
		}
	}
	if err := json.Unmarshal(samples.body, &pictures); err != nil {
		return err
	}
	a.ready = append(a.ready, samples)
	if s := pictures.Sprite; s != nil {
		for i := range s.Sheets {
			a.asks = append(a.asks, a.of(fmt.Sprintf("sprite/%s/%d.png", s.Version, i)))
		}
	}
	a.asks = append(a.asks, a.of("metrics?since=0"))
	for _, e := range a.epochs {
		a.asks = append(a.asks, a.of(fmt.Sprintf("epochs/%d/outputs?form=compact&seq=%d", e.Number, e.Seq)))
	}
	return nil
}

// addMaps adds the maps with these ids, in the server's order, the newest first.
func (a *archive) addMaps(ctx context.Context, wanted []string) error {
	path := "projections?run=" + component(a.run.ID)
	var there struct {
		Projections []api.Projection `json:"projections"`
	}
	if err := a.read(ctx, path, &there); err != nil {
		return err
	}
	for _, id := range wanted {
		if !slices.ContainsFunc(there.Projections, func(p api.Projection) bool { return p.ID == id }) {
			return fmt.Errorf("run %s/%s is on no projection %q: %w", a.run.Experiment, a.run.Name, id, tracker.ErrNotFound)
		}
	}
	held := []api.Projection{}
	for _, p := range there.Projections {
		if !slices.Contains(wanted, p.ID) {
			continue
		}
		if some, err := a.addMap(ctx, p.Info); err != nil {
			return err
		} else if some {
			held = append(held, p)
		}
	}
	return a.put(path, map[string]any{"projections": held})
}

// addMap adds a map, and returns false if the map has none of the epochs.
func (a *archive) addMap(ctx context.Context, p projector.Info) (bool, error) {
	base := "projections/" + component(p.ID)
	layout, err := a.layout(ctx, base+"/layout?run="+component(a.run.ID))
	if err != nil || len(layout.Epochs) == 0 {
		return false, err
	}
	for _, epoch := range layout.Epochs {
		a.asks = append(a.asks, positionsAt(layout, epoch))
	}
	if err := a.addQuality(ctx, base+"/quality"); err != nil {
		return false, err
	}
	for _, epoch := range layout.Epochs {
		a.asks = append(a.asks, fmt.Sprintf("%s/revisions/%s/epochs/%d/trust?run=%s&rows=%d", base, layout.Revision, epoch, component(layout.Run), layout.Rows))
	}
	space := "metric=" + p.Options.Metric
	if p.Options.Prepares() {
		space += fmt.Sprintf("&projection=%s&revision=%s", component(p.ID), layout.Revision)
	}
	a.addNeighbours(layout.Layer, space)
	return true, nil
}

// addQuality adds a map's measures at the epochs in the file. A map without any vectors left in the run cannot be
// measured: the refusal is added then.
func (a *archive) addQuality(ctx context.Context, path string) error {
	e, err := a.ask(ctx, path)
	if err != nil {
		return err
	}
	if e.status != http.StatusOK {
		a.ready = append(a.ready, e)
		return nil
	}
	var q projector.Quality
	if err := json.Unmarshal(e.body, &q); err != nil {
		return err
	}
	q.Epochs = slices.DeleteFunc(q.Epochs, func(e projector.EpochQuality) bool { return e.Run == a.run.ID && !a.has(e.Epoch) })
	q.Transitions = slices.DeleteFunc(q.Transitions, func(t projector.TransitionQuality) bool {
		return t.Run == a.run.ID && !(a.has(t.From) && a.has(t.To))
	})
	return a.put(path, q)
}

// addProvisional adds the provisional map, with its positions at once: a run that is being written may outgrow them.
func (a *archive) addProvisional(ctx context.Context) error {
	if len(a.run.Layers) == 0 {
		return nil
	}
	for again := range 3 {
		before := len(a.ready)
		layout, err := a.layout(ctx, a.of("provisional"))
		if err != nil {
			return err
		}
		whole := true
		for _, epoch := range layout.Epochs {
			e, err := a.ask(ctx, positionsAt(layout, epoch))
			if err != nil {
				return err
			}
			whole = whole && e.status == http.StatusOK
			a.ready = append(a.ready, e)
		}
		if whole || again == 2 {
			a.addNeighbours(layout.Layer, "metric=euclidean")
			return nil
		}
		a.ready = a.ready[:before]
	}
	return nil
}

// layout adds the layout of a map, with the epochs that the file has.
func (a *archive) layout(ctx context.Context, path string) (l api.Layout, err error) {
	if err := a.read(ctx, path, &l); err != nil {
		return l, err
	}
	l.Epochs = slices.DeleteFunc(l.Epochs, func(n int) bool { return !a.has(n) })
	return l, a.put(path, l)
}

// addNeighbours adds every sample's nearest neighbours in a layer, by the same requests as the page.
func (a *archive) addNeighbours(layer, space string) {
	for _, e := range a.epochs {
		path := a.of(fmt.Sprintf("epochs/%d/neighborhoods?k=15&layer=%s&%s&seq=%d", e.Number, component(layer), space, e.Seq))
		if !slices.Contains(a.asks, path) {
			a.asks = append(a.asks, path)
		}
	}
}

// positionsAt returns the address of one epoch's positions; the page joins them.
func positionsAt(l api.Layout, epoch int) string {
	sep := "?"
	if strings.Contains(l.Positions, "?") {
		sep = "&"
	}
	return fmt.Sprintf("%s%sepochs=%d", l.Positions, sep, epoch)
}

func (a *archive) has(epoch int) bool {
	return slices.ContainsFunc(a.epochs, func(e api.Epoch) bool { return e.Number == epoch })
}

// of returns an address below the run's.
func (a *archive) of(path string) string { return "runs/" + component(a.run.ID) + "/" + path }

// put adds an answer that was made here.
func (a *archive) put(path string, v any) error {
	b, err := json.Marshal(v)
	a.ready = append(a.ready, archived{path: path, status: http.StatusOK, body: b})
	return err
}

// read reads an answer without adding it.
func (a *archive) read(ctx context.Context, path string, v any) error {
	e, err := a.must(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(e.body, v)
}

// must is ask for an answer that has to exist.
func (a *archive) must(ctx context.Context, path string) (archived, error) {
	e, err := a.ask(ctx, path)
	if err == nil && e.status != http.StatusOK {
		err = e.refusal()
	}
	return e, err
}

// ask asks the API as the page would. A refusal, such as for the neighbours of too many samples, is an answer, too.
func (a *archive) ask(ctx context.Context, path string) (archived, error) {
	w, err := ask(ctx, a.api, path)
	if err != nil {
		return archived{}, err
	}
	if err := ctx.Err(); err != nil {
		return archived{}, err
	}
	e := archived{path: path, status: w.status, neighbors: w.head.Get("Neighbors"), picture: w.head.Get("Content-Type") == "image/png", body: w.body.Bytes()}
	if e.status == http.StatusNoContent {
		e.status, e.body = http.StatusGone, []byte(`{"error": "The map changed while this file was made."}`)
	}
	if e.status >= http.StatusInternalServerError {
		return e, e.refusal()
	}
	return e, nil
}

// refusal returns the error in an answer.
func (e archived) refusal() error {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(e.body, &said) != nil || said.Error == "" {
		return fmt.Errorf("page: %s: status %d", e.path, e.status)
	}
	return fmt.Errorf("page: %s", said.Error)
}
