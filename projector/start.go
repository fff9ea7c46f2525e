package projector

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/internal/random"
	"github.com/zoetrope-ml/zoetrope/projector/space"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// initGiven is what Options.Init says of a projection that began at given coordinates.
const initGiven = "given"

// startPlaces returns where the rows of src lie before the first pass. One that began at given coordinates and is fitted
// anew begins as suits the mode.
func startPlaces(ctx context.Context, src *source, g *umap.Graph, o Options) ([]float32, error) {
	if o.Init == initGiven {
		o.Init = recipes[o.Mode].init
	}
	if o.Init == "first" {
		return firstPlaces(ctx, src, o)
	}
	return umap.Start(ctx, src.x, src.dim, g, o.umap())
}

// startFrom returns the places of all rows from those of start.
func (s *source) startFrom(start []Coordinates, o Options) ([]float32, error) {
	dims := o.Dims
	y := make([]float32, s.rows()*dims)
	for _, f := range s.frames {
		run := s.runs[f.run]
		k := slices.IndexFunc(start, func(p Coordinates) bool {
			return p.Epoch == f.epoch && (p.Run == run || p.Run == "" && len(s.runs) == 1)
		})
		if k < 0 {
			return nil, fmt.Errorf("%w: the start has no places for epoch %d of run %s", ErrOptions, f.epoch, run)
		}
		p := start[k]
		at := make(map[string]int, len(p.Samples))
		for i, sample := range p.Samples {
			at[sample] = i
		}
		for j, sample := range f.samples {
			i, ok := at[sample]
			if p.Samples == nil {
				i, ok = f.numbers[j], true
			}
			if !ok || (i+1)*dims > len(p.Coordinates) {
				return nil, fmt.Errorf("%w: the start has no place for sample %q at epoch %d of run %s", ErrOptions, sample, f.epoch, run)
			}
			place := y[(f.first+j)*dims:][:dims]
			copy(place, p.Coordinates[i*dims:])
			for _, v := range place {
				if math.Abs(float64(v)) > 1e6 || math.IsNaN(float64(v)) {
					return nil, fmt.Errorf("%w: the start has sample %q at epoch %d of run %s at %v: want coordinates of at most 1e6", ErrOptions, sample, f.epoch, run, v)
				}
			}
		}
	}
	for i := range y {
		y[i] += noise(o.Seed, i)
	}
	return y, nil
}

// noise keeps rows that lie on each other from moving as one.
func noise(seed uint64, i int) float32 {
	return float32(2e-4 * (random.Indexed(seed, uint64(i)) - 0.5))
}

// firstPlaces starts every row where its sample first appears, on the principal plane of its run's earliest epoch that
// spans one: the epochs begin as one picture and part only as far as they differ, and that picture is the one in which
// nothing has formed yet.
func firstPlaces(ctx context.Context, src *source, o Options) ([]float32, error) {
	x, width := space.Form(src.x, src.dim, o.Metric)
	dims := o.Dims
	y := make([]float32, src.rows()*dims)
	planes := make([]*space.Principal, len(src.runs))
	for _, f := range src.frames {
		if planes[f.run] == nil || planes[f.run].Rank < dims {
			p, err := space.PrincipalAxes(ctx, x[f.first*width:(f.first+len(f.samples))*width], width, dims, o.Workers)
			if err != nil {
				return nil, err
			}
			if planes[f.run] == nil || p.Rank == dims {
				planes[f.run] = p
			}
		}
	}
	var largest float32
	for key, rows := range src.appearances() {
		first := int(rows[0])
		at := planes[key.run].Place(x[first*width:(first+1)*width], dims)
		for _, row := range rows {
			copy(y[int(row)*dims:], at)
		}
		for _, v := range at {
			largest = max(largest, v, -v)
		}
	}
	if largest == 0 {
		largest = 1
	}
	for i := range y {
		y[i] = 10*y[i]/largest + noise(o.Seed, i)
	}
	return y, nil
}

// startFresh puts each fresh row where its sample was last, or will be next; a row whose sample is not on the map, among
// its neighbours; and one that has none there, in the middle.
func startFresh(src *source, y []float32, fresh []bool, g *umap.Graph, o Options) {
	dims := o.Dims
	at := func(row int32) []float32 { return y[int(row)*dims : (int(row)+1)*dims] }
	known := make([]bool, len(fresh))
	for _, rows := range src.appearances() {
		last := int32(-1)
		follow := func(row int32) {
			if !fresh[row] {
				last = row
			} else if last >= 0 && !known[row] {
				copy(at(row), at(last))
				known[row] = true
			}
		}
		for _, row := range rows {
			follow(row)
		}
		for _, row := range slices.Backward(rows) {
			follow(row)
		}
	}
	for i, is := range fresh {
		if !is || known[i] {
			continue
		}
		p := at(int32(i))
		clear(p)
		var sum float32
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			if j := g.Col[e]; !fresh[j] {
				for d, v := range at(j) {
					p[d] += g.Weight[e] * v
				}
				sum += g.Weight[e]
			}
		}
		for d := range p {
			p[d] /= max(sum, 1e-9)
		}
	}
	for i := range y {
		if fresh[i/dims] {
			y[i] += noise(o.Seed, i)
		}
	}
}
