package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func winograd(a asm) {
	a.winogradInput()
	a.winogradOutput()
}

// winogradInput does one plane of channels. With enough registers a window hands
// its two right columns, already transformed down the rows, to the next.
func (a asm) winogradInput() {
	a.function("winogradInput", "func(v *float32, step, window uintptr, x *float32, row uintptr, n int)",
		"is [WinogradInput] of one plane. Distances are in bytes.")
	v := a.rows(a.arg("v"), a.arg("step"), 16)
	n := a.arg("n")
	x := make([]reg.GPVirtual, 4)
	x[0] = a.arg("x")
	row := a.arg("row")
	for i := 1; i < 4; i++ {
		x[i] = a.GP64()
		a.LEAQ(Mem{Base: x[i-1], Index: row, Scale: 1}, x[i])
	}
	pixel := func(i, j int) Mem { return at(x[i], j*a.bytes()) }
	across := func(i int, t [4]reg.VecVirtual) {
		a.outputs(t, func(j int, r reg.VecVirtual) { a.VMOVUPS(r, v.mem(4*i+j, 0)) })
	}

	if a.wide {
		var left [4][2]reg.VecVirtual // transformed columns 0 and 1
		for j := range 2 {
			t := a.down(func(i int) Mem { return pixel(i, j) })
			for i := range 4 {
				left[i][j] = t[i]
			}
		}
		a.Label("loop")
		t2 := a.down(func(i int) Mem { return pixel(i, 2) })
		t3 := a.down(func(i int) Mem { return pixel(i, 3) })
		for i := range 4 {
			across(i, [4]reg.VecVirtual{left[i][0], left[i][1], t2[i], t3[i]})
			a.VMOVAPS(t2[i], left[i][0])
			a.VMOVAPS(t3[i], left[i][1])
		}
	} else {
		a.Label("loop")
		for i := range 4 {
			var t [4]reg.VecVirtual
			for j := range t {
				t[j] = a.vec()
				p, q := [4]int{0, 1, 2, 1}[i], [4]int{2, 2, 1, 3}[i]
				a.VMOVUPS(pixel(p, j), t[j])
				if i == 1 {
					a.VADDPS(pixel(q, j), t[j], t[j])
				} else {
					a.VSUBPS(pixel(q, j), t[j], t[j])
				}
			}
			across(i, t)
		}
	}
	for i := range x {
		a.ADDQ(U32(2*a.bytes()), x[i])
	}
	v.advance(a.arg("window"))
	a.DECQ(n)
	a.JNZ(LabelRef("loop"))
	a.end()
}

// down is Bᵀ times the column of four vectors in memory.
func (a asm) down(m func(i int) Mem) (t [4]reg.VecVirtual) {
	d := a.vecs(4)
	for i := range d {
		a.VMOVUPS(m(i), d[i])
	}
	a.outputs([4]reg.VecVirtual(d), func(i int, r reg.VecVirtual) { t[i] = r })
	return t
}

// outputs is Bᵀ d: d0-d2, d1+d2, d2-d1, d1-d3.
func (a asm) outputs(d [4]reg.VecVirtual, use func(i int, r reg.VecVirtual)) {
	r := a.vecs(4)
	a.VSUBPS(d[2], d[0], r[0])
	use(0, r[0])
	a.VADDPS(d[2], d[1], r[1])
	use(1, r[1])
	a.VSUBPS(d[1], d[2], r[2])
	use(2, r[2])
	a.VSUBPS(d[3], d[1], r[3])
	use(3, r[3])
}

func (a asm) winogradOutput() {
	a.function("winogradOutput", "func(y *float32, code *uint8, m *float32, step uintptr, bias *float32, vectors, n int)",
		"is [WinogradOutput]. step is in bytes.")
	m := a.rows(a.arg("m"), a.arg("step"), 16)
	y, code, n := a.arg("y"), a.arg("code"), a.arg("n")
	pool := a.pooling()
	a.Label("window")
	bias, vectors := a.arg("bias"), a.arg("vectors")
	a.Label("vector")
	var b [2][4]reg.VecVirtual
	for j := range 4 {
		// Down the column: m0+m1+m2 and m1-m2-m3.
		sum, diff, m2 := a.vec(), a.vec(), a.vec()
		a.VMOVUPS(m.mem(4+j, 0), diff)
		a.VMOVUPS(m.mem(8+j, 0), m2)
		a.VADDPS(m.mem(j, 0), diff, sum)
		a.VADDPS(m2, sum, sum)
		a.VSUBPS(m2, diff, diff)
		a.VSUBPS(m.mem(12+j, 0), diff, diff)
		b[0][j], b[1][j] = sum, diff
	}
	var q [4]reg.VecVirtual
	for i := range 2 {
		r := b[i]
		sum, diff := r[0], a.vec()
		a.VADDPS(r[1], sum, sum)
		a.VADDPS(r[2], sum, sum)
		a.VSUBPS(r[2], r[1], diff)
		a.VSUBPS(r[3], diff, diff)
		q[2*i], q[2*i+1] = sum, diff
	}
	pool(q, at(bias, 0), at(y, 0), at(code, 0))
	m.advance(U32(a.bytes()))
	a.ADDQ(U32(a.bytes()), y)
	a.ADDQ(U32(a.bytes()), bias)
	a.ADDQ(U32(a.lanes()), code)
	a.DECQ(vectors)
	a.JNZ(LabelRef("vector"))
	a.DECQ(n)
	a.JNZ(LabelRef("window"))
	a.end()
}

// pooling returns what does [Pool] on the four places q of a vector of windows.
func (a asm) pooling() func(q [4]reg.VecVirtual, bias, y, code Mem) {
	zero := a.zeros(1)[0]
	return func(q [4]reg.VecVirtual, bias, y, code Mem) {
		top, low := a.vec(), a.vec()
		a.VMAXPS(q[1], q[0], top)
		a.VMAXPS(q[3], q[2], low)
		a.VMAXPS(low, top, top)
		v, c := a.vec(), a.vec()
		a.VADDPS(bias, top, v)
		if a.wide {
			live := a.K()
			a.VCMPPS(Imm(22), zero, v, live) // not ≤ 0
			a.VPBROADCASTD(a.word(4), c)
			a.VPBROADCASTD(a.word(3), live, c)
			for p := 2; p >= 0; p-- {
				k := a.K()
				a.VCMPPS(Imm(0), top, q[p], live, k)
				a.VPBROADCASTD(a.word(p), k, c)
			}
			a.VMOVAPS_Z(v, live, v)
			a.VPMOVDB(c, code)
		} else {
			k := a.vec()
			a.VPBROADCASTD(a.word(3), c)
			t := a.vec()
			for p := 2; p >= 0; p-- {
				a.VCMPPS(Imm(0), top, q[p], k)
				a.VPBROADCASTD(a.word(p), t)
				a.VBLENDVPS(k, t, c, c)
			}
			a.VCMPPS(Imm(2), zero, v, k) // ≤ 0
			a.VPBROADCASTD(a.word(4), t)
			a.VBLENDVPS(k, t, c, c)
			a.VANDNPS(v, k, v)
			h := a.XMM()
			a.VEXTRACTI128(Imm(1), c, h)
			a.VPACKUSDW(h, c.AsX(), h)
			a.VPACKUSWB(h, h, h)
			a.VMOVQ(h, code)
		}
		a.VMOVUPS(v, y)
	}
}

// word is a constant in memory.
func (a asm) word(v int) Mem {
	const name = "words"
	m, ok := a.data[name]
	if !ok {
		m = a.StaticGlobal(name)
		a.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range 8 {
			a.AddDatum(4*i, U32(i))
		}
		a.data[name] = m
	}
	return m.Offset(4 * v)
}
