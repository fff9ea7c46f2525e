// Command _gen writes the assembly of package vec and its Go declarations.
// Run it by `go generate ./internal/vec`; its output depends on nothing but
// this code, so that a check may run it again and compare.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// files maps each generated pair NAME_amd64.s and NAME_amd64.go to what fills it.
var files = []struct {
	name string
	fill func(a asm)
}{
	{"adam", adam},
	{"axpy", axpy},
	{"below", below},
	{"convpool", convPool},
	{"dot", dot},
	{"gather", gather},
	{"nearer", nearer},
	{"pack", pack},
	{"poolgrad", poolGrad},
	{"pull", pull},
	{"route", route},
	{"scatter", scatter},
	{"sqdist", sqDist},
	{"tile", tile},
	{"winograd", winograd},
}

func main() {
	log.SetFlags(0)
	for _, f := range files {
		if err := generate(filepath.Join("..", f.name+"_amd64"), f.fill); err != nil {
			log.Fatalf("%s: %v", f.name, err)
		}
	}
}

// generate fills a new file for both instruction sets and writes it to
// base.s and its declarations to base.go.
func generate(base string, fill func(a asm)) error {
	ctx := build.NewContext()
	ctx.ConstraintExpr("!purego")
	data := map[string]operand.Mem{}
	fill(asm{Context: ctx, wide: true, data: data})
	fill(asm{Context: ctx, wide: false, data: data})

	stubs, err := os.Create(base + ".go")
	if err != nil {
		return err
	}
	text, err := os.Create(base + ".s")
	if err != nil {
		return err
	}
	c := printer.Config{Argv: []string{"go", "generate", "./internal/vec"}, Pkg: "vec"}
	f, err := ctx.Result()
	if err != nil {
		return err
	}
	return pass.Concat( // the outputs close their files
		pass.Compile,
		&pass.Output{Writer: text, Printer: printer.NewGoAsm(c)},
		&pass.Output{Writer: stubs, Printer: printer.NewStubs(c)},
	).Execute(f)
}
