package tracker

import (
	"context"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// A sampleSums is what a run knows of its samples beside them: sums of the ids, labels and metadata of all, in their order,
// or seal.None if an earlier version has stored some of them.
type sampleSums struct{ ids, labels, metadata int64 }

func readSums(ctx context.Context, tx *Tx, run int64) (s sampleSums, err error) {
	err = tx.QueryRowContext(ctx, "SELECT ids_sum, labels_sum, metadata_sum FROM run WHERE id = ?", run).Scan(&s.ids, &s.labels, &s.metadata)
	return s, err
}

// addSums brings the sums of a run that had the samples of one index, and has now those of another, up to date.
func addSums(ctx context.Context, tx *Tx, run int64, before, now *sampleIndex, batch []content.SampleRow) error {
	s, err := readSums(ctx, tx, run)
	if err != nil || s.ids == seal.None && before.positions > 0 {
		return err
	}
	if before.positions == 0 {
		s = sampleSums{}
	}
	label := func(i int) string { return batch[i].Label.String }
	metadata := func(i int) string { return batch[i].Metadata.String }
	const query = "UPDATE run SET ids_sum = ?, labels_sum = ?, metadata_sum = ? WHERE id = ?"
	_, err = tx.ExecContext(ctx, query, now.sum, seal.Texts(uint32(s.labels), len(batch), label), seal.Texts(uint32(s.metadata), len(batch), metadata), run)
	return err
}

// checkIDs returns ErrCorrupt if the ids are not those that were logged.
func (s sampleSums) checkIDs(ids uint32) error { return s.check("ids", s.ids, ids) }

func (s sampleSums) check(what string, want int64, got uint32) error {
	if want == seal.None || want == int64(got) {
		return nil
	}
	return refuse(ErrCorrupt, "the %s of its samples are not those that were logged: a sample or an index of the store is damaged", what)
}

// CheckSamples compares the ids and labels of all n samples of a run, in their order, with sums of those that were logged:
// for packages that read them by SQL of their own. run is run.id. It returns [ErrCorrupt] if they are others.
func CheckSamples(ctx context.Context, tx *Tx, run int64, n int, id, label func(i int) string) error {
	s, err := readSums(ctx, tx, run)
	if err != nil {
		return err
	}
	if s.ids == seal.None {
		return nil
	}
	if err := s.checkIDs(seal.Texts(0, n, id)); err != nil {
		return err
	}
	return s.check("labels", s.labels, seal.Texts(0, n, label))
}
