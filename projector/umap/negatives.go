package umap

import "slices"

// pools say from which rows negatives are drawn.
type pools struct {
	group []int32  // per row; nil: all rows are one pool
	first []uint32 // where a group begins, in rows
	rows  []int32  // all rows, by group; nil: they stand by group already
	share uint32   // of the draws that stay within the group, in units of 2⁻³²
}

func newPools(n int, group []int32, share float64) (pools, error) {
	var p pools
	if !(share >= 0 && share <= 1) {
		return p, refuse("share of negatives from the own group = %v, want 0 to 1", share)
	}
	if group == nil || share == 0 {
		return p, nil
	}
	if len(group) != n {
		return p, refuse("%d groups for %d rows", len(group), n)
	}
	groups := int32(0)
	for i, v := range group {
		if v < 0 || int(v) >= n {
			return p, refuse("group of row %d = %d, want 0 to %d", i, v, n-1)
		}
		groups = max(groups, v+1)
	}
	p.group, p.share = group, uint32(min(share*(1<<32), 1<<32-1))
	p.first = make([]uint32, groups+1)
	for _, v := range group {
		p.first[v+1]++
	}
	for v := range groups {
		p.first[v+1] += p.first[v]
	}
	if slices.IsSorted(group) {
		return p, nil
	}
	p.rows = make([]int32, n)
	next := slices.Clone(p.first)
	for i, v := range group {
		p.rows[next[v]] = int32(i)
		next[v]++
	}
	return p, nil
}

// of returns where in the rows the group of row i begins, and its size.
func (p *pools) of(i int) (first, size uint32) {
	if p.group == nil {
		return 0, 0
	}
	v := p.group[i]
	return p.first[v], p.first[v+1] - p.first[v]
}
