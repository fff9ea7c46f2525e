package projector

import (
	"context"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A Provisional map shows a layer's epochs while no projection exists: each epoch is placed, alone and within
// milliseconds, on one plane that never turns.
//
// The plane is spanned by the first two principal axes of the earliest epoch in which the samples spread over a plane
// at all. It is the only choice that later epochs, a restart and a second viewer leave as it is; and the picture of the
// last epoch is worth as much on it as on the plane of all epochs together (on the reference training, the 15-NN label
// purity of epoch 20 is 0.38 against 0.37, its own plane reaching 0.43). As a layer's activations grow with training,
// so does the cloud.
type Provisional struct {
	store *tracker.Store
	run   string
	layer string
	epoch int
	plane *space.Principal
}

// OpenProvisional fixes the plane for a layer of a run; empty names mean the newest run and its only layer. Until an
// epoch has been logged the error is [tracker.ErrNotFound].
func OpenProvisional(ctx context.Context, store *tracker.Store, run, layer string) (*Provisional, error) {
	info, err := store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	frames, err := framesOf(ctx, store, info, &layer)
	if err != nil {
		return nil, err
	}
	p := &Provisional{store: store, run: info.ID, layer: layer}
	for i, f := range frames {
		frame, err := store.Frame(ctx, p.run, layer, f.Epoch)
		if err != nil {
			return nil, err
		}
		plane, err := space.PrincipalAxes(ctx, frame.Vectors, frame.Dim, 2, 0)
		if err != nil {
			return nil, err
		}
		if i == 0 || plane.Rank == 2 {
			p.epoch, p.plane = f.Epoch, plane
		}
		if plane.Rank == 2 {
			break
		}
	}
	return p, nil
}

// Run returns the run's id.
func (p *Provisional) Run() string { return p.run }

// Layer returns the layer's name.
func (p *Provisional) Layer() string { return p.layer }

// Epoch returns the epoch whose principal axes span the plane.
func (p *Provisional) Epoch() int { return p.epoch }

// Coordinates places one epoch. Its coordinates have two dimensions.
func (p *Provisional) Coordinates(ctx context.Context, epoch int) (Coordinates, error) {
	frame, err := p.store.Frame(ctx, p.run, p.layer, epoch)
	if err != nil {
		return Coordinates{}, err
	}
	if frame.Dim != len(p.plane.Mean) {
		return Coordinates{}, fmt.Errorf("run %s, epoch %d: layer %q has %d dimensions, want %d", p.run, epoch, p.layer, frame.Dim, len(p.plane.Mean))
	}
	return Coordinates{Run: p.run, Epoch: epoch, Samples: frame.IDs, Coordinates: p.plane.Place(frame.Vectors, 2)}, nil
}
