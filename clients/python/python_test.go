// Package python_test runs the Python client's own tests against the real server.
package python_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// python returns a Python that has these modules, or skips the test; where ZOETROPE_REQUIRE_ALL is 1, that is a failure.
func python(t *testing.T, modules, debian string) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import "+modules).Run() == nil {
			return name
		}
	}
	lacks := "no python3 here has " + modules + " (Debian: apt-get install " + debian + ")"
	if os.Getenv("ZOETROPE_REQUIRE_ALL") == "1" {
		t.Fatal(lacks)
	}
	t.Skip("SKIPPED: " + lacks)
	return ""
}

// build returns the command, built.
func build(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "zoetrope")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", name, "../../cmd/zoetrope").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return name
}

// TestClient runs tests/test_*.py, apart from each other those that need PyTorch and those that do not.
func TestClient(t *testing.T) {
	if testing.Short() {
		t.Skip("logs to a server from Python, for minutes")
	}
	command := build(t)
	t.Run("numpy", func(t *testing.T) { unittest(t, command, python(t, "numpy", "python3-numpy"), "test_[!t]*.py") })
	t.Run("torch", func(t *testing.T) { unittest(t, command, python(t, "numpy, torch", "python3-torch"), "test_torch*.py") })
}

func unittest(t *testing.T, command, python, pattern string) {
	cmd := exec.CommandContext(t.Context(), python, "-m", "unittest", "discover", "-s", "tests", "-p", pattern)
	cmd.Env = append(os.Environ(), "ZOETROPE_BIN="+command, "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
