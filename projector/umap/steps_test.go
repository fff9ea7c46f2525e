package umap

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/vec"
	"github.com/zoetrope-ml/zoetrope/projector/space"
)

func TestMembershipsSum(t *testing.T) {
	x := blobs(400, 6, 2, 1)
	for _, near := range []int{2, 3, 5, 15, 100} {
		for _, local := range []float64{0, 0.5, 1, 1.5, 3} {
			local = min(local, float64(near-1))
			knn, err := space.Neighbors(ctx, x, 6, space.NeighborOptions{NNeighbors: near, Metric: "euclidean"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			v, err := Memberships(ctx, knn, local, 1)
			if err != nil {
				t.Fatal(err)
			}
			// log2(k) is the sum wherever there is room for it between the
			// neighbours that are fully connected and all of them, and more
			// where that asks for σ below its floor.
			want := math.Log2(float64(near))
			want = min(max(want, math.Floor(local)), float64(knn.K))
			for i := range knn.N {
				sum := 0.0
				for _, s := range v[i*knn.K : (i+1)*knn.K] {
					if s < 0 || s > 1 {
						t.Fatalf("membership %v", s)
					}
					sum += float64(s)
				}
				dist := knn.Dist[i*knn.K : (i+1)*knn.K]
				floored := sum > want && slices.ContainsFunc(dist, func(d float32) bool {
					over := float64(d) - localDistance(dist, local)
					return over > 0 && over < 0.03
				})
				if math.Abs(sum-want) > 1e-4 && !floored {
					t.Fatalf("%d neighbours, local connectivity %v: memberships of row %d sum to %v, want %v", near, local, i, sum, want)
				}
			}
		}
	}
}

func TestFuzzyUnion(t *testing.T) {
	x := blobs(500, 4, 2, 3)
	knn, _ := space.Neighbors(ctx, x, 4, space.NeighborOptions{NNeighbors: 8, Metric: "euclidean"}, nil)
	v, _ := Memberships(ctx, knn, 1, 1)
	strength := map[[2]int32]float64{}
	for e, j := range knn.Index {
		strength[[2]int32{int32(e / knn.K), j}] = float64(v[e])
	}
	for _, mix := range []float64{0, 0.3, 1} {
		g, err := FuzzyUnion(ctx, knn, v, mix, 3)
		if err != nil {
			t.Fatal(err)
		}
		edges := weights(t, g)
		for e := range strength {
			a, b := strength[e], strength[[2]int32{e[1], e[0]}]
			want := mix*(a+b-a*b) + (1-mix)*a*b
			if got := edges[e]; math.Abs(got-want) > 1e-6 {
				t.Fatalf("mix %v: weight of %v = %v, want %v", mix, e, got, want)
			}
			if edges[e] != edges[[2]int32{e[1], e[0]}] {
				t.Fatalf("mix %v: edge %v differs from its reverse", mix, e)
			}
		}
		both, err := Unite(ctx, g, g, 2)
		if err != nil {
			t.Fatal(err)
		}
		for e, w := range weights(t, both) {
			if want := edges[e] * (2 - edges[e]); math.Abs(w-want) > 1e-6 {
				t.Fatalf("united with itself: weight of %v = %v, want %v", e, w, want)
			}
		}
		kept := weights(t, g.Prune(4))
		for e, w := range edges {
			if _, ok := kept[e]; ok != (w >= 0.25*maxOf(edges)) {
				t.Fatalf("edge of weight %v kept: %v", w, ok)
			}
		}
	}
}

// weights returns the edges of g, having checked that rows are sorted.
func weights(t *testing.T, g *Graph) map[[2]int32]float64 {
	edges := map[[2]int32]float64{}
	for i := range g.Rows() {
		if row := g.Col[g.Start[i]:g.Start[i+1]]; !slices.IsSorted(row) {
			t.Fatalf("edges of row %d are not sorted: %v", i, row)
		}
		for e := g.Start[i]; e < g.Start[i+1]; e++ {
			edges[[2]int32{int32(i), g.Col[e]}] = float64(g.Weight[e])
		}
	}
	return edges
}

func maxOf(edges map[[2]int32]float64) (top float64) {
	for _, w := range edges {
		top = max(top, w)
	}
	return top
}

func TestFitCurve(t *testing.T) {
	for _, c := range []struct{ minDist, spread, a, b float64 }{ // umap-learn 0.5.3
		{0.1, 1, 1.57694346, 0.89506088},
		{0.01, 1, 1.89560572, 0.80064060},
		{0, 1, 1.93280840, 0.79049497},
		{0.5, 1, 0.58303001, 1.33416694},
		{1, 1, 0.11497568, 1.92922773},
		{0.1, 2, 0.54466054, 0.84205543},
	} {
		a, b := FitCurve(c.minDist, c.spread)
		if math.Abs(a-c.a) > 1e-4 || math.Abs(b-c.b) > 1e-4 {
			t.Errorf("FitCurve(%v, %v) = %v, %v, want %v, %v", c.minDist, c.spread, a, b, c.a, c.b)
		}
	}
}

func TestSpectral(t *testing.T) {
	// The normalised Laplacian of a ring of n rows has eigenvectors
	// cos(2πi/n) and sin(2πi/n): the eigenmap is a circle.
	g := &Graph{Start: []int{0}}
	for i := range 60 {
		a, b := int32((i+59)%60), int32((i+1)%60)
		g.Col = append(g.Col, min(a, b), max(a, b))
		g.Weight = append(g.Weight, 1, 1)
		g.Start = append(g.Start, len(g.Col))
	}
	y, err := Spectral(ctx, g, make([]float32, 60), 1, 2, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		if r := math.Hypot(float64(y[2*i]), float64(y[2*i+1])); math.Abs(r-1) > 0.01 {
			t.Fatalf("row %d of a ring lies at radius %v, want 1", i, r)
		}
	}
}

func TestComponents(t *testing.T) {
	x := blobs(300, 3, 3, 1)
	knn, _ := space.Neighbors(ctx, x, 3, space.NeighborOptions{NNeighbors: 30, Metric: "euclidean"}, nil)
	v, _ := Memberships(ctx, knn, 1, 1)
	g, _ := FuzzyUnion(ctx, knn, v, 1, 1)
	parts := g.Components()
	if len(parts) != 3 {
		t.Fatalf("%d components, want 3", len(parts))
	}
	for c, rows := range parts {
		for _, i := range rows {
			if int(i)%3 != c {
				t.Errorf("row %d is in component %d", i, c)
			}
		}
	}
	y, err := Spectral(ctx, g, x, 3, 2, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if p := purity(y, 2, 3); p < 0.95 {
		t.Errorf("components overlap at the start: purity %v", p)
	}
}

func TestForceTable(t *testing.T) {
	a, b := FitCurve(0.01, 1)
	both := forces(a, b, 1)
	att, rep := &both[0], &both[1]
	for d2 := 1e-4; d2 < 5e4; d2 *= 1.01 {
		longest := 4 / math.Sqrt(d2)
		for name, c := range map[string]struct{ got, want float64 }{
			"attraction": {float64(att.At(float32(d2))), 2 * max(-longest, -2*a*b*math.Pow(d2, b-1)/(1+a*math.Pow(d2, b)))},
			"repulsion":  {float64(rep.At(float32(d2))), min(longest, 2*b/((0.001+d2)*(1+a*math.Pow(d2, b))))},
		} {
			if math.Abs(c.got-c.want) > 5e-4*math.Abs(c.want) {
				t.Fatalf("%s at d² = %v: %v, want %v", name, d2, c.got, c.want)
			}
		}
	}
	for _, d2 := range []float32{0, 1e-30, 1e30, math.MaxFloat32} {
		if v := att.At(d2); v-v != 0 {
			t.Errorf("attraction at %v = %v", d2, v)
		}
	}
}

// TestAfter: what is called after each pass sees the points, and may move and stop them.
func TestAfter(t *testing.T) {
	x := blobs(300, 4, 2, 1)
	knn, err := space.Neighbors(ctx, x, 4, space.NeighborOptions{NNeighbors: 10, Metric: "euclidean"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Memberships(ctx, knn, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	g, err := FuzzyUnion(ctx, knn, v, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, b := FitCurve(0.1, 1)
	o := LayoutOptions{A: a, B: b, NEpochs: 4, LearningRate: 0.5, NegativeSampleRate: 5, RepulsionStrength: 1}
	layout := func() ([]float32, error) {
		y := slices.Clone(x[:600])
		return y, Layout(ctx, y, 2, g, o, nil)
	}
	plain, err := layout()
	if err != nil {
		t.Fatal(err)
	}
	var rates []float64
	o.After = func(_ context.Context, _ []float32, rate float64) error {
		rates = append(rates, rate)
		return nil
	}
	if y, err := layout(); err != nil || !slices.Equal(y, plain) || !slices.Equal(rates, []float64{1, 0.75, 0.5, 0.25}) {
		t.Errorf("a call that does nothing: %v, rates %v, or the points differ", err, rates)
	}
	o.After = func(_ context.Context, y []float32, _ float64) error {
		y[0] = 7
		return nil
	}
	if y, err := layout(); err != nil || y[0] != 7 {
		t.Errorf("a call that moves a point to 7 leaves it at %v, %v", y[0], err)
	}
	stop := errors.New("stop")
	o.After = func(context.Context, []float32, float64) error { return stop }
	if _, err := layout(); !errors.Is(err, stop) {
		t.Errorf("a call that fails: %v", err)
	}
}

func TestNegativesComeFromTheGroup(t *testing.T) {
	const n = 1000
	group := make([]int32, n)
	for i := range group {
		group[i] = int32(i % 10)
	}
	for _, share := range []float64{0.2, 1} {
		p, err := newPools(n, group, share)
		if err != nil {
			t.Fatal(err)
		}
		const draws = 100000
		f, own := vec.Field{Pool: p.rows, Points: n, Share: p.share}, 0
		for k := range draws {
			f.First, f.Size = p.of(k % n)
			if f.Draw(uint32(k/n), uint32(k%n))%10 == int32(k%10) {
				own++
			}
		}
		if got, want := float64(own)/draws, share+(1-share)/10; math.Abs(got-want) > 0.01 {
			t.Errorf("share %v: %.3f of the negatives are of the own group, want %.3f", share, got, want)
		}
	}
	if _, err := newPools(n, group[:5], 0.5); err == nil {
		t.Error("too few groups are accepted")
	}
	if _, err := newPools(n, group, 1.5); err == nil {
		t.Error("a share of 1.5 is accepted")
	}
}
