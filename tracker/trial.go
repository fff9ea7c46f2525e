package tracker

import "fmt"

// A Trial checks what is to be logged to a new run by the rules that its store will have, and stores nothing. It is for
// programs that know all of a run before they log any of it, such as an import: what a Trial takes is not refused later as
// [ErrInvalid], with a part of the run stored already. It needs no store.
type Trial struct {
	run  *Run
	dims map[string]trialDim // by layer
}

// A trialDim is how many columns a layer has, and the epoch that said so.
type trialDim struct{ dim, epoch int }

// Try checks the settings of a run and returns a trial of it.
func Try(c RunConfig) (*Trial, error) {
	if _, _, err := c.prepare(); err != nil {
		return nil, err
	}
	r := c.run(nil)
	r.samples.Store(&sampleIndex{})
	return &Trial{run: r, dims: map[string]trialDim{}}, nil
}

// AddSamples refuses what [Run.AddSamples] would. It is given each sample of the run once, in one call or in several.
func (t *Trial) AddSamples(samples []Sample) error {
	rows, err := encodeSamples(samples)
	if err != nil {
		return err
	}
	before := t.run.samples.Load()
	x := &sampleIndex{rows: before.rows, uids: before.uids}
	x.follow(int64(len(before.rows))+1, rows)
	t.run.samples.Store(x)
	return nil
}

// Log refuses what [Run.Log] would, after the samples and epochs that the trial has had.
func (t *Trial) Log(e Epoch) error {
	p, err := t.run.prepareEpoch(t.run.samples.Load(), e)
	if err != nil {
		return fmt.Errorf("epoch %d: %w", e.Number, err)
	}
	for _, f := range p.frames {
		other, known := t.dims[f.layer]
		if !known {
			t.dims[f.layer] = trialDim{f.dim, e.Number}
		} else if other.dim != f.dim {
			return t.run.otherDim(e.Number, f.layer, f.dim, other.dim, other.epoch)
		}
	}
	return nil
}
