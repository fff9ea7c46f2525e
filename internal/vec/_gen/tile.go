package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tile is the matrix product's inner loop: 14×32 with AVX-512, whose 28
// accumulators leave 4 registers, and 6×16 with AVX2, whose 12 leave 4.
func tile(a asm) {
	rows := a.tileRows()
	a.function("tile", "func(k int, x *float32, rowStride, stepStride uintptr, y *float32, yStride uintptr, c *float32, ldc uintptr, alpha float32, add int)",
		"computes c[r][j] = alpha · Σ_p x[r][p]·y[p][j] over the rows and columns of a tile,",
		"and adds what c held when add is not zero. Strides are in bytes: x's from row to",
		"row and from p to p+1, y's from p to p+1, and c's from row to row.")
	k, s, step := a.arg("k"), a.arg("rowStride"), a.arg("stepStride")
	y, ys := a.arg("y"), a.arg("yStride")
	row := a.rows(a.arg("x"), s, rows)
	acc := a.zeros(2 * rows)

	a.Label("loop")
	y0, y1 := a.vec(), a.vec()
	a.VMOVUPS(at(y, 0), y0)
	a.VMOVUPS(at(y, a.bytes()), y1)
	a.ADDQ(ys, y)
	for r := range rows {
		x := a.vec()
		a.VBROADCASTSS(row.mem(r, 0), x)
		a.VFMADD231PS(y0, x, acc[2*r])
		a.VFMADD231PS(y1, x, acc[2*r+1])
	}
	row.advance(step)
	a.DECQ(k)
	a.JNZ(LabelRef("loop"))

	c, ldc, add := a.arg("c"), a.arg("ldc"), a.arg("add")
	alpha := a.scalar("alpha")
	a.TESTQ(add, add)
	a.JZ(LabelRef("set"))
	for r := range rows {
		for h := range 2 {
			a.VFMADD213PS(at(c, h*a.bytes()), alpha, acc[2*r+h])
			a.VMOVUPS(acc[2*r+h], at(c, h*a.bytes()))
		}
		a.ADDQ(ldc, c)
	}
	a.end()
	a.Label("set")
	for r := range rows {
		for h := range 2 {
			a.VMULPS(alpha, acc[2*r+h], acc[2*r+h])
			a.VMOVUPS(acc[2*r+h], at(c, h*a.bytes()))
		}
		a.ADDQ(ldc, c)
	}
	a.end()
}

// rows addresses equally spaced rows with a third as many registers: each base
// serves itself and, through the index, the two rows after it.
type rows struct {
	a      asm
	stride reg.GPVirtual
	bases  []reg.GPVirtual
}

func (a asm) rows(base, stride reg.GPVirtual, n int) rows {
	r := rows{a, stride, []reg.GPVirtual{base}}
	triple := a.GP64()
	a.LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, triple)
	for 3*len(r.bases) < n {
		b := a.GP64()
		a.LEAQ(Mem{Base: r.bases[len(r.bases)-1], Index: triple, Scale: 1}, b)
		r.bases = append(r.bases, b)
	}
	return r
}

// mem is the memory disp bytes into row i.
func (r rows) mem(i, disp int) Mem {
	m := Mem{Base: r.bases[i/3], Disp: disp}
	if i%3 > 0 {
		m.Index, m.Scale = r.stride, uint8(i%3)
	}
	return m
}

// advance moves all rows on by step bytes, a register or an immediate.
func (r rows) advance(step Op) {
	for _, b := range r.bases {
		r.a.ADDQ(step, b)
	}
}
