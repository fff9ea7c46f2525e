package paced

import (
	"context"
	"math"
	"slices"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/internal/procrustes"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// A leg joins an epoch to another, as far from it as their means are in the layer.
type leg struct {
	to             int
	length, weight float64
}

// allHops is up to how many epochs apart all pairs are joined; beyond, those whose distance is a power of two. So the work
// grows with the number of epochs, not with its square, and a film of up to so many epochs has all pairs.
const allHops = 64

// floor, of the mean step from one epoch to the next, bounds the weight of legs of almost no length, which would stiffen
// the whole path.
const floor = 0.1

// newLegs returns the legs of each epoch: D[s,t] over the samples that both epochs have, with weights 1/(hops²·(D² + floor²)).
// means are those of the epochs' rows.
func (f *Film) newLegs(ctx context.Context, means [][]float64) ([][]leg, error) {
	epochs := len(f.frames)
	cast := make([]int, epochs) // epochs of one cast have the same samples
	for t := 1; t < epochs; t++ {
		if cast[t] = t; f.sameSamples(t-1, t) {
			cast[t] = cast[t-1]
		}
	}
	after := make([][]leg, epochs) // of each epoch, to later ones
	err := vec.Each(ctx, epochs, f.o.Workers, func(_, s int) {
		for t := s + 1; t < epochs && ctx.Err() == nil; t++ {
			if hops := t - s; hops > allHops && hops&(hops-1) != 0 {
				continue
			}
			a, b := means[s], means[t]
			if cast[s] != cast[t] {
				in, at := f.common(s, t)
				if len(in) == 0 {
					continue
				}
				a, b = f.mean(f.x, f.dim, in), f.mean(f.x, f.dim, at)
			}
			after[s] = append(after[s], leg{to: t, length: f.length(a, b)})
		}
	})
	return f.weigh(after), err
}

// means returns the mean of each epoch's rows.
func (f *Film) means(ctx context.Context) ([][]float64, error) {
	means := make([][]float64, len(f.frames))
	err := vec.Each(ctx, len(means), f.o.Workers, func(_, t int) { means[t] = f.mean(f.x, f.dim, f.frames[t]) })
	return means, err
}

// weigh gives legs to later epochs their weights, and returns them with those to earlier epochs.
func (f *Film) weigh(after [][]leg) [][]leg {
	step, steps := 0.0, 0.0
	for s, list := range after {
		if len(list) > 0 && list[0].to == s+1 {
			step, steps = step+list[0].length, steps+1
		}
	}
	least := floor * step / max(steps, 1)
	legs := make([][]leg, len(after))
	for s, list := range after {
		for _, l := range list {
			hops := float64(l.to - s)
			if square := float64(l.length*l.length) + float64(least*least); square > 0 {
				l.weight = 1 / (hops * hops * square)
				legs[s] = append(legs[s], l)
				legs[l.to] = append(legs[l.to], leg{s, l.length, l.weight})
			}
		}
	}
	return legs
}

func (f *Film) sameSamples(s, t int) bool {
	return slices.EqualFunc(f.frames[s], f.frames[t], func(a, b int32) bool { return f.sample[a] == f.sample[b] })
}

// common returns the rows of the samples that both epochs have, at either.
func (f *Film) common(s, t int) (in, at []int32) {
	a, b := f.frames[s], f.frames[t]
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch x, y := f.sample[a[i]], f.sample[b[j]]; {
		case x < y:
			i++
		case x > y:
			j++
		default:
			in, at = append(in, a[i]), append(at, b[j])
			i, j = i+1, j+1
		}
	}
	return in, at
}

// newPath returns the places of the epochs' means, epochs×dims, in units of the film, about the middle. It begins on the
// principal plane of the means, turned as the pictures y lie.
func (f *Film) newPath(ctx context.Context, y []float32) ([]float64, error) {
	epochs, dims := len(f.frames), f.o.Dims
	means, err := f.means(ctx)
	if err != nil {
		return nil, err
	}
	legs, err := f.newLegs(ctx, means)
	if err != nil {
		return nil, err
	}
	for t := range means {
		for k := range means[t] {
			means[t][k] /= f.unit
		}
	}
	plane, err := space.PCA(ctx, narrow(means), f.dim, dims, f.o.Workers)
	if err != nil {
		return nil, err
	}
	procrustes.Turn(plane, f.view(means, y), dims, make([]bool, epochs))
	path := make([]float64, len(plane))
	centre(path, plane, dims)
	stretch(path, legs, dims)
	for range pathRounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for t := range epochs {
			majorise(path, t, legs[t], dims, 1)
		}
	}
	return path, nil
}

// view shows the means as the pictures y show the rows, but for the scale: through the covariance of the two,
//
//	view[t] = Σ Z[s,i]·(X[s,i] − mean X[s])ᵀ mean X[t]    over all rows
func (f *Film) view(means [][]float64, y []float32) []float32 {
	dims := f.o.Dims
	cross := make([]float64, dims*f.dim)
	for i, t := range f.epoch {
		for k, v := range f.x[i*f.dim:][:f.dim] {
			apart := float64(v)/f.unit - means[t][k]
			for j := range dims {
				cross[j*f.dim+k] += float64(float64(y[i*dims+j]) * apart)
			}
		}
	}
	view := make([]float32, len(means)*dims)
	for t, mean := range means {
		for j := range dims {
			sum := 0.0
			for k, v := range mean {
				sum += float64(cross[j*f.dim+k] * v)
			}
			view[t*dims+j] = float32(sum / float64(f.n))
		}
	}
	return view
}

// narrow returns rows one after the other.
func narrow(rows [][]float64) (out []float32) {
	for _, row := range rows {
		for _, v := range row {
			out = append(out, float32(v))
		}
	}
	return out
}

// pathRounds is enough for a path of some hundred epochs to change by less than a thousandth of a step.
const pathRounds = 300

// majorise moves place t of the path to where the stress
//
//	Σ weight·(|g[t] − g[s]| − scale·length)²
//
// is least for the others as they lie, or rather its upper bound that touches it here (de Leeuw, Applications of convex
// analysis to multidimensional scaling, 1977): so that it never grows.
func majorise(path []float64, t int, legs []leg, dims int, scale float64) {
	var sum [3]float64
	total := 0.0
	here := path[t*dims:][:dims]
	for _, l := range legs {
		there := path[l.to*dims:][:dims]
		square := 0.0
		for j, v := range here {
			square += float64((v - there[j]) * (v - there[j]))
		}
		reach := 0.0 // of a unit of here − there
		if d := math.Sqrt(square); d > 0 {
			reach = scale * l.length / d
		}
		for j, v := range here {
			sum[j] += float64(l.weight * (there[j] + float64(reach*(v-there[j]))))
		}
		total += l.weight
	}
	if total == 0 {
		return
	}
	for j := range here {
		here[j] = sum[j] / total
	}
}

// stretch scales a path so that its legs are as long as they should be, in the mean.
func stretch(path []float64, legs [][]leg, dims int) {
	want, have := 0.0, 0.0
	for t, list := range legs {
		for _, l := range list {
			square := 0.0
			for j := range dims {
				d := path[t*dims+j] - path[l.to*dims+j]
				square += float64(d * d)
			}
			d := math.Sqrt(square)
			want, have = want+float64(l.weight*l.length*d), have+float64(l.weight*square)
		}
	}
	if have == 0 {
		return
	}
	for i := range path {
		path[i] *= want / have
	}
}

// centre sets path to places, put about the middle.
func centre(path []float64, places []float32, dims int) {
	mean := make([]float64, dims)
	n := float64(len(places) / dims)
	for i, v := range places {
		mean[i%dims] += float64(v) / n
	}
	for i, v := range places {
		path[i] = float64(v) - mean[i%dims]
	}
}
