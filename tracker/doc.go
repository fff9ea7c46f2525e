// Package tracker records what a neural network's layers look like while it trains, in one file that others can read
// meanwhile: runs, samples, epochs, vectors and metrics.
//
// A training loop needs a run, the samples that it embeds at every epoch, and one call per epoch:
//
//	store, err := tracker.Open(ctx, "zoetrope.db", tracker.OpenOptions{Create: true}) // or postgres://…
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
// that has one. [Rows], [Matrix] and [Tensor] turn slices of slices, gonum matrices and Gorgonia tensors into vectors.
//
// # What Log promises
//
// The same holds for [Run.LogMetrics], [Run.AddSamples], [Run.Write], [Run.TruncateAfter] and [FrameWriter.Commit].
//
//   - Durable: when Log returns nil, the epoch survives the death of the process and the loss of power at any moment after.
//   - Whole: of an epoch, all is in the store or nothing, whatever happens while it is written.
//   - Refused is not stored: when Log returns an error, nothing of the epoch is in the store, and the error names what was
//     wrong with it. What was stored before is as it was.
//   - Replaced: the same epoch again takes the place of the one before, in one step: readers see the one or the other.
//   - Any order: epochs and steps may come in any order, and leave gaps. None is dropped because a later one is there.
//   - Exact: vectors and metrics are read back bit for bit, NaN and infinite metrics too. Vectors, samples with their ids,
//     labels and metadata, and the points of maps have sums, which reading verifies: of the bytes, and of what they are, so
//     that an index that is damaged leads to [ErrCorrupt] and not to another epoch. Metrics and outputs have none.
//     Vectors have no NaN and no infinity: Log refuses them, and names the sample and the column.
//   - Resumed at once: a run whose process was killed can be resumed without waiting, and goes on with what it had.
//   - One writer: while a writer is alive, nobody else gets its run; one that was superseded writes nothing more.
//   - Many processes: any number of them may log runs to one store, and read all runs, at the same time.
//   - Not kept: the slices that Log is given are not kept, and are free to be used again when it has returned.
//   - No panic: a mistake in this package is an error, [ErrPanic], and not the end of a training. So is a nil [Run].
//
// # What it does not promise
//
//   - What was logged by a version before schema 6 has checksums of its bytes only; zoetrope doctor lists it.
//   - A call whose ctx was cancelled, whose connection was lost or whose disk failed in the very moment of the commit may have
//     been stored, whole; where the disk failed, until the next call that succeeds. Logging the same epoch again is safe;
//     [Batch].Key makes any write safe to repeat.
//   - A disk that says that it has written what it has not, or a PostgreSQL server with fsync turned off,
//     can lose what was acknowledged.
//   - On a network file system without locks, two writers of a run are kept apart by the check in each write only. SQLite
//     itself needs a local disk: to share a store between machines, keep it in PostgreSQL or log through the server.
//   - An Async run's writes are durable when [Run.Flush] or [Run.Finish] has returned nil, not when Log has.
//   - With [RunConfig].Float16, vectors are read back as rounded; with Every, only those of some epochs are there, the
//     last one among them once the run has ended. With OnError, an error may be known to that function only.
//
// # Logging in parts, and without waiting
//
// A layer that arrives in batches, or from several ranks, is put together by [Run.NewFrame], Append and Commit, and seen by
// nobody before. [Epoch].Frames makes it part of an epoch that is logged whole.
//
// With [RunConfig].Async, Log copies and returns: the bound of its queue is in bytes, and a full queue makes Log wait. Writes
// are made in order. The first that fails ends the queue: it is what Log, Flush and Finish return from then on, and nothing
// behind it is written, unless [RunConfig].OnError says to go on. What can be refused without the store is refused by Log
// itself, as ever.
//
// # Errors
//
// Test for them with [errors.Is]. Those of a run that is being logged:
//
//   - [ErrInvalid]: what was given cannot be stored, and never can: wrong shape, NaN, unknown sample, a key used twice,
//     a name longer than [MaxText]. Where a single value is to blame, a [ValueError] says which.
//   - [ErrBusy]: others were writing for longer than 10 s. Nothing was stored: try again.
//   - [ErrUnreachable]: PostgreSQL was away for longer than 10 s, or was lost in the middle: log the same again.
//   - [ErrNoSpace]: the disk is full. Nothing was stored; free some space, and log the same again.
//   - [ErrIO]: the disk, or a file system over the network, fails. The error says so if the call may be stored all the same.
//   - [ErrRunActive]: another writer, alive, has the run. Wait for it or end it.
//   - [ErrSuperseded]: another writer has resumed the run since: stop writing it.
//   - [ErrRunEnded]: the run was finished, stopped, failed or released: resume it to write more.
//   - [ErrNotFound]: the run was deleted, or there is nothing to resume.
//   - [ErrCorrupt]: the file is damaged, and the error says where: zoetrope doctor saves what can be read.
//   - [ErrClosed], [ErrReadOnly], [ErrDenied]: the store was closed, opened for reading, or is not this role's to write.
//
// # Runs
//
// A sample's ID and the name of a layer or a metric have at most [MaxText] bytes, whatever database the store is in. What an
// older version has stored under longer ones is read and exported as ever; it cannot be logged under them again.
//
// A run is named by experiment and name, and has an id that never changes; functions that take a run accept its id, its name,
// or "experiment/name", and take the newest run if that is empty. A run is [Running] until [Run.Finish], [Run.Stop] or
// [Run.Fail]. [RunConfig].Resume reopens any run, also one whose process was killed, at once. A training that goes back to a
// checkpoint then calls [Run.TruncateAfter]. [Store.Edit] changes a run's name, tags, notes and params. Who resumes a run with
// other params than it has is refused, but for those that say how long to train, and those that [RunConfig].Change names.
//
// One writer at a time has a run, by a lock of the kernel's on a file in the folder "<store>-locks", which is there while it
// writes, or an advisory lock of PostgreSQL's; a second one gets [ErrRunActive]. Each write also checks that no other writer
// has resumed the run since, or returns [ErrSuperseded].
//
// # Reading
//
// The methods of [Store] read runs, epochs, frames, outputs and metrics, of a training that is going on too, and
// [Store.Changes] tells cheaply what is new. The database has these views, which are stable, for anyone with SQL:
//
//	runs     run, experiment, name, state, started, seen, ended, epochs, last_epoch, samples, params, cause, tags, notes, code, host
//	samples  run, sample, position, label, metadata, thumbnail
//	metrics  run, name, step, epoch, time, value, kind
//	vectors  run, layer, epoch, sample, dim, norm, vector, dtype
//	points   run, projection, revision, epoch, sample, label, prediction, x, y, z
//
// There, run is the run's id; vector is dim numbers, little-endian, of the type that dtype names: float32 or, for a run with
// Float16, float16 (IEEE 754 binary16); tags is a JSON array; a sample without a label has the label NULL; and a metric that
// is no number has the value NULL and the kind nan, +inf or -inf.
//
// # PostgreSQL
//
// [Open] takes postgres://user@host:5432/database, with all that libpq takes in a URL or from the environment ($PGPASSWORD,
// ~/.pgpass, sslmode, …), and keeps the same promises there. The server must be told to keep them: with its fsync = off it
// loses what was acknowledged. What else is particular:
//
//   - Writers of a store take turns, and hold the turn until their write is on the server's disk; readers never wait.
//   - A run's lock is held by a session of its own. It must be one session: connect directly, or through a pooler in session
//     mode. When a process dies its runs can be resumed at once; when its machine is lost, after half a minute.
//   - When the server restarts, a write waits for it up to 10 s before it fails with [ErrUnreachable]; the lock is taken again,
//     and a run that another writer has resumed meanwhile is [ErrSuperseded].
//   - A process has up to six connections: four that read, one that writes, one that holds locks.
//   - The owner of the database makes the tables. Writers need INSERT, SELECT, UPDATE and DELETE on all of them, readers SELECT.
//   - It is tested with PostgreSQL 15. CockroachDB, YugabyteDB and Citus are untested; where advisory locks do nothing, the
//     check in each write is all that keeps two writers of a run apart.
//
// Packages that keep rows of their own in a store use [Store.Read] and [Store.Write], whose [Tx] takes the same SQL for
// every database that a store can be in: placeholders are ?, flags are 0 or 1, rows by the thousand go in by Insert, and
// nothing is used that only one of SQLite and PostgreSQL knows. The comment in internal/database/engine.go has the whole list.
//
// All of the package is safe for concurrent use.
package tracker
