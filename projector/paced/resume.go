package paced

import (
	"context"
	"math"
	"slices"
)

// Resume takes a map y (n×dims) whose held rows stay where they are, and turns these into pictures, in which the others are
// to be placed before the first pass. The scale is that of the movement on the map, and the path goes on from the epochs
// that have held rows.
func (f *Film) Resume(ctx context.Context, y []float32, held []bool) error {
	if len(held) != f.n || !slices.Contains(held, true) {
		return refuse("none of the rows is held: there is nothing to go on from")
	}
	f.held, f.was = held, slices.Clone(y)
	f.fixed = f.scaleOf(y)
	stays := make([]bool, len(f.frames))
	for i, is := range held {
		stays[f.epoch[i]] = stays[f.epoch[i]] || is
	}
	f.chain = f.newChain(stays)
	if err := f.prolong(ctx, y, stays); err != nil {
		return err
	}
	dims := f.o.Dims
	for i, is := range held {
		for j := range dims {
			if is {
				y[i*dims+j] -= float32(f.path[int(f.epoch[i])*dims+j])
			}
		}
	}
	return nil
}

// scaleOf is the c of the held rows: how far they move on the map, of how far they do in the layer. Where they do not move
// at all, it is as for a film that begins.
func (f *Film) scaleOf(y []float32) float64 {
	dims, s := f.o.Dims, &f.springs
	long, rest := 0.0, 0.0
	for i, is := range f.held {
		for e := s.start[i]; is && e < s.start[i+1]; e++ {
			if to := int(s.to[e]); f.held[to] {
				square := 0.0
				for j, v := range y[i*dims:][:dims] {
					d := float64(v) - float64(y[to*dims+j])
					square += float64(d * d)
				}
				long += float64(float64(s.weight[e]) * math.Sqrt(square))
				rest += float64(float64(s.weight[e]) * float64(s.rest[e]))
			}
		}
	}
	if rest > 0 {
		return long / rest
	}
	var p pairs
	for k, a := range f.pairs.a {
		if b := f.pairs.b[k]; f.held[a] && f.held[b] {
			p.a, p.b = append(p.a, a), append(p.b, b)
		}
	}
	f.pairs, p.length = p, f.lengthOf(p)
	f.pairs.length = p.length
	return f.scale(y)
}

// prolong finds the path, in units of the map: of epochs with held rows it is where these have them, each over the samples
// it shares with the one before, and the others follow from their legs.
func (f *Film) prolong(ctx context.Context, y []float32, stays []bool) error {
	means, err := f.means(ctx)
	if err != nil {
		return err
	}
	legs, err := f.newLegs(ctx, means)
	if err != nil {
		return err
	}
	dims := f.o.Dims
	f.path = make([]float64, len(f.frames)*dims)
	last := -1
	for t, is := range stays {
		if !is {
			continue
		}
		copy(f.path[t*dims:(t+1)*dims], f.middle(y, t, last))
		last = t
	}
	known := slices.Clone(stays)
	for _, t := range f.chain.order {
		f.step(int(t), legs[t], known)
		known[t] = true
	}
	for range pathRounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, t := range f.chain.order {
			majorise(f.path, int(t), legs[t], dims, f.fixed)
		}
	}
	return nil
}

// middle is where the picture of epoch t has its middle on the map y: as far from that of the last as the held samples of
// both have moved, or the mean of those of t where there are none.
func (f *Film) middle(y []float32, t, last int) []float64 {
	dims := f.o.Dims
	own, moved := make([]float64, dims), make([]float64, dims)
	n, both := 0.0, 0.0
	for _, i := range f.frames[t] {
		if !f.held[i] {
			continue
		}
		n++
		before := f.rowAt(f.sample[i], last)
		if before >= 0 && f.held[before] {
			both++
		}
		for j := range dims {
			v := float64(y[int(i)*dims+j])
			own[j] += v
			if before >= 0 && f.held[before] {
				moved[j] += v - float64(y[int(before)*dims+j])
			}
		}
	}
	for j := range dims {
		own[j] /= n
		if both > 0 {
			own[j] = f.path[last*dims+j] + moved[j]/both
		}
	}
	return own
}

// rowAt is the row of a sample at an epoch, −1 if there is none.
func (f *Film) rowAt(sample int32, epoch int) int {
	track := f.tracks[sample]
	k, ok := slices.BinarySearchFunc(track, epoch, func(i int32, epoch int) int { return int(f.epoch[i]) - epoch })
	if !ok {
		return -1
	}
	return int(track[k])
}

// step puts epoch t where the path comes to if it goes straight on through the epochs that are known, from the one that t
// goes by.
func (f *Film) step(t int, legs []leg, known []bool) {
	dims, by := f.o.Dims, int(f.chain.by[t])
	if by < 0 {
		return
	}
	here, from := f.path[t*dims:][:dims], f.path[by*dims:][:dims]
	copy(here, from)
	before := by + by - t // as far on the other side
	k := slices.IndexFunc(legs, func(l leg) bool { return l.to == by })
	if k < 0 || before < 0 || before >= len(known) || !known[before] {
		return
	}
	heading := make([]float64, dims)
	square := 0.0
	for j := range heading {
		heading[j] = from[j] - f.path[before*dims+j]
		square += heading[j] * heading[j]
	}
	for j := range heading {
		if square > 0 {
			here[j] += f.fixed * legs[k].length * heading[j] / math.Sqrt(square)
		}
	}
}
