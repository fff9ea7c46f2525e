package paced

import (
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
)

// A chain keeps the pictures about one middle: each over the samples that it shares with the one before, so that samples
// which come and go move none of the others.
type chain struct {
	order   []int32   // epochs that are put back, each after the one that it goes by
	by      []int32   // of each epoch: the one that it goes by, −1 = the middle itself
	partner []int32   // of each row: that of its sample at this other epoch, −1 = none
	common  []int32   // of each epoch: how many rows have a partner
	shift   []float64 // epochs×dims, of this pass
	part    []float64 // epochs×dims, mean of partners less mean of rows
	gather  func(worker, frame int)
}

// newChain makes each epoch go by the one before. Of a film that is resumed, those with rows that are held stay, and those
// before the first of these go by the one after.
func (f *Film) newChain(stays []bool) chain {
	epochs := len(f.frames)
	c := chain{
		by: make([]int32, epochs), partner: make([]int32, f.n), common: make([]int32, epochs),
		shift: make([]float64, epochs*f.o.Dims), part: make([]float64, epochs*f.o.Dims), gather: f.gatherFrame,
	}
	first := max(0, slices.Index(stays, true))
	for t := range epochs {
		c.by[t] = int32(t - 1)
		if t >= first && (stays == nil || !stays[t]) {
			c.order = append(c.order, int32(t))
		}
	}
	for t := first - 1; t >= 0; t-- {
		c.by[t] = int32(t + 1)
		c.order = append(c.order, int32(t))
	}
	for i := range c.partner {
		c.partner[i] = -1
	}
	for _, rows := range f.tracks {
		for k, i := range rows {
			for _, other := range [2]int{k - 1, k + 1} {
				if t := f.epoch[i]; other >= 0 && other < len(rows) && f.epoch[rows[other]] == c.by[t] {
					c.partner[i] = rows[other]
					c.common[t]++
				}
			}
		}
	}
	return c
}

// align sets y to next, each picture put back about the middle:
//
//	mean (Z[t,i] − Z[t−1,i]) = 0 over the samples i of both epochs, and mean Z[0,i] = 0
//
// Epochs that share no sample have the same mean.
func (f *Film) align(y []float32) {
	c, dims := &f.chain, f.o.Dims
	vec.Parallel(f.o.Workers, len(f.frames), c.gather)
	for _, t := range c.order {
		for j := range dims {
			c.shift[int(t)*dims+j] = c.part[int(t)*dims+j]
			if by := int(c.by[t]); by >= 0 {
				c.shift[int(t)*dims+j] += c.shift[by*dims+j]
			}
		}
	}
	f.y = y
	vec.Parallel(f.o.Workers, vec.ChunksOf(f.n), f.shift)
}

// gatherFrame finds by how much an epoch is off that by which it goes.
func (f *Film) gatherFrame(_, t int) {
	c, dims, rows := &f.chain, f.o.Dims, f.frames[t]
	by := int(c.by[t])
	var sum [3]float64
	for _, i := range rows {
		partner := int(c.partner[i])
		for j := range dims {
			switch {
			case partner >= 0:
				sum[j] += float64(f.next[partner*dims+j]) - float64(f.next[int(i)*dims+j])
			case by < 0 || c.common[t] == 0:
				sum[j] -= float64(f.next[int(i)*dims+j])
			}
		}
	}
	count := float64(len(rows))
	if by >= 0 && c.common[t] > 0 {
		count = float64(c.common[t])
	}
	for j := range dims {
		c.part[t*dims+j] = sum[j] / count
	}
	if by >= 0 && c.common[t] == 0 {
		for _, i := range f.frames[by] {
			for j := range dims {
				c.part[t*dims+j] += float64(f.next[int(i)*dims+j]) / float64(len(f.frames[by]))
			}
		}
	}
}

// shiftChunk sets the rows of a chunk of y.
func (f *Film) shiftChunk(_, chunk int) {
	dims := f.o.Dims
	for i := chunk * vec.Chunk; i < min(f.n, (chunk+1)*vec.Chunk); i++ {
		if f.held != nil && f.held[i] {
			continue
		}
		for j := range dims {
			f.y[i*dims+j] = f.next[i*dims+j] + float32(f.chain.shift[int(f.epoch[i])*dims+j])
		}
	}
}
