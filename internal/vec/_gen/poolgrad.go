package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// poolGrad keeps the nine taps of one input channel in registers: for a whole
// panel of output channels with AVX-512, for half of one with AVX2.
func poolGrad(a asm) {
	vectors := 2
	if !a.wide {
		vectors = 1
	}
	a.function("poolGrad", "func(n int, dw *float32, tap uintptr, db, grad *float32, code *uint8, k uintptr, x *float32, row, pixel uintptr)",
		"is [PoolGrad] of one input channel (and half a panel with AVX2). Distances are",
		"in bytes (k in elements).")
	dw, db, tap := a.arg("dw"), a.arg("db"), a.arg("tap")
	acc := make([][]reg.VecVirtual, 9)
	for t := range acc {
		acc[t] = a.vecs(vectors)
		for h, r := range acc[t] {
			a.VMOVUPS(at(dw, h*a.bytes()), r)
		}
		a.ADDQ(tap, dw)
	}
	sum := a.vecs(vectors)
	for h, r := range sum {
		a.VMOVUPS(at(db, h*a.bytes()), r)
	}

	n, g, code, k := a.arg("n"), a.arg("grad"), a.arg("code"), a.arg("k")
	x := []reg.GPVirtual{a.arg("x"), a.GP64(), a.GP64(), a.GP64()}
	row, pixel, triple := a.arg("row"), a.arg("pixel"), a.GP64()
	for i := 1; i < 4; i++ {
		a.LEAQ(Mem{Base: x[i-1], Index: row, Scale: 1}, x[i])
	}
	a.LEAQ(Mem{Base: pixel, Index: pixel, Scale: 2}, triple)

	a.Label("loop")
	var masked [4][]reg.VecVirtual // the gradients that pass at each place
	for p := range masked {
		masked[p] = a.vecs(vectors)
	}
	for h := range vectors {
		c := a.vec()
		a.VPMOVZXBD(at(code, h*a.lanes()), c)
		for p, m := range masked {
			if a.wide {
				eq := a.K()
				a.VPCMPEQD_BCST(a.word(p), c, eq)
				a.VMOVUPS_Z(at(g, h*a.bytes()), eq, m[h])
			} else {
				a.VPBROADCASTD(a.word(p), m[h])
				a.VPCMPEQD(c, m[h], m[h])
				a.VANDPS(at(g, h*a.bytes()), m[h], m[h])
			}
			a.VADDPS(m[h], sum[h], sum[h])
		}
	}
	for i := range 4 {
		for j := range 4 {
			m := Mem{Base: x[i]}
			switch j {
			case 1, 2:
				m.Index, m.Scale = pixel, uint8(j)
			case 3:
				m.Index, m.Scale = triple, 1
			}
			v := a.vec()
			a.VBROADCASTSS(m, v)
			for p := range 4 {
				ky, kx := i-p/2, j-p%2
				if ky < 0 || ky > 2 || kx < 0 || kx > 2 {
					continue
				}
				for h := range vectors {
					a.VFMADD231PS(masked[p][h], v, acc[3*ky+kx][h])
				}
			}
		}
	}
	for i := range x {
		a.LEAQ(Mem{Base: x[i], Index: pixel, Scale: 2}, x[i])
	}
	a.LEAQ(Mem{Base: g, Index: k, Scale: 4}, g)
	a.ADDQ(k, code)
	a.DECQ(n)
	a.JNZ(LabelRef("loop"))

	dw, db, tap = a.arg("dw"), a.arg("db"), a.arg("tap")
	for _, row := range acc {
		for h, r := range row {
			a.VMOVUPS(r, at(dw, h*a.bytes()))
		}
		a.ADDQ(tap, dw)
	}
	for h, r := range sum {
		a.VMOVUPS(r, at(db, h*a.bytes()))
	}
	a.end()
}
