package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// scatter holds the patch of a window in registers, 4×4 pixels of one plane of
// channels. AVX2 has room for three of its rows: the upper two places need the
// first three, the lower two the last three.
func scatter(a asm) {
	a.function("scatter", "func(dx *float32, row uintptr, n int, list *uint32, count *uint32, w *float32)",
		"is [Routes.Scatter] for n windows side by side and one plane of channels. row is",
		"in bytes.")
	dx, row, n := a.arg("dx"), a.arg("row"), a.arg("n")
	list, count, w := a.arg("list"), a.arg("count"), a.arg("w")
	a.Label("window")
	if a.wide {
		a.scatterPlaces("all", []int{0, 1, 2, 3}, 4, dx, row, list, count, w)
	} else {
		a.scatterPlaces("upper", []int{0, 1}, 3, dx, row, list, count, w)
		low := a.GP64()
		a.LEAQ(Mem{Base: dx, Index: row, Scale: 1}, low)
		a.scatterPlaces("lower", []int{2, 3}, 3, low, row, list, count, w)
	}
	a.ADDQ(U32(2*a.bytes()), dx)
	a.ADDQ(Imm(16), count)
	a.DECQ(n)
	a.JNZ(LabelRef("window"))
	a.end()
}

// scatterPlaces does the entries at the given places; the patch is so many rows
// high, from the row of the first place on.
func (a asm) scatterPlaces(name string, places []int, high int, dx, row, list, count, w reg.GPVirtual) {
	acc := a.zeros(4 * high)
	for _, p := range places {
		here := name + string(rune('0'+p))
		left := a.GP64()
		a.MOVL(at(count, 4*p), left.As32())
		a.TESTQ(left, left)
		a.JZ(LabelRef(here + "_none"))
		a.Label(here)
		e, g := a.GP64(), a.vec()
		a.MOVL(at(list, 0), e.As32())
		a.VBROADCASTSS(at(list, 4), g)
		a.ADDQ(Imm(8), list)
		a.LEAQ(Mem{Base: w, Index: e, Scale: 4}, e)
		for tap := range 9 {
			i, j := (p-places[0])/2+tap/3, p%2+tap%3
			a.VFMADD231PS(at(e, tap*a.bytes()), g, acc[4*i+j])
		}
		a.DECQ(left)
		a.JNZ(LabelRef(here))
		a.Label(here + "_none")
	}
	d := a.GP64()
	a.MOVQ(dx, d)
	for i := range high {
		for j := range 4 {
			m := at(d, j*a.bytes())
			a.VADDPS(m, acc[4*i+j], acc[4*i+j])
			a.VMOVUPS(acc[4*i+j], m)
		}
		if i < high-1 {
			a.ADDQ(row, d)
		}
	}
}
