package train

import (
	"sync"

	"gorgonia.org/tensor"
)

// batch is images with their labels as the network takes them.
type batch struct {
	images *tensor.Dense // rows×1×28×28, normalised
	target *tensor.Dense // rows labels, or rows×10 one-hot
}

func newBatch(rows int, oneHot bool) *batch {
	b := &batch{images: tensor.New(tensor.WithShape(rows, 1, Side, Side), tensor.Of(tensor.Float32))}
	if oneHot {
		b.target = tensor.New(tensor.WithShape(rows, Classes), tensor.Of(tensor.Float32))
	} else {
		b.target = tensor.New(tensor.WithShape(rows), tensor.Of(tensor.Int))
	}
	return b
}

// fill loads the given rows of set; the rest of the batch is unchanged.
func (b *batch) fill(set *Set, rows []int32) {
	x := b.images.Float32s()
	for i, r := range rows {
		src, dst := set.Image(int(r)), x[i*Pixels:(i+1)*Pixels]
		for k := range dst {
			dst[k] = normalised[src[k]]
		}
	}
	if b.target.Dims() == 1 {
		y := b.target.Ints()
		for i, r := range rows {
			y[i] = int(set.Labels[r])
		}
		return
	}
	y := b.target.Float32s()
	clear(y[:len(rows)*Classes])
	for i, r := range rows {
		y[i*Classes+int(set.Labels[r])] = 1
	}
}

// normalised holds (b/255 - 0.1307) / 0.3081 for each byte: MNIST's mean and standard deviation.
var normalised = func() (t [256]float32) {
	for b := range t {
		t[b] = (float32(b)/255 - 0.1307) / 0.3081
	}
	return t
}()

// A loader makes batches of a set's images in a given order. While the network learns from one batch
// it fills the next one in the background, into memory that it keeps.
type loader struct {
	oneHot bool
	spare  [2]map[int]*batch // the two that take turns, by rows: the full batch's, and the rest's

	set   *Set
	order []int32
	size  int // images in a batch; the last one may have fewer
	index int // of the batch that is being filled, or was last
	last  *batch

	fill    func() // fills that batch; made once, so that starting it does not allocate
	filling sync.WaitGroup
}

func newLoader(oneHot bool) *loader {
	l := &loader{oneHot: oneHot, spare: [2]map[int]*batch{{}, {}}}
	l.fill = func() {
		defer l.filling.Done()
		l.last.fill(l.set, l.rows())
	}
	return l
}

// start begins to fill the first batch. The caller must call stop.
func (l *loader) start(set *Set, order []int32, size int) {
	l.set, l.order, l.size, l.index = set, order, size, 0
	l.prepare()
}

// next returns the next batch, good until the next call, and begins to fill the one after it. It
// returns nil after the last.
func (l *loader) next() *batch {
	l.filling.Wait()
	b := l.last
	l.index++
	l.prepare()
	return b
}

// stop waits for the goroutine in the background.
func (l *loader) stop() {
	l.filling.Wait()
	l.set, l.order, l.last = nil, nil, nil
}

func (l *loader) prepare() {
	n := len(l.rows())
	if n == 0 {
		l.last = nil
		return
	}
	spare := l.spare[l.index%2]
	if spare[n] == nil {
		spare[n] = newBatch(n, l.oneHot)
	}
	l.last = spare[n]
	l.filling.Add(1)
	go l.fill()
}

// rows are the images of the batch at index.
func (l *loader) rows() []int32 {
	n := len(l.order)
	return l.order[min(n, l.index*l.size):min(n, (l.index+1)*l.size)]
}
