package projector

import (
	"context"
	"slices"

	"github.com/zoetrope-ml/zoetrope/projector/paced"
	"github.com/zoetrope-ml/zoetrope/projector/umap"
)

// pictures are what is seen at once: each the rows of a frame or, where a mode keeps time, those of all runs at an epoch.
type pictures struct {
	src  *source
	rows [][]int32 // of each picture, ascending
	of   []int32   // of each row, its picture
}

// pictures returns those of the mode, in the order of the frames or, where the mode keeps time, of the epochs.
func (s *source) pictures(o Options) pictures {
	p := pictures{src: s, of: s.groups()}
	if recipes[o.Mode].paced {
		var epochs []int
		for _, f := range s.frames {
			epochs = append(epochs, f.epoch)
		}
		slices.Sort(epochs)
		epochs = slices.Compact(epochs)
		for i, frame := range p.of {
			at, _ := slices.BinarySearch(epochs, s.frames[frame].epoch)
			p.of[i] = int32(at)
		}
	}
	for i, at := range p.of {
		for int(at) >= len(p.rows) {
			p.rows = append(p.rows, nil)
		}
		p.rows[at] = append(p.rows[at], int32(i))
	}
	return p
}

// vectors returns the rows of a picture, n×dim.
func (p pictures) vectors(picture int) []float32 {
	rows, dim := p.rows[picture], p.src.dim
	first, n := int(rows[0]), len(rows)
	if int(rows[n-1]) == first+n-1 {
		return p.src.x[first*dim : (first+n)*dim]
	}
	x := make([]float32, 0, n*dim)
	for _, i := range rows {
		x = append(x, p.src.x[int(i)*dim:(int(i)+1)*dim]...)
	}
	return x
}

// join makes one graph of one for each picture, nil for one without edges.
func (p pictures) join(parts []*umap.Graph) *umap.Graph {
	g := &umap.Graph{Start: make([]int, len(p.of)+1)}
	next := make([]int, len(parts)) // row of each picture: they come in order
	for i, at := range p.of {
		if part := parts[at]; part != nil {
			k := next[at]
			next[at]++
			for _, c := range part.Col[part.Start[k]:part.Start[k+1]] {
				g.Col = append(g.Col, p.rows[at][c])
			}
			g.Weight = append(g.Weight, part.Weight[part.Start[k]:part.Start[k+1]]...)
		}
		g.Start[i+1] = len(g.Col)
	}
	return g
}

// film returns what keeps the time of the map, nil if that is not the mode's matter.
func (p pictures) film(ctx context.Context, o Options) (*paced.Film, error) {
	if !recipes[o.Mode].paced {
		return nil, nil
	}
	samples := make([]int32, 0, len(p.of))
	numbers := map[probe]int32{}
	for _, f := range p.src.frames {
		for _, number := range f.numbers {
			of := probe{f.run, number}
			if _, ok := numbers[of]; !ok {
				numbers[of] = int32(len(numbers))
			}
			samples = append(samples, numbers[of])
		}
	}
	rows := paced.Rows{X: p.src.x, Dim: p.src.dim, Epoch: p.of, Sample: samples}
	return paced.New(ctx, rows, paced.Options{Dims: o.Dims, Metric: o.Metric, Travel: o.Travel, Seed: o.Seed, Workers: o.Workers})
}
