package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// pack writes the four ways to fill a panel: from rows or from columns of the
// matrix, for a panel as narrow as a tile is high or as wide as a tile.
func pack(a asm) {
	a.packRows("packRowsNarrow", a.tileRows())
	a.packRows("packRowsVector", a.lanes())
	a.packColumns("packColumnsNarrow", a.tileRows())
	a.packColumns("packColumnsWide", 2*a.lanes())
	a.copyVectors()
}

// packRows transposes n rows, as many columns at a time as a vector has lanes.
func (a asm) packRows(name string, n int) {
	a.function(name, "func(k int, x *float32, ldx uintptr, dst *float32, ldd uintptr)",
		"copies a matrix of rows (14 with AVX-512, 6 with AVX2; Vector: as many as a",
		"vector has lanes) by k, k a multiple of the lanes, to dst as k rows. Distances",
		"are in bytes.")
	k, s, dst, ldd := a.arg("k"), a.arg("ldx"), a.arg("dst"), a.arg("ldd")
	rows := a.rows(a.arg("x"), s, n)
	store := a.storeFirst(n)
	a.Label("loop")
	v := make([]reg.VecVirtual, a.lanes())
	for i := range v {
		if i >= n {
			v[i] = v[i-2] // lanes that are not stored
			continue
		}
		v[i] = a.vec()
		a.VMOVUPS(rows.mem(i, 0), v[i])
	}
	for _, t := range a.transpose(v) {
		store(t, at(dst, 0))
		a.ADDQ(ldd, dst)
	}
	rows.advance(U32(a.bytes()))
	a.SUBQ(U32(a.lanes()), k)
	a.JNZ(LabelRef("loop"))
	a.end()
}

// transpose returns the columns of the square matrix whose rows are v.
func (a asm) transpose(v []reg.VecVirtual) []reg.VecVirtual {
	// Within each 128-bit quarter: 4×4 blocks, by pairs and then pairs of pairs.
	n := len(v)
	q := make([]reg.VecVirtual, n) // q[4i+c]: column c of each quarter, of rows 4i..4i+3
	for i := 0; i < n; i += 4 {
		ab, AB, cd, CD := a.vec(), a.vec(), a.vec(), a.vec()
		a.VUNPCKLPS(v[i+1], v[i], ab)
		a.VUNPCKHPS(v[i+1], v[i], AB)
		a.VUNPCKLPS(v[i+3], v[i+2], cd)
		a.VUNPCKHPS(v[i+3], v[i+2], CD)
		for c := range 4 {
			q[i+c] = a.vec()
		}
		a.VUNPCKLPD(cd, ab, q[i])
		a.VUNPCKHPD(cd, ab, q[i+1])
		a.VUNPCKLPD(CD, AB, q[i+2])
		a.VUNPCKHPD(CD, AB, q[i+3])
	}
	out := a.vecs(n)
	for c := range 4 {
		if !a.wide {
			a.VPERM2F128(Imm(0x20), q[4+c], q[c], out[c])
			a.VPERM2F128(Imm(0x31), q[4+c], q[c], out[4+c])
			continue
		}
		// Then the quarters themselves, as a 4×4 matrix.
		t := a.vecs(4)
		a.VSHUFF32X4(Imm(0x44), q[4+c], q[c], t[0])
		a.VSHUFF32X4(Imm(0xee), q[4+c], q[c], t[1])
		a.VSHUFF32X4(Imm(0x44), q[12+c], q[8+c], t[2])
		a.VSHUFF32X4(Imm(0xee), q[12+c], q[8+c], t[3])
		a.VSHUFF32X4(Imm(0x88), t[2], t[0], out[c])
		a.VSHUFF32X4(Imm(0xdd), t[2], t[0], out[4+c])
		a.VSHUFF32X4(Imm(0x88), t[3], t[1], out[8+c])
		a.VSHUFF32X4(Imm(0xdd), t[3], t[1], out[12+c])
	}
	return out
}

// packColumns copies k runs of n floats.
func (a asm) packColumns(name string, n int) {
	a.function(name, "func(k int, x *float32, ldx uintptr, dst *float32)",
		"copies k rows of a tile's height (Wide: width), ldx bytes apart, to dst without",
		"gaps.")
	k, x, ldx, dst := a.arg("k"), a.arg("x"), a.arg("ldx"), a.arg("dst")
	load, store := a.loadFirst(min(n, a.lanes())), a.storeFirst(min(n, a.lanes()))
	a.Label("loop")
	for i := 0; i < n; i += a.lanes() {
		v := a.vec()
		load(at(x, 4*i), v)
		store(v, at(dst, 4*i))
	}
	a.ADDQ(ldx, x)
	a.ADDQ(U32(4*n), dst)
	a.DECQ(k)
	a.JNZ(LabelRef("loop"))
	a.end()
}

// copyVectors moves vectors between places equally far apart.
func (a asm) copyVectors() {
	a.function("copyVectors", "func(n int, x *float32, ldx uintptr, dst *float32, ldd uintptr)",
		"copies n vectors, ldx bytes apart, to places ldd bytes apart.")
	n, x, ldx, dst, ldd := a.arg("n"), a.arg("x"), a.arg("ldx"), a.arg("dst"), a.arg("ldd")
	v := a.vec()
	a.Label("loop")
	a.VMOVUPS(at(x, 0), v)
	a.VMOVUPS(v, at(dst, 0))
	a.ADDQ(ldx, x)
	a.ADDQ(ldd, dst)
	a.DECQ(n)
	a.JNZ(LabelRef("loop"))
	a.end()
}

// tileRows is the height of a tile.
func (a asm) tileRows() int {
	if a.wide {
		return 14
	}
	return 6
}

// loadFirst returns what loads n lanes: all, or as many as a tile is high.
func (a asm) loadFirst(n int) func(m Mem, v reg.VecVirtual) {
	switch {
	case n == a.lanes():
		return func(m Mem, v reg.VecVirtual) { a.VMOVUPS(m, v) }
	case a.wide:
		k := a.constMask(n)
		return func(m Mem, v reg.VecVirtual) { a.VMOVUPS_Z(m, k, v) }
	}
	return func(m Mem, v reg.VecVirtual) { // 6 lanes
		h := a.XMM()
		a.VMOVSD(m.Offset(16), h)
		a.VMOVUPS(m, v.AsX())
		a.VINSERTF128(Imm(1), h, v, v)
	}
}

// storeFirst returns what stores n lanes: all, or as many as a tile is high.
func (a asm) storeFirst(n int) func(v reg.VecVirtual, m Mem) {
	switch {
	case n == a.lanes():
		return func(v reg.VecVirtual, m Mem) { a.VMOVUPS(v, m) }
	case a.wide:
		k := a.constMask(n)
		return func(v reg.VecVirtual, m Mem) { a.VMOVUPS(v, k, m) }
	}
	return func(v reg.VecVirtual, m Mem) { // 6 lanes
		h := a.XMM()
		a.VMOVUPS(v.AsX(), m)
		a.VEXTRACTF128(Imm(1), v, h)
		a.VMOVSD(h, m.Offset(16))
	}
}
