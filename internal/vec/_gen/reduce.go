package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func dot(a asm) {
	a.function("dot", "func(x, y []float32) float32", "is [Dot].")
	a.reduce(func(x, y Mem, load func(Mem, reg.VecVirtual), acc reg.VecVirtual) {
		v, w := a.vec(), a.vec()
		load(x, v)
		load(y, w)
		a.VFMADD231PS(v, w, acc)
	})
}

func sqDist(a asm) {
	a.function("sqDist", "func(x, y []float32) float32", "is [SqDist].")
	a.reduce(func(x, y Mem, load func(Mem, reg.VecVirtual), acc reg.VecVirtual) {
		v, w := a.vec(), a.vec()
		load(x, v)
		load(y, w)
		a.VSUBPS(w, v, v)
		a.VFMADD231PS(v, v, acc)
	})
}

// reduce returns the sum of what step adds to acc for each pair of vectors:
// four vectors a turn in accumulators of their own, then one, then a masked one.
func (a asm) reduce(step func(x, y Mem, load func(Mem, reg.VecVirtual), acc reg.VecVirtual)) {
	x, y, n := a.base("x"), a.base("y"), a.length("x")
	acc := a.zeros(4)
	whole := func(m Mem, v reg.VecVirtual) { a.VMOVUPS(m, v) }

	a.SUBQ(U32(4*a.lanes()), n)
	a.JLT(LabelRef("ones"))
	a.Label("fours")
	for i := range acc {
		step(at(x, i*a.bytes()), at(y, i*a.bytes()), whole, acc[i])
	}
	a.ADDQ(U32(4*a.bytes()), x)
	a.ADDQ(U32(4*a.bytes()), y)
	a.SUBQ(U32(4*a.lanes()), n)
	a.JGE(LabelRef("fours"))

	a.Label("ones")
	a.ADDQ(U32(3*a.lanes()), n)
	a.JLT(LabelRef("tail"))
	a.Label("one")
	step(at(x, 0), at(y, 0), whole, acc[0])
	a.ADDQ(U32(a.bytes()), x)
	a.ADDQ(U32(a.bytes()), y)
	a.SUBQ(U32(a.lanes()), n)
	a.JGE(LabelRef("one"))

	a.Label("tail")
	a.ADDQ(U32(a.lanes()), n)
	a.JZ(LabelRef("sum"))
	k := a.first(n)
	step(at(x, 0), at(y, 0), func(m Mem, v reg.VecVirtual) { a.load(m, k, v) }, acc[1])

	a.Label("sum")
	a.VADDPS(acc[1], acc[0], acc[0])
	a.VADDPS(acc[3], acc[2], acc[2])
	a.VADDPS(acc[2], acc[0], acc[0])
	s := a.sum(acc[0])
	a.Store(s, a.ReturnIndex(0))
	a.end()
}

func axpy(a asm) {
	a.function("axpy", "func(alpha float32, x, y []float32)", "is [Axpy].")
	alpha := a.scalar("alpha")
	x, y, n := a.base("x"), a.base("y"), a.length("x")
	step := func(i int) {
		v := a.vec()
		a.VMOVUPS(at(y, i*a.bytes()), v)
		a.VFMADD231PS(at(x, i*a.bytes()), alpha, v)
		a.VMOVUPS(v, at(y, i*a.bytes()))
	}

	a.SUBQ(U32(4*a.lanes()), n)
	a.JLT(LabelRef("ones"))
	a.Label("fours")
	for i := range 4 {
		step(i)
	}
	a.ADDQ(U32(4*a.bytes()), x)
	a.ADDQ(U32(4*a.bytes()), y)
	a.SUBQ(U32(4*a.lanes()), n)
	a.JGE(LabelRef("fours"))

	a.Label("ones")
	a.ADDQ(U32(3*a.lanes()), n)
	a.JLT(LabelRef("tail"))
	a.Label("one")
	step(0)
	a.ADDQ(U32(a.bytes()), x)
	a.ADDQ(U32(a.bytes()), y)
	a.SUBQ(U32(a.lanes()), n)
	a.JGE(LabelRef("one"))

	a.Label("tail")
	a.ADDQ(U32(a.lanes()), n)
	a.JZ(LabelRef("done"))
	k := a.first(n)
	v, w := a.vec(), a.vec()
	a.load(at(x, 0), k, v)
	a.load(at(y, 0), k, w)
	a.VFMADD231PS(v, alpha, w)
	a.store(w, k, at(y, 0))
	a.Label("done")
	a.end()
}
