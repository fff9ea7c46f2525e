package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func adam(a asm) {
	a.function("adam", "func(s *float32, w, m, v, grad []float32)", "is [Adam]; s is the seven numbers of an [AdamStep].")
	s := a.arg("s")
	c := a.vecs(7)
	for i := range c {
		a.VBROADCASTSS(at(s, 4*i), c[i])
	}
	w, m, v, g, n := a.base("w"), a.base("m"), a.base("v"), a.base("grad"), a.length("grad")
	step := func(load func(Mem, reg.VecVirtual), store func(reg.VecVirtual, Mem)) {
		d, mi, vi, t := a.vec(), a.vec(), a.vec(), a.vec()
		load(at(g, 0), d)
		load(at(m, 0), mi)
		a.VMULPS(c[0], mi, mi)
		a.VFMADD231PS(d, c[1], mi)
		store(mi, at(m, 0))
		load(at(v, 0), vi)
		a.VMULPS(c[2], vi, vi)
		a.VMULPS(d, d, d)
		a.VFMADD231PS(d, c[3], vi)
		store(vi, at(v, 0))
		a.VMULPS(c[5], vi, vi)
		a.VSQRTPS(vi, vi)
		a.VADDPS(c[6], vi, vi)
		a.VMULPS(c[4], mi, mi)
		a.VDIVPS(vi, mi, mi)
		load(at(w, 0), t)
		a.VSUBPS(mi, t, t)
		store(t, at(w, 0))
	}
	a.SUBQ(U32(a.lanes()), n)
	a.JLT(LabelRef("tail"))
	a.Label("loop")
	step(func(m Mem, v reg.VecVirtual) { a.VMOVUPS(m, v) }, func(v reg.VecVirtual, m Mem) { a.VMOVUPS(v, m) })
	for _, p := range []reg.GPVirtual{w, m, v, g} {
		a.ADDQ(U32(a.bytes()), p)
	}
	a.SUBQ(U32(a.lanes()), n)
	a.JGE(LabelRef("loop"))
	a.Label("tail")
	a.ADDQ(U32(a.lanes()), n)
	a.JZ(LabelRef("done"))
	k := a.first(n)
	step(func(m Mem, v reg.VecVirtual) { a.load(m, k, v) }, func(v reg.VecVirtual, m Mem) { a.store(v, k, m) })
	a.Label("done")
	a.end()
}
