package interchange

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/cells"
)

// hostile are texts that some formats could mistake.
var hostile = []string{
	"plain", "tab\tin it", "line\nend", "carriage\rreturn\r\n", `"quoted"`, "comma, semicolon; pipe|", "=1+1", "@SUM(A1)", "-2", "007", "\\t \\\\ \\n",
	"é ∑ 漢字 👩‍🔬", "\u202eright to left", "' OR 1=1 --", "<script>alert(1)</script>", "null", "NaN", "true", "  spaces  ", strings.Repeat("long ", 200), "",
}

// made is a source of samples whose ids, labels and metadata are hostile: dim columns of vectors, if any, and dims of
// places. The last sample is missing at the second epoch, and the network says nothing at the first.
func made(epochs, n, dim, dims int) *Source {
	s := &Source{Layer: "fc1", Dim: dim, Dims: dims}
	for e := range epochs {
		s.Epochs = append(s.Epochs, 3*e) // not one after the other
	}
	s.Samples.Count = n
	kinds := [][]any{nil, nil, nil, nil, nil}
	for i := range n {
		text := hostile[i%len(hostile)]
		s.Samples.IDs = append(s.Samples.IDs, text+"·"+cells.NumberText(i))
		s.Samples.Labels = append(s.Samples.Labels, text)
		kinds[0] = append(kinds[0], text+"!")
		kinds[1] = append(kinds[1], int64(i)-1)
		kinds[2] = append(kinds[2], float64(i)/8+0.5)
		kinds[3] = append(kinds[3], i%2 == 0)
		if i%3 == 0 {
			kinds[4] = append(kinds[4], nil)
		} else {
			kinds[4] = append(kinds[4], math.Ldexp(1.5, i))
		}
	}
	for k, name := range []string{"text", "count", "x", "metadata.y", "..\\/gaps\té"} {
		s.Samples.Columns = append(s.Samples.Columns, Column{name, kinds[k]})
	}
	rows := func(epoch int) []int {
		if epoch != 3 || n < 2 {
			return nil
		}
		list := make([]int, n-1)
		for i := range list {
			list[i] = i
		}
		return list
	}
	layer := func(epoch, dim int) *Layer {
		l := &Layer{Name: s.Layer, Dim: dim, Rows: rows(epoch)}
		count := n
		if l.Rows != nil {
			count = len(l.Rows)
		}
		for i := range count * dim {
			l.Data = append(l.Data, float32(epoch)+float32(i)/7)
		}
		return l
	}
	if dim > 0 {
		s.Vectors = func(_ context.Context, epoch int) (*Layer, error) { return layer(epoch, dim), nil }
	}
	if dims > 0 {
		s.Points = func(_ context.Context, epoch int) (*Layer, error) {
			l := layer(epoch, dims)
			l.Name = ""
			return l, nil
		}
	}
	if epochs > 1 {
		s.Outputs = func(_ context.Context, epoch int) (*Outputs, error) {
			if epoch == 0 {
				return nil, nil
			}
			o := &Outputs{Rows: rows(epoch)}
			count := n
			if o.Rows != nil {
				count = len(o.Rows)
			}
			for i := range count {
				o.Predictions = append(o.Predictions, hostile[(i+epoch)%len(hostile)])
				o.Losses, o.Confidences = append(o.Losses, float64(i)/3), append(o.Confidences, 1/float64(i+1))
			}
			o.Losses[0] = math.NaN()
			return o, nil
		}
	}
	return s
}

// thumbnail is a picture of one colour for each sample.
func thumbnail(i int) ([]byte, error) {
	p := image.NewNRGBA(image.Rect(0, 0, 5, 4))
	for k := range p.Pix {
		p.Pix[k] = 0xff
	}
	p.Set(1, 2, color.NRGBA{uint8(i), 20, 30, 255})
	var b bytes.Buffer
	err := png.Encode(&b, p)
	return b.Bytes(), err
}
