package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// What pull reads of a Field, by offset.
const (
	fieldPlaces    = 0
	fieldForces    = 24
	fieldPool      = 32
	fieldList      = 56
	fieldPass      = 80
	fieldNegatives = 84
	fieldPoints    = 88
	fieldShare     = 92
	fieldFirst     = 96
	fieldSize      = 100
)

// The constants of a Curve.
const (
	curvePieces = 32 * 64
	curveLowest = (127 - 16) << 6
	curveShift  = 17
)

const goldenRatio = 0x9e3779b9

// pull works in three steps: it lists the points of the edges that are due,
// draws as many times Negatives, and adds up the forces of the list, vector by
// vector.
func pull(a asm) {
	a.function("pull", "func(f *[]float32, i int, cols *int32, steps *uint32, n int, key uint32) (x, y float32)",
		"is [Field.Pull] for a stretch of n edges; f is a Field.")
	f, list := a.arg("f"), a.GP64()
	a.MOVQ(at(f, fieldList), list)
	end := a.GP64()
	a.MOVQ(list, end)
	a.due(f, end)

	near, count := a.GP64(), a.GP64()
	a.MOVQ(end, near)
	a.SUBQ(list, near)
	a.SHRQ(Imm(2), near)
	a.MOVL(at(f, fieldNegatives), count.As32())
	a.IMULQ(near, count)
	a.draws(f, end, count)

	i := a.arg("i")
	a.whole(a.every(i.As32()), at(end, 0)) // a whole last vector: a point exerts no force on itself
	x, y := a.forces(f, list, end, near, i)
	a.Store(a.sum(x), a.ReturnIndex(0))
	a.Store(a.sum(y), a.ReturnIndex(1))
	a.end()
}

// due appends the points of the edges that are due.
func (a asm) due(f, end reg.GPVirtual) {
	cols, steps, n, pass := a.arg("cols"), a.arg("steps"), a.arg("n"), a.vec()
	a.VPBROADCASTD(at(f, fieldPass), pass)
	lane := a.GP32() // for AVX2
	take := func(name string, load func(Mem, reg.VecVirtual)) {
		s, p, bits := a.vec(), a.vec(), a.GP32()
		load(at(steps, 0), s)
		a.VPMULLD(s, pass, p)
		if a.wide {
			k, c := a.K(), a.vec()
			a.VPCMPUD(Imm(1), s, p, k)
			load(at(cols, 0), c)
			a.VPCOMPRESSD_Z(c, k, c)
			a.whole(c, at(end, 0))
			a.KMOVW(k, bits)
			a.POPCNTL(bits, bits)
			a.LEAQ(Mem{Base: end, Index: bits.As64(), Scale: 4}, end)
			return
		}
		a.VPMAXUD(p, s, s)
		a.VPCMPEQD(p, s, s)
		a.VMOVMSKPS(s, bits)
		a.XORL(Imm(0xff), bits)
		a.JZ(LabelRef(name + "_none"))
		a.Label(name + "_next")
		a.TZCNTL(bits, lane)
		a.MOVL(Mem{Base: cols, Index: lane.As64(), Scale: 4}, lane)
		a.MOVL(lane, at(end, 0))
		a.ADDQ(Imm(4), end)
		a.BLSRL(bits, bits)
		a.JNZ(LabelRef(name + "_next"))
		a.Label(name + "_none")
	}
	a.SUBQ(U32(a.lanes()), n)
	a.JLT(LabelRef("few"))
	a.Label("edges")
	take("whole", func(m Mem, v reg.VecVirtual) { a.VMOVUPS(m, v) })
	a.ADDQ(U32(a.bytes()), cols)
	a.ADDQ(U32(a.bytes()), steps)
	a.SUBQ(U32(a.lanes()), n)
	a.JGE(LabelRef("edges"))
	a.Label("few")
	a.ADDQ(U32(a.lanes()), n)
	a.JZ(LabelRef("listed"))
	k := a.first(n)
	take("last", func(m Mem, v reg.VecVirtual) { a.load(m, k, v) })
	a.Label("listed")
}

// draws appends count draws and moves end behind them.
func (a asm) draws(f, end, count reg.GPVirtual) {
	a.LEAQ(Mem{Base: end, Index: count, Scale: 4}, count)
	golden, counter := a.everyConst(goldenRatio), a.vec()
	a.VPMULLD(a.iota(), golden, counter)
	key := a.GP32()
	a.Load(a.Param("key"), key)
	a.VPADDD(a.every(key), counter, counter)
	stride := a.everyConst(uint32(uint64(a.lanes()) * goldenRatio & 0xffffffff))
	m1, m2 := a.everyConst(0x7feb352d), a.everyConst(0x846ca68b)
	share, first, size, points := a.vec(), a.vec(), a.vec(), a.vec()
	a.VPBROADCASTD(at(f, fieldShare), share)
	a.VPBROADCASTD(at(f, fieldFirst), first)
	a.VPBROADCASTD(at(f, fieldSize), size)
	a.VPBROADCASTD(at(f, fieldPoints), points)
	pool := a.GP64()
	a.MOVQ(at(f, fieldPool), pool)
	var odds reg.Register // AVX-512: the mask of the odd lanes
	if a.wide {
		bits := a.GP32()
		odds = a.K()
		a.MOVL(U32(0xaaaa), bits)
		a.KMOVW(bits, odds)
	}
	a.JMP(LabelRef("drawn"))

	a.Label("draw")
	h, t := a.vec(), a.vec()
	a.VPSRLD(Imm(16), counter, t)
	a.xor(counter, t, h)
	a.VPMULLD(m1, h, h)
	a.VPSRLD(Imm(15), h, t)
	a.xor(h, t, h)
	a.VPMULLD(m2, h, h)
	a.VPSRLD(Imm(16), h, t)
	a.xor(h, t, h)
	a.VPADDD(stride, counter, counter)

	// Whether the draw is of the group, and so where it begins and ends.
	from, room := a.vec(), a.vec()
	a.VPMULLD(golden, h, t)
	if a.wide {
		own := a.K()
		a.VPCMPUD(Imm(2), share, t, own) // t ≤ share
		a.VMOVDQA32_Z(first, own, from)
		a.VPBLENDMD(size, points, own, room)
	} else {
		own := a.vec()
		a.VPMINUD(share, t, own)
		a.VPCMPEQD(t, own, own)
		a.VPAND(first, own, from)
		a.VBLENDVPS(own, size, points, room)
	}
	// The upper halves of 64-bit products, of even and odd lanes.
	even, odd := a.vec(), h
	a.VPMULUDQ(room, h, even)
	a.VPSRLQ(Imm(32), even, even)
	a.VPSRLQ(Imm(32), h, h)
	a.VPSRLQ(Imm(32), room, room)
	a.VPMULUDQ(room, h, odd)
	if a.wide {
		a.VPBLENDMD(odd, even, odds, even)
	} else {
		a.VPBLENDD(Imm(0xaa), odd, even, even)
	}
	a.VPADDD(from, even, even)
	a.TESTQ(pool, pool)
	a.JZ(LabelRef("points"))
	found := a.vec()
	a.VMOVUPS(even, found) // for a register of its own
	if a.wide {
		a.VPGATHERDD(Mem{Base: pool, Index: even, Scale: 4}, a.constMask(16), found)
	} else {
		all := a.vec()
		a.VPCMPEQD(golden, golden, all)
		a.VPGATHERDD(all, Mem{Base: pool, Index: even, Scale: 4}, found)
	}
	a.whole(found, at(end, 0))
	a.ADDQ(U32(a.bytes()), end)
	a.CMPQ(end, count)
	a.JLT(LabelRef("draw"))
	a.JMP(LabelRef("all"))
	a.Label("points")
	a.whole(even, at(end, 0))
	a.ADDQ(U32(a.bytes()), end)
	a.Label("drawn")
	a.CMPQ(end, count)
	a.JLT(LabelRef("draw"))
	a.Label("all")
	a.MOVQ(count, end)
}

// forces adds up the forces of the points from list to end on point i, of which
// the first near attract.
func (a asm) forces(f, list, end, near, i reg.GPVirtual) (x, y reg.VecVirtual) {
	places, curves := a.GP64(), a.GP64()
	a.MOVQ(at(f, fieldPlaces), places)
	a.MOVQ(at(f, fieldForces), curves)
	px, py := a.vec(), a.vec()
	a.VBROADCASTSS(Mem{Base: places, Index: i, Scale: 8}, px)
	a.VBROADCASTSS(Mem{Base: places, Index: i, Scale: 8, Disp: 4}, py)
	least := a.everyConst(0x37800000) // 2⁻¹⁶
	most, repel := a.everyConst(curveLowest+curvePieces-1), a.everyConst(curvePieces)
	sums := a.vecs(2)
	a.xor(px, px, sums[0]) // of what is in use: registers are scarce before
	a.xor(px, px, sums[1])
	a.JMP(LabelRef("felt"))

	a.Label("force")
	dx, dy := a.pairs(list, places, 0)
	a.VSUBPS(px, dx, dx)
	a.VSUBPS(py, dy, dy)
	u, piece := a.vec(), a.vec()
	a.VMULPS(dx, dx, u)
	a.VFMADD231PS(dy, dy, u)
	a.VADDPS(least, u, u)
	a.VPSRLD(Imm(curveShift), u, piece)
	a.VPMINUD(most, piece, piece)
	attracting := a.every(near.As32())
	if a.wide {
		far := a.K()
		iota := a.vec()
		a.VMOVUPS(a.iota(), iota)
		a.VPCMPD(Imm(5), attracting, iota, far) // lane ≥ near
		a.VPADDD(repel, piece, far, piece)
	} else {
		a.VPCMPGTD(a.iota(), attracting, attracting)
		a.VPANDN(repel, attracting, attracting)
		a.VPADDD(attracting, piece, piece)
	}
	a.whole(piece, at(list, 0)) // over points that have been read
	c, slope := a.pairs(list, curves, -8*curveLowest)
	a.VFMADD231PS(u, slope, c)
	a.VFMADD231PS(dx, c, sums[0])
	a.VFMADD231PS(dy, c, sums[1])
	a.SUBQ(U32(a.lanes()), near)
	a.ADDQ(U32(a.bytes()), list)
	a.Label("felt")
	a.CMPQ(list, end)
	a.JLT(LabelRef("force"))
	return sums[0], sums[1]
}

// pairs loads the pairs of floats that a vector of indices at list chooses, and
// parts them. Loads one by one are as fast as gathering instructions, and much
// faster on processors where those are slow.
func (a asm) pairs(list, base reg.GPVirtual, disp int) (first, second reg.VecVirtual) {
	quarter := func(k int) reg.VecVirtual {
		i, j, y := a.GP64(), a.GP64(), a.YMM()
		a.MOVL(at(list, 4*k), i.As32())
		a.MOVL(at(list, 4*k+4), j.As32())
		a.VBROADCASTSD(Mem{Base: base, Index: i, Scale: 8, Disp: disp}, y)
		a.VMOVHPS(Mem{Base: base, Index: j, Scale: 8, Disp: disp}, y.AsX(), y.AsX())
		return y
	}
	// half takes the lower or upper pairs of each four lanes.
	half := func(k int) reg.VecVirtual {
		y := quarter(k)
		a.VINSERTF128(Imm(1), quarter(k+4).AsX(), y, y)
		if !a.wide {
			return y
		}
		z, upper := y.AsZ().(reg.VecVirtual), quarter(k+8)
		a.VINSERTF128(Imm(1), quarter(k+12).AsX(), upper, upper)
		a.VINSERTF64X4(Imm(1), upper, z, z)
		return z
	}
	lower, upper := half(0), half(2)
	first, second = a.vec(), a.vec()
	a.VSHUFPS(Imm(0x88), upper, lower, first)
	a.VSHUFPS(Imm(0xdd), upper, lower, second)
	return first, second
}

// xor sets dst to x ^ y.
func (a asm) xor(x, y, dst reg.VecVirtual) {
	if a.wide {
		a.VPXORD(x, y, dst)
	} else {
		a.VPXOR(x, y, dst)
	}
}

// whole stores all lanes.
func (a asm) whole(v reg.VecVirtual, m Mem) { a.VMOVUPS(v, m) }

// every copies a register into all lanes.
func (a asm) every(r reg.Register) reg.VecVirtual {
	v := a.vec()
	a.VMOVD(r, v.AsX())
	a.VPBROADCASTD(v.AsX(), v)
	return v
}

// everyConst fills all lanes with a constant.
func (a asm) everyConst(c uint32) reg.VecVirtual {
	r := a.GP32()
	a.MOVL(U32(c), r)
	return a.every(r)
}

// iota is the numbers 0 to 15 in memory.
func (a asm) iota() Mem {
	const name = "iota"
	m, ok := a.data[name]
	if !ok {
		m = a.StaticGlobal(name)
		a.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range 16 {
			a.AddDatum(4*i, U32(i))
		}
		a.data[name] = m
	}
	return m
}
