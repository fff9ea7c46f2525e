package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// What is read wrong is counted by kind. Of outputs, metrics and lists the store has no sums: they are counted, too.
const (
	wrongVectors  = "vectors"
	wrongIDs      = "ids"
	wrongPoints   = "points"
	wrongLabels   = "labels"
	wrongMetadata = "metadata"
	wrongPicture  = "thumbnails"
	panicked      = "panics"
	wrongOutputs  = "outputs (no sum)"
	wrongMetrics  = "metrics (no sum)"
	wrongLists    = "lists of epochs, layers, maps (no sum)"
)

// promised are the kinds that must never be wrong without an error.
var promised = []string{wrongVectors, wrongIDs, wrongPoints, wrongLabels, wrongMetadata, wrongPicture, panicked}

// A content is all that a store says, by what it was asked.
type content struct {
	said map[string]string // for a question, the answer
	kind map[string]string // and what would be wrong
}

func (c *content) say(kind, question string, answer any) {
	b, err := json.Marshal(answer)
	if err != nil {
		b = []byte(err.Error())
	}
	c.said[question], c.kind[question] = string(b), kind
}

// wrong returns, by kind, a question that other answers another way.
func (c *content) wrong(other *content) map[string]string {
	questions := map[string]string{}
	for question, answer := range other.said {
		if truth, asked := c.said[question]; asked && truth != answer {
			questions[c.kind[question]] = question
		}
	}
	return questions
}

// readAll asks a store for everything. What it is asked is taken from truth or, where that is nil, from the store's own lists.
func readAll(ctx context.Context, store *tracker.Store, truth *content) (c *content, errs []error) {
	r := &reader{ctx: ctx, store: store, c: &content{said: map[string]string{}, kind: map[string]string{}}}
	r.c.say(panicked, "panics", "none")
	defer func() {
		if p := recover(); p != nil {
			r.c.say(panicked, "panics", fmt.Sprint(p))
		}
		c, errs = r.c, r.errs
	}()
	for _, run := range runs {
		r.run(run)
	}
	r.maps(truth)
	return
}

// A reader keeps what it is told, and the errors.
type reader struct {
	ctx   context.Context
	store *tracker.Store
	c     *content
	errs  []error
}

// keep notes an answer, or the error.
func (r *reader) keep(err error, kind, question string, answer any) {
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", question, err))
		return
	}
	r.c.say(kind, question, answer)
}

func (r *reader) run(run string) {
	list, err := r.store.Epochs(r.ctx, run)
	r.keep(err, wrongLists, run+" epochs", list)
	frames, err := r.store.Frames(r.ctx, run)
	r.keep(err, wrongLists, run+" frames", frames)
	r.samples(run)
	for number := range epochs {
		for _, layer := range []string{"fc1", "fc2", "few"} {
			f, err := r.store.Frame(r.ctx, run, layer, number)
			at := fmt.Sprintf("%s %s %d ", run, layer, number)
			r.keep(err, wrongVectors, at+"vectors", bitsOf(f.Vectors))
			r.keep(err, wrongIDs, at+"ids", f.IDs)
		}
		o, err := r.store.Outputs(r.ctx, run, number)
		r.keep(err, wrongIDs, fmt.Sprintf("%s %d ids of outputs", run, number), known(o.IDs))
		r.keep(err, wrongOutputs, fmt.Sprintf("%s %d outputs", run, number), o)
		o, err = r.store.AllOutputs(r.ctx, run, number)
		r.keep(err, wrongOutputs, fmt.Sprintf("%s %d all outputs", run, number), fmt.Sprint(o))
	}
	m, err := r.store.Metrics(r.ctx, run)
	r.keep(err, wrongMetrics, run+" metrics", fmt.Sprint(m))
}

func (r *reader) samples(run string) {
	list, err := r.store.Samples(r.ctx, run)
	var ids, labels []string
	var metadata []map[string]any
	for _, s := range list {
		ids, labels, metadata = append(ids, s.ID), append(labels, s.Label), append(metadata, s.Metadata)
	}
	r.keep(err, wrongIDs, run+" ids", ids)
	r.keep(err, wrongLabels, run+" labels", labels)
	r.keep(err, wrongMetadata, run+" metadata", metadata)
	for i := samples / 2; i < samples; i += 5 {
		id := fmt.Sprintf("%s-%03d", run[len("test/"):], i)
		png, err := r.store.Thumbnail(r.ctx, run, id)
		r.keep(err, wrongPicture, run+" thumbnail "+id, png)
	}
}

// known returns those of the ids that no run has: an output that is lost has no id here, and a wrong id is one of these.
func known(ids []string) (strangers []string) {
	for _, id := range ids {
		var name string
		var n int
		if k, err := fmt.Sscanf(id, "%3s-%03d", &name, &n); k != 2 || err != nil || !slices.Contains(runs, "test/"+name) || n < 0 || n >= samples {
			strangers = append(strangers, id)
		}
	}
	return strangers
}

func (r *reader) maps(truth *content) {
	var ids []string
	list, err := projector.List(r.ctx, r.store, "")
	for _, info := range list {
		ids = append(ids, info.ID)
	}
	r.keep(err, wrongLists, "maps", ids)
	if truth != nil {
		if err := json.Unmarshal([]byte(truth.said["maps"]), &ids); err != nil {
			panic(err)
		}
	}
	for _, id := range ids {
		p, err := projector.Open(r.ctx, r.store, id)
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		r.mapOf(id, p)
	}
}

func (r *reader) mapOf(id string, p *projector.Projection) {
	o, err := p.Outline(r.ctx)
	if o == nil {
		o = &projector.Outline{}
	}
	r.keep(err, wrongPoints, id+" extremes", fmt.Sprint(o.Low, o.High))
	r.keep(err, wrongLists, id+" epochs", o.Epochs)
	for _, name := range runs {
		run, err := r.store.Run(r.ctx, name)
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		for number := range epochs {
			at := fmt.Sprintf("%s %s %d ", id, name, number)
			blocks, err := p.Blocks(r.ctx, run.ID, samples, []int{number})
			var block []float32
			if len(blocks) == 1 {
				block = blocks[0]
			}
			r.keep(err, wrongPoints, at+"block", bitsOf(block))
			r.points(at, p, projector.Query{Run: name, Epoch: number})
		}
		path, err := p.Trajectory(r.ctx, projector.Query{Run: name, Samples: []string{name[len("test/"):] + "-004"}})
		r.keep(err, wrongPoints, id+name+" path", places(path))
	}
}

func (r *reader) points(at string, p *projector.Projection, q projector.Query) {
	list, err := p.Points(r.ctx, q)
	var ids, labels, predictions []string
	for _, pt := range list {
		ids, labels, predictions = append(ids, pt.Sample), append(labels, pt.Label), append(predictions, pt.Prediction)
	}
	r.keep(err, wrongPoints, at+"points", places(list))
	r.keep(err, wrongIDs, at+"ids", ids)
	r.keep(err, wrongLabels, at+"labels", labels)
	r.keep(err, wrongOutputs, at+"predictions", predictions)
}

func places(list []projector.Point) (at [][3]float64) {
	for _, p := range list {
		at = append(at, [3]float64{p.X, p.Y, p.Z})
	}
	return at
}

// bitsOf are the numbers' bits: NaN is equal to itself.
func bitsOf(v []float32) []uint32 {
	b := make([]uint32, len(v))
	for i := range v {
		b[i] = math.Float32bits(v[i])
	}
	return b
}
