package interchange

import (
	"context"
	"io"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// npySource is an .npy file of vectors, or of places on a map.
type npySource struct {
	path   string
	points bool
}

func openNpy(path string, o Options) (*Dataset, error) {
	m, err := npy.OpenMatrix(path)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if o.Points && m.Dim != 2 && m.Dim != 3 {
		return nil, npy.ArrayOf(m).Unexpected("places on a map, of shape n×2, n×3, E×n×2 or E×n×3")
	}
	if err := npy.ArrayOf(m).Take(limits.SampleBytes * int64(m.Rows)); err != nil {
		return nil, err
	}
	return &Dataset{
		Format: "npy", Samples: Samples{Count: m.Rows}, Count: m.Epochs, source: &npySource{path, o.Points},
	}, nil
}

func (s *npySource) epochs(ctx context.Context, yield func(*Epoch, error) bool) {
	m, err := npy.OpenMatrix(s.path)
	if err != nil {
		yield(nil, err)
		return
	}
	defer m.Close()
	for i := range m.Epochs {
		e := &Epoch{Number: i}
		err := ctx.Err()
		if err == nil {
			err = readInto(e, m, "", i, s.points, false)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if !yield(e, nil) {
			return
		}
	}
}

// readInto reads the matrix's next epoch, the i-th, into e: as a layer, or as places on a map. Where gaps are allowed, as
// among places, a row that is NaN throughout is a sample that is missing.
func readInto(e *Epoch, m *npy.Matrix, layer string, i int, points, gaps bool) error {
	v, err := m.Next()
	if err == io.EOF {
		return npy.ArrayOf(m).Errorf("there is no epoch %d: the file holds %d", i+1, m.Epochs)
	}
	if err != nil {
		return err
	}
	switch {
	case points:
		e.Points, err = present(npy.ArrayOf(m).Name, "place", i, m.Epochs, v, m.Dim)
	case gaps:
		l, err := present(npy.ArrayOf(m).Name, "vector", i, m.Epochs, v, m.Dim)
		if err != nil {
			return err
		}
		if len(l.Data) > 0 {
			l.Name = layer
			e.Layers = append(e.Layers, *l)
		}
	default:
		e.Layers = append(e.Layers, Layer{Name: layer, Dim: m.Dim, Data: v})
		err = checkFinite(npy.ArrayOf(m).Name, i, m.Epochs, v, m.Dim)
	}
	return err
}

// Close does nothing: the file is open only while it is read.
func (s *npySource) Close() error { return nil }
