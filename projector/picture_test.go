package projector

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// travelling is a training whose samples all go the same way, twice as far at every other transition, and each a little of
// its own.
func travelling(name string, epochs []int, seed uint64) training {
	vector := func(epoch, sample int, v []float32) {
		r := rand.New(rand.NewPCG(seed, uint64(sample)))
		for j := range v {
			v[j] = float32(r.NormFloat64())
		}
		way := 0.0
		for e := range epoch {
			way += 0.4 * float64(1+e%2)
			v[2+(e+sample)%9] += float32(0.05 * r.NormFloat64())
		}
		v[0] += float32(way * math.Cos(0.05*way))
		v[1] += float32(way * math.Sin(0.05*way))
		v[11] += float32(5 * seed) // another run is elsewhere
	}
	return training{name: name, epochs: epochs, samples: 60, classes: 3, vectors: vector,
		missing: func(epoch, sample int) bool { return (epoch+sample)%9 == 0 }}
}

// paceOf returns the largest and the smallest share of a transition of a run in all movement on the map over its share in
// the layer, by medians over the samples that both epochs have.
func paceOf(t *testing.T, p *Projection, c training, run string) (most, least float64) {
	t.Helper()
	var laid, layer []float64
	var before Coordinates
	for _, at := range placements(t, p, Query{AllEpochs: true}) {
		if at.Run != run {
			continue
		}
		var moved, truly []float64
		for i, sample := range at.Samples {
			k := slices.Index(before.Samples, sample)
			if k < 0 {
				continue
			}
			moved = append(moved, math.Hypot(float64(at.Coordinates[2*i]-before.Coordinates[2*k]), float64(at.Coordinates[2*i+1]-before.Coordinates[2*k+1])))
			a, b := make([]float32, dim), make([]float32, dim)
			number, err := strconv.Atoi(strings.TrimPrefix(sample, "s"))
			if err != nil {
				t.Fatal(err)
			}
			c.vectors(before.Epoch, number, a)
			c.vectors(at.Epoch, number, b)
			square := 0.0
			for j := range a {
				square += math.Pow(float64(a[j]-b[j]), 2)
			}
			truly = append(truly, math.Sqrt(square))
		}
		if len(moved) > 0 {
			slices.Sort(moved)
			slices.Sort(truly)
			laid, layer = append(laid, moved[len(moved)/2]), append(layer, truly[len(truly)/2])
		}
		before = at
	}
	sum := func(v []float64) (s float64) {
		for _, x := range v {
			s += x
		}
		return s
	}
	most, least = 0, math.Inf(1)
	for k := range laid {
		q := laid[k] / sum(laid) / (layer[k] / sum(layer))
		most, least = max(most, q), min(least, q)
	}
	return most, least
}

// TestPaced: on a map of two runs, with other epochs, gaps and missing samples, each transition has its share, and so have
// those that are extended.
func TestPaced(t *testing.T) {
	store := newStore(t)
	a, b := travelling("a", []int{1, 2, 3, 4, 7, 8, 9, 10}, 1), travelling("b", []int{2, 3, 4, 5, 6}, 2)
	runA, runB := logTraining(t, store, a), logTraining(t, store, b)
	o := quick()
	o.Mode, o.NEpochs = "paced", 200
	p := project(t, store, o, "a", "b")
	check := func(when string) {
		t.Helper()
		for run, c := range map[string]training{runA: a, runB: b} {
			if most, least := paceOf(t, p, c, run); most > 1.25 || least < 0.8 {
				t.Errorf("%s: a transition of run %s has %.2f to %.2f of its share", when, c.name, least, most)
			}
		}
	}
	check("fitted")
	logMore(t, store, b, 7)
	logMore(t, store, a, 11, 12)
	before := placements(t, p, Query{AllEpochs: true})
	p = extend(t, p)
	check("extended")
	for _, at := range before {
		i := slices.IndexFunc(placements(t, p, Query{AllEpochs: true}), func(q Coordinates) bool {
			return q.Run == at.Run && q.Epoch == at.Epoch && slices.Equal(q.Coordinates, at.Coordinates)
		})
		if i < 0 {
			t.Errorf("epoch %d of run %s has moved", at.Epoch, at.Run)
		}
	}
	p, err := p.Refit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	check("refitted")
	o.Mode = "balanced" // which has no pace: or this test would prove nothing
	if most, least := paceOf(t, project(t, store, o, "a"), a, runA); most < 1.3 && least > 0.75 {
		t.Errorf("balanced has %.2f to %.2f", least, most)
	}
}
