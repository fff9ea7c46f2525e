package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// route walks the set bits of the comparison of up to 64 channels' codes.
func route(a asm) {
	a.function("route", "func(n, k int, grad *float32, code *uint8, places *[4]uint32, step, weights uintptr, byWindow *uint32, count *uint32, byChannel *uint32, end *uint32) int",
		"makes the lists of n windows side by side, as [Routes.Fill] says, and returns",
		"the number of entries.")
	g, code, next, count := a.arg("grad"), a.arg("code"), a.arg("byWindow"), a.arg("count")
	byChannel, end, advance := a.arg("byChannel"), a.arg("end"), a.GP64()
	a.XORQ(advance, advance)
	a.Label("window")
	for p := range 4 {
		name := string(rune('a' + p))
		places, at0 := a.arg("places"), a.GP64()
		a.MOVL(at(places, 4*p), at0.As32())
		a.ADDQ(advance, at0)
		before := a.GP64()
		a.MOVQ(next, before)
		first := a.GP64()
		a.XORQ(first, first)
		a.Label(name + "_group")
		bits := a.equal(name, code, first, p)
		a.TESTQ(bits, bits)
		a.JZ(LabelRef(name + "_none"))
		a.Label(name + "_entry")
		ch := a.GP64()
		a.TZCNTQ(bits, ch)
		a.ADDQ(first, ch)
		v, e, i := a.GP64(), a.GP64(), a.GP64()
		a.MOVL(Mem{Base: g, Index: ch, Scale: 4}, v.As32())
		a.SHLQ(Imm(32), v)
		a.MOVQ(v, e)
		a.ORQ(at0, e)
		a.MOVL(Mem{Base: end, Index: ch, Scale: 4}, i.As32())
		a.MOVQ(e, Mem{Base: byChannel, Index: i, Scale: 8})
		a.INCL(i.As32())
		a.MOVL(i.As32(), Mem{Base: end, Index: ch, Scale: 4})
		weights, err := a.Param("weights").Resolve()
		if err != nil {
			panic(err)
		}
		a.IMULQ(weights.Addr, ch)
		a.ORQ(v, ch)
		a.MOVQ(ch, at(next, 0))
		a.ADDQ(Imm(8), next)
		a.BLSRQ(bits, bits)
		a.JNZ(LabelRef(name + "_entry"))
		a.Label(name + "_none")
		a.ADDQ(Imm(64), first)
		k, err := a.Param("k").Resolve()
		if err != nil {
			panic(err)
		}
		a.CMPQ(first, k.Addr)
		a.JLT(LabelRef(name + "_group"))
		a.NEGQ(before)
		a.ADDQ(next, before)
		a.SHRQ(Imm(3), before)
		a.MOVL(before.As32(), at(count, 4*p))
	}
	a.ADDQ(Imm(16), count)
	k := a.arg("k")
	a.LEAQ(Mem{Base: g, Index: k, Scale: 4}, g)
	a.ADDQ(k, code)
	a.ADDQ(a.arg("step"), advance)
	n, err := a.Param("n").Resolve()
	if err != nil {
		panic(err)
	}
	a.DECQ(n.Addr)
	a.JNZ(LabelRef("window"))
	a.SUBQ(a.arg("byWindow"), next)
	a.SHRQ(Imm(3), next)
	a.Store(next, a.ReturnIndex(0))
	a.end()
}

// equal returns the bits of the 64 codes from channel first on, or of the fewer
// that k leaves, that equal p.
func (a asm) equal(name string, code, first reg.GPVirtual, p int) reg.GPVirtual {
	bits, left := a.GP64(), a.arg("k")
	a.SUBQ(first, left)
	if a.wide {
		full := a.GP64()
		a.MOVQ(I32(-1), full)
		a.CMPQ(left, Imm(64))
		a.JGE(LabelRef(name + "_whole"))
		a.BZHIQ(left, full, full)
		a.Label(name + "_whole")
		some, eq, v, w := a.K(), a.K(), a.ZMM(), a.ZMM()
		a.KMOVQ(full, some)
		a.VMOVDQU8_Z(Mem{Base: code, Index: first, Scale: 1}, some, v)
		a.VPBROADCASTD(a.bytesOf(p), w)
		a.VPCMPEQB(w, v, some, eq)
		a.KMOVQ(eq, bits)
		return bits
	}
	w := a.XMM()
	a.VPBROADCASTD(a.bytesOf(p), w)
	a.XORQ(bits, bits)
	for i := range 4 {
		a.CMPQ(left, Imm(uint64(16*i)))
		a.JLE(LabelRef(name + "_whole"))
		v, some := a.XMM(), a.GP64()
		a.VPCMPEQB(Mem{Base: code, Index: first, Scale: 1, Disp: 16 * i}, w, v)
		a.VPMOVMSKB(v, some.As32())
		if i > 0 {
			a.SHLQ(Imm(uint64(16*i)), some)
		}
		a.ORQ(some, bits)
	}
	a.Label(name + "_whole")
	return bits
}

// bytesOf is a word in memory of four bytes p.
func (a asm) bytesOf(p int) Mem {
	const name = "bytes"
	m, ok := a.data[name]
	if !ok {
		m = a.StaticGlobal(name)
		a.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range 4 {
			a.AddDatum(4*i, U32(i*0x01010101))
		}
		a.data[name] = m
	}
	return m.Offset(4 * p)
}
