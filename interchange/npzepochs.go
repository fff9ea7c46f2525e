package interchange

import (
	"fmt"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/limits"
	"github.com/zoetrope-ml/zoetrope/interchange/internal/npy"
)

// npzEpochs reads the arrays of an archive side by side, epoch by epoch.
type npzEpochs struct {
	z                   *archive
	names               []string
	layers              []*npy.Matrix
	points              *npy.Matrix
	predictions         *npy.Array // as the following, with an element for each epoch and sample, or nil
	losses, confidences *npy.Array
	held                int64 // bytes of the ration, of the outputs
}

func (z *archive) openEpochs() (r *npzEpochs, err error) {
	r = &npzEpochs{z: z}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if z.o.Points {
		r.points, err = z.matrix(z.points)
		return r, err
	}
	for _, i := range z.vectors {
		m, err := z.matrix(i)
		if err != nil {
			return r, err
		}
		name := z.arrays[i].name
		if usual(arrayNames, name) || len(z.arrays) == 1 {
			name = ""
		}
		r.layers, r.names = append(r.layers, m), append(r.names, name)
	}
	if z.layerName >= 0 && len(r.names) == 1 {
		name, err := z.texts(z.layerName, 1)
		if err != nil {
			return r, err
		}
		r.names[0] = name[0]
	}
	if r.predictions, err = z.perSample(z.predictions); err != nil {
		return r, err
	}
	if r.losses, err = z.perSample(z.losses); err != nil {
		return r, err
	}
	r.confidences, err = z.perSample(z.confidences)
	return r, err
}

// perSample opens an array with an element for each epoch and sample; nil if there is none.
func (z *archive) perSample(i int) (*npy.Array, error) {
	if i < 0 {
		return nil, nil
	}
	a, err := z.at(i)
	if err != nil {
		return nil, err
	}
	if a.Shape[0] != z.count || a.Shape[1] != z.rows {
		a.File.Close()
		return nil, a.Unexpected(fmt.Sprintf("an element for each of %d epochs and %d samples", z.count, z.rows))
	}
	return a, nil
}

func (z *archive) matrix(i int) (*npy.Matrix, error) {
	a, err := z.at(i)
	if err != nil {
		return nil, err
	}
	m, err := npy.MatrixOf(a)
	if err != nil {
		a.File.Close()
	}
	return m, err
}

// next reads the i-th epoch.
func (r *npzEpochs) next(i int) (*Epoch, error) {
	e := &Epoch{Number: i}
	if r.z.numbers != nil {
		e.Number = r.z.numbers[i]
	}
	if r.points != nil {
		return e, readInto(e, r.points, "", i, true, true)
	}
	for l, m := range r.layers {
		if err := readInto(e, m, r.names[l], i, false, r.z.layerName >= 0); err != nil {
			return nil, err
		}
	}
	o := &Outputs{}
	r.z.ration.Give(r.held)
	r.held = 0
	err := r.predictions.Each(r.z.rows, func(row int, raw []byte) error {
		s, err := r.predictions.Text(raw)
		if err != nil {
			return r.predictions.Errorf("the prediction of sample %d in epoch %d of %d is not valid text: %v", row, i+1, r.z.count, err)
		}
		n := limits.TextBytes + int64(len(s))
		if err := r.predictions.Take(n); err != nil {
			return err
		}
		r.held += n
		o.Predictions = append(o.Predictions, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, n := range []struct {
		a  *npy.Array
		to *[]float64
	}{{r.losses, &o.Losses}, {r.confidences, &o.Confidences}} {
		err := n.a.Each(r.z.rows, func(_ int, raw []byte) error {
			*n.to = append(*n.to, n.a.Dtype.Float(raw))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if o.Predictions != nil || o.Losses != nil || o.Confidences != nil {
		e.Outputs = o
	}
	return e, nil
}

func (r *npzEpochs) close() {
	for _, m := range append(r.layers, r.points) {
		if m != nil {
			m.Close()
		}
	}
	for _, a := range []*npy.Array{r.predictions, r.losses, r.confidences} {
		if a != nil {
			a.File.Close()
		}
	}
}
