// Package tracker records what a neural network's layers look like while it trains, in one file that others can read
// meanwhile: runs, samples, epochs, vectors and metrics.
//
// A training loop needs a run, the samples that it embeds at every epoch, and one call per epoch:
//
//	store, err := tracker.Open(ctx, "zoetrope.db", tracker.OpenOptions{Create: true})
//	run, err := store.Start(ctx, tracker.RunConfig{Experiment: "mnist", Name: "cnn", Params: map[string]any{"lr": 3e-6}})
//	err = run.AddSamples(ctx, samples) // once
//	for epoch := 1; epoch <= epochs; epoch++ {
//		// … train …
//		err = run.Log(ctx, tracker.Epoch{
//			Number: epoch, Step: step,
//			Layers:  []tracker.Layer{{Name: "fc1", Dim: 128, Vectors: emb}}, // len(samples)×128, row-major
//			Outputs: &tracker.Outputs{Predictions: pred, Losses: losses, Confidences: conf},
//			Metrics: tracker.Metrics{"loss": loss, "accuracy": accuracy},
//		})
//	}
//	err = run.Finish(ctx)
//
// [Run.LogMetrics] logs numbers between epochs. [Init], [Log] and [Finish] do the same with a default run, for a program
// that has one.
//
// # What is promised
//
// When [Run.Log] returns nil, the epoch is in the store as a whole and survives the death of the process and the loss of
// power. When it returns an error, nothing of the epoch is, and the error says what was refused: a wrong number of rows or
// columns, a NaN or an infinity in a vector, an unknown sample. The same epoch again replaces it; epochs may come in any
// order. Nothing is dropped silently.
//
// # Runs
//
// A run is named by experiment and name, and has an id that never changes; functions that take a run accept its id, its name,
// or "experiment/name", and take the newest run if that is empty. A run is [Running] until [Run.Finish], [Run.Stop] or
// [Run.Fail]. [RunConfig].Resume reopens any run, also one whose process was killed, at once. A training that goes back to a
// checkpoint then calls [Run.TruncateAfter].
//
// One writer at a time has a run, by a lock of the kernel's on a file in the folder "<store>-locks"; a second one gets
// [ErrRunActive]. Each write also checks that no other writer has resumed the run since, or returns [ErrSuperseded].
//
// # Reading
//
// The methods of [Store] read runs, epochs, frames, outputs and metrics, of a training that is going on too, and
// [Store.Changes] tells cheaply what is new. The file is a SQLite database, and these views are stable, for anyone with SQL:
//
//	runs     run, experiment, name, state, started, seen, ended, epochs, last_epoch, samples, params, cause, tags, notes, code, host
//	samples  run, sample, position, label, metadata, thumbnail
//	metrics  run, name, step, epoch, time, value, kind
//	vectors  run, layer, epoch, sample, dim, norm, vector, dtype
//	points   run, projection, revision, epoch, sample, label, prediction, x, y, z
//
// There, run is the run's id; vector is dim numbers of the type that dtype names (float32 or float16), little-endian; a sample without a label has the label NULL; and a metric
// that is no number has the value NULL and the kind nan, +inf or -inf.
//
// Packages that keep rows of their own in a store use [Store.Read] and [Store.Write], whose [Tx] takes the same SQL for
// every database that a store can be in: placeholders are ?, flags are 0 or 1, rows by the thousand go in by [Tx.Insert],
// and nothing is used that only one of SQLite and PostgreSQL knows. The comment in engine.go has the whole list.
//
// All of the package is safe for concurrent use.
package tracker
