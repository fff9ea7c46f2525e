package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An asm builds functions for one instruction set: AVX-512 (wide) or AVX2 with
// FMA.
type asm struct {
	*build.Context
	wide bool
	data map[string]Mem // the constants of the file so far
}

// function starts NAME+level with the given doc lines.
func (a asm) function(name, signature string, doc ...string) {
	a.Function(name + a.level())
	a.Attributes(attr.NOSPLIT)
	a.SignatureExpr(signature)
	a.Pragma("noescape")
	doc[0] = name + a.level() + " " + doc[0]
	a.Doc(doc...)
}

func (a asm) level() string {
	if a.wide {
		return "AVX512"
	}
	return "AVX2"
}

// end restores the state that SSE code expects, and returns.
func (a asm) end() {
	a.VZEROUPPER()
	a.RET()
}

// lanes is the number of float32 in a vector.
func (a asm) lanes() int {
	if a.wide {
		return 16
	}
	return 8
}

// bytes is the size of a vector.
func (a asm) bytes() int { return 4 * a.lanes() }

// vec allocates a vector register.
func (a asm) vec() reg.VecVirtual {
	if a.wide {
		return a.ZMM()
	}
	return a.YMM()
}

// vecs allocates n vector registers.
func (a asm) vecs(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = a.vec()
	}
	return v
}

// zero clears vector registers.
func (a asm) zero(v ...reg.VecVirtual) {
	for _, r := range v {
		if a.wide {
			a.VPXORD(r, r, r)
		} else {
			a.VXORPS(r, r, r)
		}
	}
}

// zeros allocates n vector registers that hold zeros.
func (a asm) zeros(n int) []reg.VecVirtual {
	v := a.vecs(n)
	a.zero(v...)
	return v
}

// arg loads a one-word parameter.
func (a asm) arg(name string) reg.GPVirtual {
	r := a.GP64()
	a.Load(a.Param(name), r)
	return r
}

// base and length load the parts of a slice parameter.
func (a asm) base(name string) reg.GPVirtual {
	r := a.GP64()
	a.Load(a.Param(name).Base(), r)
	return r
}

func (a asm) length(name string) reg.GPVirtual {
	r := a.GP64()
	a.Load(a.Param(name).Len(), r)
	return r
}

// scalar loads a float32 parameter into every lane.
func (a asm) scalar(name string) reg.VecVirtual {
	b, err := a.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := a.vec()
	a.VBROADCASTSS(b.Addr, v)
	return v
}

// at is the memory disp bytes after b.
func at(b reg.Register, disp int) Mem { return Mem{Base: b, Disp: disp} }

// A mask selects the first lanes of a vector: an opmask register for AVX-512,
// a vector of sign bits for AVX2.
type mask struct{ op reg.Register }

// first builds the mask of the first n lanes, n below lanes.
func (a asm) first(n reg.GPVirtual) mask {
	if a.wide {
		bits, k := a.GP32(), a.K()
		a.MOVL(U32(0xffffffff), bits)
		a.BZHIL(n.As32(), bits, bits)
		a.KMOVW(bits, k)
		return mask{k}
	}
	table := a.laneTable()
	p, v := a.GP64(), a.YMM()
	a.LEAQ(table, p)
	off := a.GP64()
	a.MOVQ(n, off)
	a.NEGQ(off)
	a.VMOVDQU(Mem{Base: p, Index: off, Scale: 4, Disp: 32}, v)
	return mask{v}
}

// constMask builds the opmask of the first n lanes.
func (a asm) constMask(n int) reg.Register {
	bits, k := a.GP32(), a.K()
	a.MOVL(U32(1<<n-1), bits)
	a.KMOVW(bits, k)
	return k
}

// laneTable is eight words of ones and then eight zeros: the mask of the first
// n lanes starts n words before the zeros.
func (a asm) laneTable() Mem {
	const name = "lanes"
	if m, ok := a.data[name]; ok {
		return m
	}
	m := a.StaticGlobal(name)
	a.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 8 {
		a.AddDatum(4*i, U32(0xffffffff))
	}
	for i := range 8 {
		a.AddDatum(32+4*i, U32(0))
	}
	a.data[name] = m
	return m
}

// load reads the masked lanes, and zeros into the others.
func (a asm) load(m Mem, k mask, v reg.VecVirtual) {
	if a.wide {
		a.VMOVUPS_Z(m, k.op, v)
	} else {
		a.VMASKMOVPS(m, k.op, v)
	}
}

// store writes the masked lanes.
func (a asm) store(v reg.VecVirtual, k mask, m Mem) {
	if a.wide {
		a.VMOVUPS(v, k.op, m)
	} else {
		a.VMASKMOVPS(v, k.op, m)
	}
}

// sum adds all lanes of v and returns the register whose first lane holds it.
func (a asm) sum(v reg.VecVirtual) reg.Register {
	y := v.AsY().(reg.VecVirtual)
	if a.wide {
		h := a.YMM()
		a.VEXTRACTF64X4(Imm(1), v, h)
		a.VADDPS(h, y, y)
	}
	x, l := y.AsX(), a.XMM()
	a.VEXTRACTF128(Imm(1), y, l)
	a.VADDPS(l, x, x)
	a.VMOVHLPS(x, x, l)
	a.VADDPS(l, x, x)
	a.VMOVSHDUP(x, l)
	a.VADDSS(l, x, x)
	return x
}
