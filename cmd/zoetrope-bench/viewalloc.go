package main

import (
	"cmp"
	"slices"

	"github.com/chromedp/cdproto/heapprofiler"
)

// allocatedIn sums a sampled heap up per frame. It counts allocations of the page's frames only, not those of the
// driver's questions.
func allocatedIn(head *heapprofiler.SamplingHeapProfileNode, frames int) allocation {
	a := allocation{Frames: frames}
	by := map[allocatedByFn]float64{}
	var walk func(n *heapprofiler.SamplingHeapProfileNode, within bool)
	walk = func(n *heapprofiler.SamplingHeapProfileNode, within bool) {
		f := n.CallFrame
		own := f != nil && f.URL != ""
		within = within || own
		if within {
			a.All += n.SelfSize
		}
		if own {
			a.Own += n.SelfSize
			by[allocatedByFn{Function: f.FunctionName, Line: f.LineNumber + 1, Column: f.ColumnNumber + 1}] += n.SelfSize
		}
		for _, c := range n.Children {
			walk(c, within)
		}
	}
	walk(head, false)
	per := 1 / float64(max(1, frames))
	a.Own *= per
	a.All *= per
	for f, bytes := range by {
		f.Bytes = bytes * per
		a.By = append(a.By, f)
	}
	slices.SortFunc(a.By, func(x, y allocatedByFn) int {
		return cmp.Or(cmp.Compare(y.Bytes, x.Bytes), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	return a
}
