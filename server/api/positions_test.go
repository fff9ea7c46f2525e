package api_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/projector"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

func TestPositions(t *testing.T) {
	for _, dims := range []int{2, 3} {
		t.Run(fmt.Sprint(dims, " dimensions"), func(t *testing.T) {
			store := servertest.NewStore(t)
			h := newHandler(t, store)
			run := servertest.NewTraining(30, "a", "b", "c").Log(t, store, "r", 3)
			p := servertest.Project(t, store, run.ID(), dims)
			l := decode[layout](t, h, fmt.Sprintf("%sprojections/%s/layout?run=r", root, p.Info().ID))
			if l.Provisional || l.Rows != 30 || l.Dims != dims || fmt.Sprint(l.Epochs) != "[1 2 3]" || len(l.Origin) != dims {
				t.Fatalf("layout = %+v", l)
			}
			want, err := p.Points(t.Context(), projector.Query{AllEpochs: true})
			if err != nil {
				t.Fatal(err)
			}
			quanta := servertest.Get(t, h, root+l.Positions+"&epochs=3,1").Body.Bytes()
			floats := servertest.Get(t, h, root+l.Positions+"&epochs=3,1&format=f32").Body.Bytes()
			if len(quanta) != 2*30*dims*2 || len(floats) != 2*len(quanta) {
				t.Fatalf("got %d and %d bytes", len(quanta), len(floats))
			}
			for block, first := range []int{60, 0} { // epoch 3, then epoch 1
				for i := range 30 {
					pt := want[first+i]
					for d, v := range []float64{pt.X, pt.Y, pt.Z}[:dims] {
						at := (block*30+i)*dims + d
						q := float64(binary.LittleEndian.Uint16(quanta[2*at:]))
						if got := l.Origin[d] + q/65534*l.Size; math.Abs(got-v) > l.Size/65534 {
							t.Fatalf("epoch %d, sample %s, axis %d = %g, want %g", pt.Epoch, pt.Sample, d, got, v)
						}
						if got := math.Float32frombits(binary.LittleEndian.Uint32(floats[4*at:])); got != float32(v) {
							t.Fatalf("float of epoch %d, sample %s, axis %d = %g, want %g", pt.Epoch, pt.Sample, d, got, v)
						}
						if v < l.Min[d] || v > l.Max[d] {
							t.Fatalf("%g is not in %g … %g", v, l.Min[d], l.Max[d])
						}
					}
				}
			}
			for i, b := range servertest.Get(t, h, root+l.Positions+"&epochs=1&every=7").Body.Bytes() { // rows 0, 7, 14, 21, 28
				row, rest := i/(2*dims), i%(2*dims)
				if want := quanta[2*dims*(30+7*row)+rest]; row > 4 || b != want {
					t.Fatalf("byte %d of a sketch is %d, want %d", i, b, want)
				}
			}
			if c := servertest.Get(t, h, root+l.Positions).Header().Get("Cache-Control"); !strings.Contains(c, "immutable") {
				t.Errorf("Cache-Control = %q, want immutable", c)
			}
		})
	}
}

func TestMissingSamples(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	tr := servertest.NewTraining(20, "a", "b")
	run := tr.Log(t, store, "r", 1)
	part := tr.Epoch(2)
	part.Outputs = nil
	part.Layers[0].Vectors = part.Layers[0].Vectors[:10*tr.Dim]
	for i := range 10 {
		part.Layers[0].IDs = append(part.Layers[0].IDs, fmt.Sprint("s", 19-i))
	}
	servertest.LogEpoch(t, run, part)
	servertest.Project(t, store, run.ID(), 2)
	for _, path := range []string{"runs/r/provisional", "projections?run=r"} {
		if path == "projections?run=r" {
			list := decode[struct{ Projections []projector.Info }](t, h, root+path)
			path = fmt.Sprintf("projections/%s/layout", list.Projections[0].ID)
		}
		l := decode[layout](t, h, root+path)
		sep := "?"
		if strings.Contains(l.Positions, "?") {
			sep = "&"
		}
		b := servertest.Get(t, h, root+l.Positions+sep+"epochs=2").Body.Bytes()
		for i := range 20 {
			x, y := binary.LittleEndian.Uint16(b[4*i:]), binary.LittleEndian.Uint16(b[4*i+2:])
			if there := i >= 10; there != (x != math.MaxUint16) || there != (y != math.MaxUint16) {
				t.Errorf("%s: sample s%d is at (%d, %d)", path, i, x, y)
			}
		}
	}
}

// TestProvisional follows a stand-in map through a training: nothing on it moves while epochs come in.
func TestProvisional(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run, err := store.Start(t.Context(), tracker.RunConfig{Name: "r"})
	if err != nil {
		t.Fatal(err)
	}
	tr := servertest.NewTraining(25, "a", "b", "c")
	if err := run.AddSamples(t.Context(), tr.Samples(t)); err != nil {
		t.Fatal(err)
	}
	if w := servertest.Get(t, h, root+"runs/r/provisional"); w.Code != http.StatusNotFound {
		t.Errorf("without an epoch: %d %s", w.Code, w.Body)
	}
	place := func(l layout, epoch int) (float64, float64) { // of the first sample, in the plane's own units
		b := servertest.Get(t, h, fmt.Sprintf("%s%s&epochs=%d", root, l.Positions, epoch)).Body.Bytes()
		return l.Origin[0] + float64(binary.LittleEndian.Uint16(b))/65534*l.Size, l.Origin[1] + float64(binary.LittleEndian.Uint16(b[2:]))/65534*l.Size
	}
	servertest.LogEpoch(t, run, tr.Epoch(1))
	first := decode[layout](t, h, root+"runs/r/provisional")
	x, y := place(first, 1)
	last := first
	for e := 2; e <= 8; e++ {
		servertest.LogEpoch(t, run, tr.Epoch(e))
		last = decode[layout](t, h, root+"runs/r/provisional")
		if !last.Provisional || len(last.Epochs) != e {
			t.Fatalf("after epoch %d: %+v", e, last)
		}
		if nx, ny := place(last, 1); math.Abs(nx-x) > last.Size/30000 || math.Abs(ny-y) > last.Size/30000 {
			t.Errorf("after epoch %d the first sample of epoch 1 is at (%g, %g), not (%g, %g)", e, nx, ny, x, y)
		}
	}
	if last.Revision == first.Revision || last.Size <= first.Size {
		t.Errorf("blobs that moved 24 apart fit the first box: %g, then %g", first.Size, last.Size)
	}
	if w := servertest.Get(t, h, root+first.Positions); w.Code != http.StatusNoContent || w.Header().Get("Current-Revision") != last.Revision {
		t.Errorf("positions of a past revision: %d %v", w.Code, w.Header())
	}
	servertest.LogEpoch(t, run, tr.Epoch(8)) // again: it may differ
	if again := decode[layout](t, h, root+"runs/r/provisional"); again.Revision == last.Revision {
		t.Error("a replaced epoch keeps the revision")
	}
	if err := run.TruncateAfter(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if cut := decode[layout](t, h, root+"runs/r/provisional"); fmt.Sprint(cut.Epochs) != "[1 2]" {
		t.Errorf("epochs after the cut = %v", cut.Epochs)
	}
}
