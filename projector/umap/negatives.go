package umap

// pools say from which rows negatives are drawn.
type pools struct {
	n     int
	group []int32 // per row; nil: all rows are one pool
	first []int32 // where a group begins in rows
	rows  []int32 // all rows, by group
	share uint32  // of the draws that stay within the group, in units of 2⁻³²
}

func newPools(n int, group []int32, share float64) (pools, error) {
	p := pools{n: n}
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
	p.first = make([]int32, groups+1)
	for _, v := range group {
		p.first[v+1]++
	}
	for v := range groups {
		p.first[v+1] += p.first[v]
	}
	p.rows = make([]int32, n)
	next := append([]int32(nil), p.first...)
	for i, v := range group {
		p.rows[next[v]] = int32(i)
		next[v]++
	}
	return p, nil
}

// A pool is where one row's negatives come from.
type pool struct {
	n           uint64
	first, size uint64 // its group in rows
	rows        []int32
	share       uint32
}

func (p *pools) of(i int) pool {
	if p.group == nil {
		return pool{n: uint64(p.n)}
	}
	v := p.group[i]
	first := uint64(p.first[v])
	return pool{n: uint64(p.n), first: first, size: uint64(p.first[v+1]) - first, rows: p.rows, share: p.share}
}

// pick returns the row for 64 random bits. It may be the row itself, which
// exerts no force.
func (p *pool) pick(r uint64) int {
	if p.rows == nil {
		return int((r >> 32) * p.n >> 32)
	}
	// The upper bits choose the row, others whether it is of the group.
	first, size := uint64(0), p.n
	if uint32(r>>16) <= p.share {
		first, size = p.first, p.size
	}
	return int(p.rows[first+(r>>32)*size>>32])
}
