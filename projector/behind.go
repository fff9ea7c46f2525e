package projector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/zoetrope-ml/zoetrope/internal/epochs"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// Behind says how far a map is behind its runs, in epochs. An epoch that was logged again with the same vectors of the same
// samples has not changed.
type Behind struct {
	New     int `json:"new"`     // that the map would show, and were logged since
	Changed int `json:"changed"` // that are on the map, and whose vectors or samples are others now
	Removed int `json:"removed"` // that are on the map, and that the runs no longer have

	Epochs []EpochBehind `json:"-"` // all of these, by run and epoch
}

// EpochBehind is an epoch in which a map differs from its runs.
type EpochBehind struct {
	Run   string // id
	Epoch int
	What  string // new, changed or removed
}

// Total is the number of epochs in which the map differs from its runs.
func (b *Behind) Total() int { return b.New + b.Changed + b.Removed }

// String says it for people: "3 epochs: 2 new, 1 removed". It is empty if the map is not behind.
func (b *Behind) String() string {
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{{b.New, "new"}, {b.Changed, "changed"}, {b.Removed, "removed"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	switch total := b.Total(); total {
	case 0:
		return ""
	case 1:
		return "1 epoch: " + strings.Join(parts, ", ")
	default:
		return fmt.Sprintf("%d epochs: %s", total, strings.Join(parts, ", "))
	}
}

// What says what has become of an epoch of a run, named by its id: new, changed, removed, or nothing.
func (b *Behind) What(run string, epoch int) string {
	for _, e := range b.Epochs {
		if e.Run == run && e.Epoch == epoch {
			return e.What
		}
	}
	return ""
}

// Behind returns how far the map is behind its runs. It reads no vectors. [Projection.Extend] brings the map up to them. A map
// that another program computed shows the epochs that it was given: none that is logged later is new to it.
func (p *Projection) Behind(ctx context.Context) (*Behind, error) {
	placed, err := p.frames(ctx)
	if err != nil {
		return nil, err
	}
	list, err := epochs.Parse(p.info.Options.Epochs)
	if err != nil {
		return nil, err
	}
	b := &Behind{}
	for _, run := range p.info.Runs {
		now, err := p.framesNow(ctx, run)
		if err != nil {
			return nil, err
		}
		if err := p.compare(ctx, b, run, placed, now, list); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(b.Epochs, func(x, y EpochBehind) int {
		return cmp.Or(cmp.Compare(slices.Index(p.info.Runs, x.Run), slices.Index(p.info.Runs, y.Run)), cmp.Compare(x.Epoch, y.Epoch))
	})
	return b, nil
}

// bare reports whether the map is one that came without vectors.
func (p *Projection) bare() bool { return p.info.Method == MethodGiven && p.info.Layer == "" }

// framesNow lists what a run has by now of the map's layer; of one that came without vectors, its epochs.
func (p *Projection) framesNow(ctx context.Context, run string) ([]tracker.FrameInfo, error) {
	if !p.bare() {
		return layerFrames(ctx, p.store, run, p.info.Layer)
	}
	list, err := p.store.Epochs(ctx, run)
	var frames []tracker.FrameInfo
	for _, e := range list {
		frames = append(frames, tracker.FrameInfo{Epoch: e.Number, Seq: e.Seq})
	}
	return frames, err
}

// compare adds to b what differs between the frames of a run that are on the map and those that there are now.
func (p *Projection) compare(ctx context.Context, b *Behind, run string, placed map[frameKey]placedFrame, now []tracker.FrameInfo, list epochs.List) error {
	var have, doubtful []int
	for _, f := range now {
		have = append(have, f.Epoch)
	}
	chosen := list.Of(have)
	for _, f := range now {
		if _, ok := slices.BinarySearch(chosen, f.Epoch); !ok {
			continue
		}
		if was, ok := placed[frameKey{run, f.Epoch}]; !ok {
			shown := p.info.Method != MethodGiven
			if shown && p.shares != nil {
				var err error
				if shown, err = p.showsAny(ctx, run, f.Epoch); err != nil {
					return err
				}
			}
			if shown {
				b.New++
				b.Epochs = append(b.Epochs, EpochBehind{run, f.Epoch, "new"})
			}
		} else if was.seq != f.Seq && !p.bare() {
			doubtful = append(doubtful, f.Epoch)
		}
	}
	digests, err := p.store.Digests(ctx, run, p.info.Layer, doubtful)
	if err != nil {
		return err
	}
	for _, epoch := range doubtful {
		if placed[frameKey{run, epoch}].digest != digests[epoch] {
			b.Changed++
			b.Epochs = append(b.Epochs, EpochBehind{run, epoch, "changed"})
		}
	}
	for k := range placed {
		if _, ok := slices.BinarySearch(chosen, k.epoch); k.run == run && !ok {
			b.Removed++
			b.Epochs = append(b.Epochs, EpochBehind{run, k.epoch, "removed"})
		}
	}
	return nil
}

// showsAny reports whether the map would show any sample of a run's frame: it is of some of the samples.
func (p *Projection) showsAny(ctx context.Context, run string, epoch int) (shown bool, err error) {
	below := p.shareOf(run)
	err = p.store.Read(ctx, func(tx *tracker.Tx) error {
		const query = `SELECT s.uid FROM run r JOIN epoch e ON e.run = r.id JOIN frame f ON f.epoch = e.id
			JOIN roster_row rr ON rr.roster = f.roster JOIN sample s ON s.id = rr.sample WHERE r.uid = ? AND e.number = ? AND f.layer = ?`
		rows, err := tx.QueryContext(ctx, query, run, epoch, p.info.Layer)
		if err != nil {
			return err
		}
		defer rows.Close()
		for !shown && rows.Next() { // the first few tell, nearly always
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			shown = rank(id) < below
		}
		return rows.Err()
	})
	return shown, err
}

// A frameKey names a frame of the map's layer.
type frameKey struct {
	run   string // id
	epoch int
}

// A placedFrame is what the map knows of a frame that is on it.
type placedFrame struct {
	rows     int
	seq      int64          // of the epoch, when the frame was read
	digest   tracker.Digest // zero: an earlier version placed it, and did not tell
	extended bool           // placed on a map that was there
}

// holds reports whether a frame, as it is now, is what was placed.
func (f placedFrame) holds(now sourceFrame) bool {
	if f.digest == (tracker.Digest{}) {
		return f.seq == now.seq
	}
	return f.digest == now.digest
}

// frames returns the frames that are on the map.
func (p *Projection) frames(ctx context.Context) (map[frameKey]placedFrame, error) {
	out := map[frameKey]placedFrame{}
	err := p.store.Read(ctx, func(tx *tracker.Tx) error {
		const query = "SELECT r.uid, f.epoch, f.rows, f.seq, f.digest, f.extended <> 0 FROM projection_frame f JOIN run r ON r.id = f.run WHERE f.projection = ?"
		rows, err := tx.QueryContext(ctx, query, p.id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k frameKey
			var f placedFrame
			var digest []byte
			if err := rows.Scan(&k.run, &k.epoch, &f.rows, &f.seq, &digest, &f.extended); err != nil {
				return err
			}
			copy(f.digest[:], digest)
			out[k] = f
		}
		return rows.Err()
	})
	return out, err
}

// asPlaced reads what a run's layer had at an epoch for the samples on the map, if that is what they were placed by.
func (p *Projection) asPlaced(ctx context.Context, run string, epoch int) (tracker.Frame, error) {
	placed, err := p.frames(ctx)
	if err != nil {
		return tracker.Frame{}, err
	}
	f, err := p.store.Frame(ctx, run, p.info.Layer, epoch)
	if err != nil {
		return f, err
	}
	if was := placed[frameKey{run, epoch}].digest; was != (tracker.Digest{}) && was != f.Digest {
		return f, fmt.Errorf("epoch %d of run %s was logged again with other vectors since it was placed on projection %q, which has to be extended: %w", epoch, titles(ctx, p.store, run), p.info.ID, tracker.ErrNotFound)
	}
	f.IDs, f.Vectors = chosenRows(f, p.shareOf(run))
	return f, nil
}

// shareOf is the rank below which the samples of a run, named by its id, are on the map.
func (p *Projection) shareOf(run string) float64 {
	if i := slices.Index(p.info.Runs, run); i >= 0 && p.shares != nil {
		return p.shares[i]
	}
	return 1
}
