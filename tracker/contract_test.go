package tracker

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promises are the tests of what the package documentation promises, by the word that each promise begins with.
var promises = map[string][]string{
	"Durable":               {"TestKilled", "TestPowerLoss"},
	"Whole":                 {"TestKilled", "TestPowerLoss", "TestBatch", "TestEpochFrames"},
	"Refused is not stored": {"TestLogRefuses", "TestFrameRefuses", "TestReplaceEpoch", "TestBatch", "TestFullDisk", "TestIOErrors"},
	"Replaced":              {"TestReplaceEpoch", "TestKilled", "TestReplaceWhileReading"},
	"Any order":             {"TestEpochsInAnyOrder", "TestReported"},
	"Exact":                 {"TestLogAndRead", "TestChunks", "TestCorruptChunk", "TestReported"},
	"Resumed at once":       {"TestKilledWriter", "TestKilled", "TestResume"},
	"One writer":            {"TestSecondWriter", "TestRelease"},
	"Many processes":        {"TestProcesses", "TestConcurrentUse"},
	"Not kept":              {"TestAsync", "TestNewFrame", "TestSlicesAreFree"},
	"No panic":              {"TestNoPanic"},
}

// TestContract holds the documentation and the tests against each other: no promise without a test, no test of a promise
// that is not made.
func TestContract(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	must(t, err)
	_, text, _ := strings.Cut(string(doc), "# What Log promises")
	text, _, found := strings.Cut(text, "\n// # ")
	if !found {
		t.Fatal("doc.go has no list of promises")
	}
	var made []string
	for _, m := range regexp.MustCompile(`(?m)^//   - ([^:\n]+):`).FindAllStringSubmatch(text, -1) {
		made = append(made, m[1])
		if promises[m[1]] == nil {
			t.Errorf("doc.go promises %q, and no test is named for it", m[1])
		}
	}
	files, err := filepath.Glob("*_test.go")
	must(t, err)
	rooms, err := filepath.Glob("internal/*/*_test.go")
	must(t, err)
	tests := map[string]bool{}
	for _, name := range slices.Concat(files, rooms) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		for _, d := range f.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				tests[f.Name.Name] = true
			}
		}
	}
	for promise, names := range promises {
		if !slices.Contains(made, promise) {
			t.Errorf("doc.go does not promise %q", promise)
		}
		for _, name := range names {
			if !tests[name] {
				t.Errorf("%q: there is no %s", promise, name)
			}
		}
	}
}
