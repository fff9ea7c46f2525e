package main

import (
	. "github.com/mmcloughlin/avo/operand"
)

// gather keeps the nine taps of one plane of channels in registers.
func gather(a asm) {
	a.function("gather", "func(dw *float32, list *uint32, n int, x *float32, row uintptr) float32",
		"is one channel and one plane of [Routes.Gather]. row is in bytes.")
	dw, list, n, x, row := a.arg("dw"), a.arg("list"), a.arg("n"), a.arg("x"), a.arg("row")
	acc, sum := a.vecs(9), a.zeros(1)[0]
	for i, v := range acc {
		a.VMOVUPS(at(dw, i*a.bytes()), v)
	}
	a.Label("entry")
	e, g := a.GP64(), a.vec()
	a.MOVL(at(list, 0), e.As32())
	a.VBROADCASTSS(at(list, 4), g)
	a.ADDQ(Imm(8), list)
	a.LEAQ(Mem{Base: x, Index: e, Scale: 4}, e)
	a.VADDPS(g, sum, sum)
	for i, v := range acc {
		a.VFMADD231PS(at(e, i%3*a.bytes()), g, v)
		if i == 2 || i == 5 {
			a.ADDQ(row, e)
		}
	}
	a.DECQ(n)
	a.JNZ(LabelRef("entry"))
	for i, v := range acc {
		a.VMOVUPS(v, at(dw, i*a.bytes()))
	}
	a.Store(sum.AsX(), a.ReturnIndex(0))
	a.end()
}
