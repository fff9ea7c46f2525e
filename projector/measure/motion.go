package measure

import (
	"math"

	"github.com/zoetrope-ml/zoetrope/projector/space"
)

// measureMotion fills in how far samples moved between consecutive epochs.
func (r *Report) measureMotion(runs [][]Frame, metric string) error {
	var dx, dy, steps []float64
	for _, frames := range runs {
		var x, y *space.Rows // of the frame before, and then of this one
		for e, f := range frames {
			xa, ya := x, y
			var err error
			if !f.bare() {
				if x, err = space.NewRows(f.X, f.Dim, metric); err != nil {
					return err
				}
			}
			if y, err = space.NewRows(f.Y, f.Dims, onMap); err != nil {
				return err
			}
			if e == 0 {
				continue
			}
			ra, rb := common(frames[e-1], f)
			first := len(dy)
			for i := range ra {
				if x != nil {
					dx = append(dx, xa.Distance(ra[i], x, rb[i]))
				}
				dy = append(dy, ya.Distance(ra[i], y, rb[i]))
			}
			if len(ra) > 0 {
				steps = append(steps, median(append([]float64(nil), dy[first:]...)))
			}
		}
	}
	if len(dx) == len(dy) { // not where there is only the map
		if v, ok := Spearman(dx, dy); ok {
			r.Motion = &v
		}
	}
	if radius := rmsRadius(runs); radius > 0 && len(steps) > 0 {
		r.Displacement = defined(median(dy) / radius)
		jump := 0.0
		for _, s := range steps {
			jump = max(jump, s)
		}
		r.Jump = defined(jump / radius)
	}
	return nil
}

// rmsRadius is the root of the mean squared distance of the map's points from their mean.
func rmsRadius(runs [][]Frame) float64 {
	var mean []float64
	n := 0
	for _, frames := range runs {
		for _, f := range frames {
			if mean == nil {
				mean = make([]float64, f.Dims)
			}
			for i, v := range f.Y {
				mean[i%f.Dims] += float64(v)
			}
			n += f.rows()
		}
	}
	if n == 0 {
		return 0
	}
	for j := range mean {
		mean[j] /= float64(n)
	}
	var sq float64
	for _, frames := range runs {
		for _, f := range frames {
			for i, v := range f.Y {
				d := float64(v) - mean[i%f.Dims]
				sq += d * d
			}
		}
	}
	return math.Sqrt(sq / float64(n))
}

// summarise fills in what follows from the frames' own reports.
func (r *Report) summarise() {
	var trust, sil, silx, gap, first, last, firstX, lastX []float64
	for _, frames := range r.Frames {
		for e, f := range frames {
			trust = appendDefined(trust, f.Trustworthiness)
			if f.Map.Silhouette != nil && f.Original.Silhouette != nil {
				sil, silx = append(sil, *f.Map.Silhouette), append(silx, *f.Original.Silhouette)
			}
			if f.Map.Purity != nil && f.Original.Purity != nil {
				gap = append(gap, *f.Map.Purity-*f.Original.Purity)
			}
			if e == 0 {
				first, firstX = appendDefined(first, f.Map.Silhouette), appendDefined(firstX, f.Original.Silhouette)
			}
			if e == len(frames)-1 {
				last, lastX = appendDefined(last, f.Map.Silhouette), appendDefined(lastX, f.Original.Silhouette)
			}
		}
	}
	r.TrustEpoch, r.PurityGap = meanOf(trust), meanOf(gap)
	r.SilFirst, r.SilLast, r.SilXFirst, r.SilXLast = meanOf(first), meanOf(last), meanOf(firstX), meanOf(lastX)
	if v, ok := Spearman(sil, silx); ok {
		r.SilCorr = &v
	}
}

func appendDefined(v []float64, p *float64) []float64 {
	if p == nil {
		return v
	}
	return append(v, *p)
}

func meanOf(v []float64) *float64 {
	if len(v) == 0 {
		return nil
	}
	m := mean(v)
	return &m
}
