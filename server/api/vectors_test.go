package api_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// matrix reads an answer as a .npy file of E×n×d, or n×d.
func matrix(t *testing.T, body []byte) (epochs, rows, dim int, values []float32) {
	t.Helper()
	m, err := interchange.NewMatrix("the answer", bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	for range m.Epochs {
		v, err := m.Next()
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v...)
	}
	return m.Epochs, m.Rows, m.Dim, values
}

func TestVectors(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	tr := servertest.NewTraining(6, "a", "b")
	run := tr.Log(t, store, "r", 2)
	sparse := tracker.Layer{Name: "fc1", Dim: tr.Dim, Vectors: tr.Vectors[:2*tr.Dim], IDs: []string{"s4", "s1"}}
	servertest.LogEpoch(t, run, tracker.Epoch{Number: 3, Layers: []tracker.Layer{sparse}})

	_, rows, dim, got := matrix(t, servertest.Get(t, h, root+"runs/r/vectors?layer=fc1&epoch=1&format=npy").Body.Bytes())
	if want := tr.Epoch(1).Layers[0].Vectors; rows != 6 || dim != tr.Dim || !slices.Equal(got, want) {
		t.Errorf("epoch 1 is %d×%d %v, want %v", rows, dim, got, want)
	}
	_, rows, _, got = matrix(t, servertest.Get(t, h, root+"runs/r/vectors?format=npy").Body.Bytes()) // the last epoch of the only layer
	if rows != 6 || !slices.Equal(got[4*dim:5*dim], tr.Vectors[:dim]) || !slices.Equal(got[dim:2*dim], tr.Vectors[dim:2*dim]) || !math.IsNaN(float64(got[0])) {
		t.Errorf("epoch 3 is %v", got)
	}
	type answer struct {
		Layer   string
		Epoch   int
		IDs     []string
		Vectors [][]float32
	}
	j := decode[answer](t, h, root+"runs/r/vectors?epoch=3")
	if j.Layer != "fc1" || j.Epoch != 3 || !slices.Equal(j.IDs, []string{"s4", "s1"}) || len(j.Vectors) != 2 || !slices.Equal(j.Vectors[0], tr.Vectors[:dim]) {
		t.Errorf("epoch 3 as JSON is %+v", j)
	}
	for query, want := range map[string]int{"?epoch=9": 404, "?layer=fc9": 404, "?format=csv": 400, "?epoch=-1": 400} {
		if w := servertest.Get(t, h, root+"runs/r/vectors"+query); w.Code != want {
			t.Errorf("%s = %d %s, want %d", query, w.Code, w.Body, want)
		}
	}
}

func TestPointFormats(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	run := servertest.NewTraining(20, "a", "b").Log(t, store, "r", 2)
	base := root + "projections/" + servertest.Project(t, store, run.ID(), 3).Info().ID + "/points"
	epochs, rows, dim, _ := matrix(t, servertest.Get(t, h, base+"?format=npy").Body.Bytes())
	if epochs != 2 || rows != 20 || dim != 3 {
		t.Errorf("all epochs are %d×%d×%d, want 2×20×3", epochs, rows, dim)
	}
	csv := servertest.Get(t, h, base+"?format=csv&epoch=1&sample=s3")
	lines := strings.Split(strings.TrimSpace(csv.Body.String()), "\n")
	if len(lines) != 2 || lines[0] != "run,epoch,sample,label,prediction,x,y,z" || !strings.HasPrefix(lines[1], run.ID()+",1,s3,b,b,") {
		t.Errorf("CSV = %q", lines)
	}
	for query, want := range map[string]int{"?format=xml": 400, "?format=npy&sample=s1": 400, "?format=npy&epoch=7": 404} {
		if w := servertest.Get(t, h, base+query); w.Code != want {
			t.Errorf("%s = %d %s, want %d", query, w.Code, w.Body, want)
		}
	}
}

func TestComparison(t *testing.T) {
	store := servertest.NewStore(t)
	h := newHandler(t, store)
	tr := servertest.NewTraining(4, "a")
	tr.Log(t, store, "one", 2)
	tr.Log(t, store, "two", 3)
	type answer struct {
		Runs []struct {
			Run    string
			Series []struct {
				Name  string
				Value []float64
			}
		}
	}
	got := decode[answer](t, h, root+"metrics?run=two&run=one&name=loss")
	if len(got.Runs) != 2 || len(got.Runs[0].Series) != 1 || len(got.Runs[0].Series[0].Value) != 3 || len(got.Runs[1].Series[0].Value) != 2 {
		t.Errorf("losses = %+v", got)
	}
	many := strings.Repeat("run=one&", 101)
	for query, want := range map[string]int{"": 400, "?run=": 400, "?run=three": 404, "?" + many: 400} {
		if w := servertest.Get(t, h, root+"metrics"+query); w.Code != want {
			t.Errorf("%.20s = %d %s, want %d", query, w.Code, w.Body, want)
		}
	}
}
