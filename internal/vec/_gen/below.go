package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func below(a asm) {
	a.function("below", "func(x []float32, limit float32) int", "is [Below].")
	x, n, limit := a.base("x"), a.length("x"), a.scalar("limit")
	count := a.GP64()
	a.XORQ(count, count)
	// compare gets the bits of the lanes below the limit.
	compare := func(m Mem, v reg.VecVirtual) reg.GPVirtual {
		bits := a.GP32()
		if a.wide {
			k := a.K()
			a.VCMPPS(Imm(30), m, limit, k) // limit > x
			a.KMOVW(k, bits)
		} else {
			a.VCMPPS(Imm(30), m, limit, v)
			a.VMOVMSKPS(v, bits)
		}
		return bits
	}
	add := func(bits reg.GPVirtual) {
		a.POPCNTL(bits, bits)
		a.ADDQ(bits.As64(), count)
	}
	const vectors = 4
	a.SUBQ(U32(vectors*a.lanes()), n)
	a.JLT(LabelRef("some"))
	a.Label("many")
	for i := range vectors {
		add(compare(at(x, i*a.bytes()), a.vec()))
	}
	a.ADDQ(U32(vectors*a.bytes()), x)
	a.SUBQ(U32(vectors*a.lanes()), n)
	a.JGE(LabelRef("many"))
	a.Label("some")
	a.ADDQ(U32((vectors-1)*a.lanes()), n)
	a.JLT(LabelRef("few"))
	a.Label("one")
	add(compare(at(x, 0), a.vec()))
	a.ADDQ(U32(a.bytes()), x)
	a.SUBQ(U32(a.lanes()), n)
	a.JGE(LabelRef("one"))
	a.Label("few")
	a.ADDQ(U32(a.lanes()), n)
	a.JZ(LabelRef("done"))
	last, bits := a.vec(), a.GP32()
	a.load(at(x, 0), a.first(n), last)
	if a.wide {
		k := a.K()
		a.VCMPPS(Imm(30), last, limit, k)
		a.KMOVW(k, bits)
	} else {
		a.VCMPPS(Imm(30), last, limit, last)
		a.VMOVMSKPS(last, bits)
	}
	a.BZHIL(n.As32(), bits, bits)
	add(bits)
	a.Label("done")
	a.Store(count, a.ReturnIndex(0))
	a.end()
}
