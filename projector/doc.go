// Package projector lays the epochs of one or more runs out on one map, stores the map beside them, and reads it back.
//
//	opts := projector.Defaults()
//	opts.Layer, opts.NNeighbors, opts.MinDist = "fc1", 20, 0.01
//	p, err := projector.Project(ctx, store, []string{run.ID()}, opts, nil)
//
//	points, err := p.Points(ctx, projector.Query{Epoch: 7})                          // one epoch: ids, labels, places
//	path, err := p.Trajectory(ctx, projector.Query{Samples: []string{"42"}})         // one sample through all epochs
//	near, err := p.Neighbors(ctx, 7, "42", 10)                                       // in the original space
//	quality, err := p.Quality(ctx)                                                   // how far the map can be trusted
//
//	behind, err := p.Behind(ctx)                                                     // epochs new, changed or removed since
//	p, err = p.Extend(ctx, nil)                                                      // brings the map up to them
//	places, err := p.Transform(ctx, run.ID(), 7, vectors)                            // further inputs, as they were at epoch 7
//
// All epochs share the map, so a place means the same in each, and a sample's path over training is a curve on it.
// Projections live in the store as plain rows, written in one transaction: a cancelled [Project] leaves nothing
// behind, and a finished one stays readable when the run's epochs are replaced or deleted later. [Projection.Extend] and
// [Projection.Refit] return a new [Projection], of the next revision; the old value goes on describing the old one.
//
// A map may be of some epochs and samples: [Options].Epochs, Samples and MaxPoints. It goes on with its choice when it grows.
//
// How epochs meet is a choice: see [Options.Mode] and docs/modes.md. [ProjectFrom] begins at given coordinates, and
// [Given] stores a map that another program computed.
//
// The same seed gives the same coordinates, bit for bit, for any number of workers, on one kind of processor
// ([Options.Seed]). Until a projection exists, a [Provisional] map shows a run's epochs on a plane that never turns.
//
// Functions and methods are safe for concurrent use.
package projector

//go:generate go test -run ^TestOptionsPage$ -update .
