package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"zoetrope-bench": main})
}

// TestScripts runs testdata/script/*.txtar against the command in a child process; two.npy holds 2 epochs of 30×4.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ZOETROPE_DB", "")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or each child lingers for a second under -race
			x := make([]float32, 2*30*4)
			for i := range x {
				x[i] = float32(i%3) + float32(i*7919%101)/101
			}
			var b bytes.Buffer
			if err := interchange.Write(&b, x, 2, 30, 4); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "two.npy"), b.Bytes(), 0o666)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": clitest.Exits},
	})
}
