package measure

// summarise fills in what follows from the frames' own reports.
func (r *Report) summarise() {
	var trust, own, dust, sil, silx, gap, first, last, firstX, lastX []float64
	for _, frames := range r.Frames {
		for e, f := range frames {
			trust = appendDefined(trust, f.Trustworthiness)
			own, dust = appendDefined(own, f.Own15), appendDefined(dust, f.Dust)
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
	r.Own15, r.Dust = meanOf(own), meanOf(dust)
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
