package umap

import "slices"

// placeGroups say which rows' negatives come from where.
type placeGroups struct {
	n     uint64  // fixed points
	own   []int32 // per new row, its group; nil: all negatives come from all fixed points
	first []int32 // where a group begins in rows
	rows  []int32 // what negatives of a group are drawn from
	share uint32  // of the draws, in units of 2⁻³²
}

func newPlaceGroups(n, m int, group []int32, share float64) (*placeGroups, error) {
	p := &placeGroups{n: uint64(n)}
	if !(share >= 0 && share <= 1) {
		return nil, refuse("share of negatives from the own group = %v, want 0 to 1", share)
	}
	if group == nil || share == 0 {
		return p, nil
	}
	if len(group) != n+m {
		return nil, refuse("%d groups for %d fixed and %d new rows", len(group), n, m)
	}
	groups := int32(0)
	for i, v := range group {
		if v < 0 || int(v) >= n+m {
			return nil, refuse("group of row %d = %d, want 0 to %d", i, v, n+m-1)
		}
		groups = max(groups, v+1)
	}
	size, hasFixed := make([]int32, groups+1), make([]bool, groups)
	for _, v := range group[:n] {
		hasFixed[v] = true
	}
	member := func(i int) bool { return i < n || !hasFixed[group[i]] }
	for i, v := range group {
		if member(i) {
			size[v+1]++
		}
	}
	for v := range groups {
		size[v+1] += size[v]
	}
	p.own, p.first, p.rows = group[n:], size, make([]int32, size[groups])
	next := slices.Clone(size)
	for i, v := range group {
		if member(i) {
			p.rows[next[v]] = int32(i)
			next[v]++
		}
	}
	p.share = uint32(min(share*(1<<32), 1<<32-1))
	return p, nil
}

// pick returns the row for 64 random bits, of which the upper ones choose it
// and others whether it is of the group of new row i.
func (p *placeGroups) pick(i int, r uint64) int {
	if p.own != nil && uint32(r>>16) <= p.share {
		lo, hi := p.first[p.own[i]], p.first[p.own[i]+1]
		return int(p.rows[uint64(lo)+(r>>32)*uint64(hi-lo)>>32])
	}
	return int((r >> 32) * p.n >> 32)
}
