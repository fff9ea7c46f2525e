package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func nearer(a asm) {
	a.function("nearer", "func(found []int32, dots, norms []float32, limit float32) int", "is [Nearer].")
	found, dots, norms, n := a.base("found"), a.base("dots"), a.base("norms"), a.length("dots")
	limit := a.scalar("limit")
	one, two := a.GP32(), a.vec()
	a.MOVL(U32(0x40000000), one) // 2.0
	x := two.AsX()
	a.VMOVD(one, x)
	a.VBROADCASTSS(x, two)
	j, count := a.GP32(), a.GP64()
	a.XORL(j, j)
	a.XORQ(count, count)

	// take appends j + each lane that is near enough; keep clears lanes.
	take := func(name string, load func(Mem, reg.VecVirtual), keep func(bits reg.GPVirtual)) {
		v, w, bits := a.vec(), a.vec(), a.GP32()
		load(at(norms, 0), v)
		load(at(dots, 0), w)
		a.VFNMADD231PS(w, two, v)
		if a.wide {
			k := a.K()
			a.VCMPPS(Imm(17), limit, v, k)
			a.KMOVW(k, bits)
		} else {
			a.VCMPPS(Imm(17), limit, v, v)
			a.VMOVMSKPS(v, bits)
		}
		keep(bits)
		a.TESTL(bits, bits)
		a.JZ(LabelRef(name + "_none"))
		a.Label(name + "_next")
		lane := a.GP32()
		a.TZCNTL(bits, lane)
		a.ADDL(j, lane)
		a.MOVL(lane, Mem{Base: found, Index: count, Scale: 4})
		a.INCQ(count)
		a.BLSRL(bits, bits)
		a.JNZ(LabelRef(name + "_next"))
		a.Label(name + "_none")
	}

	a.SUBQ(U32(a.lanes()), n)
	a.JLT(LabelRef("tail"))
	a.Label("one")
	take("whole", func(m Mem, v reg.VecVirtual) { a.VMOVUPS(m, v) }, func(reg.GPVirtual) {})
	a.ADDQ(U32(a.bytes()), dots)
	a.ADDQ(U32(a.bytes()), norms)
	a.ADDL(U32(a.lanes()), j)
	a.SUBQ(U32(a.lanes()), n)
	a.JGE(LabelRef("one"))

	a.Label("tail")
	a.ADDQ(U32(a.lanes()), n)
	a.JZ(LabelRef("done"))
	k := a.first(n)
	take("last", func(m Mem, v reg.VecVirtual) { a.load(m, k, v) }, func(bits reg.GPVirtual) { a.BZHIL(n.As32(), bits, bits) })
	a.Label("done")
	a.Store(count, a.ReturnIndex(0))
	a.end()
}
