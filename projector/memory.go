package projector

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// What making a map keeps at its peak, in bytes: estimates. With 50,000 points of 12 columns in mode balanced,
// the heap peaked at 61 MB with 15 neighbours and 366 MB with 100 (estimated: 67 and 322), or 72 bytes a neighbour with garbage.
// With the collector at 10 %, it was 45 and 242 MB: 46 bytes a neighbour are in use. In mode joint, it was 57 and 250 MB.
const (
	perNeighbor = 60  // of a point: its place and distance, then the edge in both directions, weighed, joined and pruned
	perPoint    = 400 // its ids, label and places
)

// Memory is about how many bytes [Project] would take for these runs and options, besides those of the store: the vectors, a copy
// of them where they are scaled or reduced, and for each point its neighbours. It reads no vectors.
func Memory(ctx context.Context, store *tracker.Store, runs []string, o Options) (int64, error) {
	if err := o.Validate(); err != nil {
		return 0, err
	}
	_, infos, err := survey(ctx, store, runs, o)
	if err != nil {
		return 0, err
	}
	rows := make([]int, len(infos))
	for i, f := range infos {
		rows[i] = f.Rows
	}
	most := 0
	if len(rows) > 0 {
		if most, err = o.samplesOfEach(rows); err != nil {
			return 0, err
		}
	}
	copies := int64(1)
	if o.Prepares() {
		copies = 2
	}
	var points, values int64
	for _, f := range infos {
		n := int64(f.Rows)
		if most > 0 {
			n = min(n, int64(most))
		}
		points += n
		values += n * int64(f.Dim)
	}
	neighbors := min(int64(o.NNeighbors), points)
	return 4*copies*values + points*(perPoint+perNeighbor*neighbors), nil
}
