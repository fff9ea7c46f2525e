package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func convPool(a asm) {
	a.function("convPool", "func(n int, y *float32, code *uint8, k uintptr, x *float32, row, pixel uintptr, taps int, w, bias *float32)",
		"is [ConvPool]. Distances are in bytes (k in elements), taps is 3·c.")
	y, code, x, n := a.arg("y"), a.arg("code"), a.arg("x"), a.arg("n")
	pool := a.pooling()

	// windows does so many windows at once.
	windows := func(name string, count int) {
		cols := 2*count + 2 - 2 // places along a row at one tap: of each window two
		acc := a.zeros(2 * 4 * count)
		p, w, ky := a.GP64(), a.arg("w"), a.GP64()
		a.MOVQ(x, p)
		a.MOVQ(U32(3), ky)
		a.Label(name + "_row")
		pixel, row := a.arg("pixel"), a.arg("row")
		top := a.GP64()
		a.MOVQ(p, top)
		a.ADDQ(row, p)
		low := a.GP64()
		a.MOVQ(p, low)
		rows := [2]rows{a.rows(top, pixel, cols), a.rows(low, pixel, cols)}
		taps := a.arg("taps")
		a.Label(name + "_tap")
		w0, w1 := a.vec(), a.vec()
		a.VMOVUPS(at(w, 0), w0)
		a.VMOVUPS(at(w, a.bytes()), w1)
		a.ADDQ(U32(2*a.bytes()), w)
		for t := range count {
			for place := range 4 {
				v := a.vec()
				a.VBROADCASTSS(rows[place/2].mem(2*t+place%2, 0), v)
				a.VFMADD231PS(w0, v, acc[2*(4*t+place)])
				a.VFMADD231PS(w1, v, acc[2*(4*t+place)+1])
			}
		}
		rows[0].advance(U32(4))
		rows[1].advance(U32(4))
		a.DECQ(taps)
		a.JNZ(LabelRef(name + "_tap"))
		a.DECQ(ky)
		a.JNZ(LabelRef(name + "_row"))

		bias, k := a.arg("bias"), a.arg("k")
		for t := range count {
			for h := range 2 {
				var q [4]reg.VecVirtual
				for place := range q {
					q[place] = acc[2*(4*t+place)+h]
				}
				pool(q, at(bias, h*a.bytes()), at(y, h*a.bytes()), at(code, h*a.lanes()))
			}
			a.LEAQ(Mem{Base: y, Index: k, Scale: 4}, y)
			a.ADDQ(k, code)
		}
		a.LEAQ(Mem{Base: x, Index: pixel, Scale: 2}, x)
		if count == 2 {
			a.LEAQ(Mem{Base: x, Index: pixel, Scale: 2}, x)
		}
	}
	if a.wide { // two windows at once, then the odd one
		a.SUBQ(Imm(2), n)
		a.JLT(LabelRef("last"))
		a.Label("pair")
		windows("pair", 2)
		a.SUBQ(Imm(2), n)
		a.JGE(LabelRef("pair"))
		a.Label("last")
		a.ADDQ(Imm(2), n)
		a.JZ(LabelRef("done"))
	}
	a.Label("one")
	windows("one", 1)
	a.DECQ(n)
	a.JNZ(LabelRef("one"))
	a.Label("done")
	a.end()
}
