package ingest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
)

// A frameKey names a frame that waits for its epoch.
type frameKey struct {
	run   string // id
	epoch int
	layer string
}

// A part of a frame: whole rows.
type part struct {
	rows, dim int
	ids       []string // nil: all samples of the run, in order
	vectors   []float32
	taken     int64 // bytes of the budget
}

// A waiting frame, which its epoch's commit makes visible. Parts are replaced whole, and never changed.
type waiting struct {
	parts   map[int]*part
	puts    int // how often something was put
	touched time.Time
}

// A gathered frame is one that is about to be committed.
type gathered struct {
	layer string
	puts  int
	parts []*part
}

// staging holds frames until their epoch is committed.
type staging struct {
	memory *budget

	mu     sync.Mutex
	frames map[frameKey]*waiting
}

func newStaging(memory *budget) *staging {
	return &staging{memory: memory, frames: map[frameKey]*waiting{}}
}

// put adds a part, whose memory is taken already, in place of one of the same number. It returns how many rows the frame
// has now.
func (s *staging) put(key frameKey, number int, p *part) (rows int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.frames[key]
	if f == nil {
		f = &waiting{parts: map[int]*part{}}
	}
	for n, other := range f.parts {
		if n == number {
			continue
		}
		if other.dim != p.dim {
			return 0, httpjson.Invalid("part %d of layer %q has %d columns, and part %d has %d: all parts of a frame have the same", number, key.layer, p.dim, n, other.dim)
		}
		if (other.ids == nil) != (p.ids == nil) {
			return 0, httpjson.Invalid("part %d of layer %q and part %d must both name their samples, or neither", number, key.layer, n)
		}
		rows += other.rows
	}
	if old := f.parts[number]; old != nil {
		s.memory.give(old.taken)
	}
	s.frames[key] = f
	f.parts[number] = p
	f.puts++
	f.touched = time.Now()
	return rows + p.rows, nil
}

// gather returns the parts of each layer of an epoch, in order.
func (s *staging) gather(run string, epoch int, layers []string) ([]gathered, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var missing []string
	frames := make([]gathered, len(layers))
	for i, layer := range layers {
		f := s.frames[frameKey{run, epoch, layer}]
		if f == nil {
			missing = append(missing, layer)
			continue
		}
		f.touched = time.Now()
		frames[i] = gathered{layer: layer, puts: f.puts}
		for _, n := range slices.Sorted(maps.Keys(f.parts)) {
			frames[i].parts = append(frames[i].parts, f.parts[n])
		}
	}
	if missing != nil {
		return nil, httpjson.Refuse(http.StatusConflict, "frames_missing",
			"epoch %d has no frame of %s: put it, again if the server has restarted since or it has waited for too long, then commit", epoch, strings.Join(missing, ", "))
	}
	return frames, nil
}

// committed forgets the frames of an epoch that were committed, unless something was put in the meantime. It returns the
// layers of which something else was put for that epoch, which is forgotten too: the epoch is complete without it.
func (s *staging) committed(run string, epoch int, frames []gathered) (discarded []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, f := range s.frames {
		if key.run != run || key.epoch != epoch {
			continue
		}
		i := slices.IndexFunc(frames, func(g gathered) bool { return g.layer == key.layer })
		if i < 0 {
			discarded = append(discarded, key.layer)
		} else if frames[i].puts != f.puts {
			continue
		}
		s.dropLocked(key)
	}
	slices.Sort(discarded)
	return discarded
}

// forgetRun forgets all frames of a run.
func (s *staging) forgetRun(run string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.frames {
		if key.run == run {
			s.dropLocked(key)
		}
	}
}

// forget forgets frames that nobody has touched since.
func (s *staging) forget(before time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, f := range s.frames {
		if f.touched.Before(before) {
			s.dropLocked(key)
		}
	}
}

func (s *staging) dropLocked(key frameKey) {
	for _, p := range s.frames[key].parts {
		s.memory.give(p.taken)
	}
	delete(s.frames, key)
}
