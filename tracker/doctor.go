package tracker

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/doctor"
)

type (
	// A Report says what [Check] has found: of the store its Path, Engine ("sqlite" or "postgresql"), Schema (0 if it could
	// not be read), Bytes and Free ones (0 for a server), and Runs; in Damage what is wrong, and in Orphans what takes room
	// and belongs to nothing, which does no harm. Both are sentences for people.
	Report = doctor.Report

	// A RunReport says what can be read of a run: its ID, Experiment, Name and State, how many Epochs it has, how many
	// Frames and, of them, how many are whole and right: Readable.
	RunReport = doctor.RunReport

	// Salvaged says what was saved of a damaged store: Runs, and in Lost, in sentences for people, what was not.
	Salvaged = doctor.Salvaged

	// A SalvagedRun is a run as it is in the new store: its ID, Experiment and Name, and how many Epochs, Frames and Samples
	// it has.
	SalvagedRun = doctor.SalvagedRun
)

// Check reads all of the store at path, and compares it with the checksums that were made when it was logged: vectors, samples
// with their labels, metadata and thumbnails, and which sample each row is. Of a file, it also has SQLite look at the structure.
// It changes nothing, and runs may be written meanwhile. What is damaged is no error but part of the report; the error is for
// a store that is not there, or a ctx that was cancelled. progress, which may be nil, is called for each stage.
func Check(ctx context.Context, path string, progress func(stage string, done, total int)) (Report, error) {
	return doctor.Check(ctx, path, doctor.Reads{
		Outputs: func(ctx context.Context, tx *database.Tx, run, epoch int64) error {
			_, err := readAllOutputs(ctx, tx, run, epoch)
			return err
		},
		Metrics: func(ctx context.Context, tx *database.Tx, run int64) error {
			_, err := readMetrics(ctx, tx, run, 0, nil)
			return err
		},
	}, progress)
}

// Salvage copies all that can be read of the store in the file at path to a new store at dest. It reads the file page by page
// and needs none of what holds the pages together, so that a damaged page costs what lies on it and no more; vectors come
// over if their checksums are right, frames if they are whole. What can be told from elsewhere is mended: a lost row of an
// epoch from its index, a lost sample by one without a name. The store at path is not changed, and must not be written
// meanwhile. progress, which may be nil, is called with pages.
func Salvage(ctx context.Context, path, dest string, progress func(done, total int)) (Salvaged, error) {
	return doctor.Salvage(ctx, path, dest, progress)
}
