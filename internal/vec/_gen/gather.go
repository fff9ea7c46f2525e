package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gather sums 96 floats of each of the three rows at once with AVX-512 (18
// accumulators), of one row after the other with AVX2 (12). The narrow version
// does 3 vectors of each row.
func gather(a asm) {
	if a.wide {
		a.gather("gather", 6, 3)
	} else {
		a.gather("gather", 12, 1)
	}
	a.gather("gatherNarrow", 3, 3)
}

func (a asm) gather(name string, span, rows int) {
	a.function(name, "func(dw *float32, dwRow uintptr, list *uint32, n int, x *float32, row uintptr) float32",
		"is one channel of [Routes.Gather] for 96 floats of each row (Narrow: 3 vectors).",
		"Distances are in bytes.")
	dw, dwRow, x, row := a.arg("dw"), a.arg("dwRow"), a.arg("x"), a.arg("row")
	sum := a.vec()
	turn := a.GP64()
	a.MOVQ(U32(3), turn)
	a.Label("turn")
	acc := make([][]reg.VecVirtual, rows)
	p := a.GP64()
	a.MOVQ(dw, p)
	for r := range acc {
		acc[r] = a.vecs(span)
		for i, v := range acc[r] {
			a.VMOVUPS(at(p, i*a.bytes()), v)
		}
		if r < rows-1 {
			a.ADDQ(dwRow, p)
		}
	}
	a.zero(sum)
	list, n := a.arg("list"), a.arg("n")
	a.Label("entry")
	e, g := a.GP64(), a.vec()
	a.MOVL(at(list, 0), e.As32())
	a.VBROADCASTSS(at(list, 4), g)
	a.ADDQ(Imm(8), list)
	a.LEAQ(Mem{Base: x, Index: e, Scale: 4}, e)
	a.VADDPS(g, sum, sum)
	for r := range acc {
		for i, v := range acc[r] {
			a.VFMADD231PS(at(e, i*a.bytes()), g, v)
		}
		if r < rows-1 {
			a.ADDQ(row, e)
		}
	}
	a.DECQ(n)
	a.JNZ(LabelRef("entry"))
	a.MOVQ(dw, p)
	for r := range acc {
		for i, v := range acc[r] {
			a.VMOVUPS(v, at(p, i*a.bytes()))
		}
		if r < rows-1 {
			a.ADDQ(dwRow, p)
		}
	}
	a.ADDQ(dwRow, dw)
	a.ADDQ(row, x)
	if rows == 1 {
		a.DECQ(turn)
		a.JNZ(LabelRef("turn"))
	}
	a.Store(sum.AsX(), a.ReturnIndex(0))
	a.end()
}
