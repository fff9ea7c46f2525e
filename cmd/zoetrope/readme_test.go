package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestReadmeCurl runs the README's example of logging from any language, all but its first two lines, which start a server
// and say where it is.
func TestReadmeCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		const lacks = "SKIPPED: the README's example with curl (needs curl: apt-get install curl)"
		if os.Getenv("ZOETROPE_REQUIRE_ALL") == "1" {
			t.Fatal(lacks)
		}
		t.Skip(lacks)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "## Logging from any language\n")
	_, rest, _ = strings.Cut(rest, "```sh\n")
	block, _, ok := strings.Cut(rest, "```\n")
	lines := strings.SplitAfterN(block, "\n", 3)
	if !ok || len(lines) != 3 || !strings.HasPrefix(lines[0], "zoetrope serve --create") || lines[1] != "api=http://127.0.0.1:8420/api/v1\n" {
		t.Fatalf("the README's example begins otherwise: %q", lines)
	}
	dir := t.TempDir()
	var fc1 bytes.Buffer
	if err := interchange.Write(&fc1, []float32{1, 2, 3, 4, 5, 6}, 2, 3); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "fc1.npy"), fc1.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(dir, "zoetrope.db")
	s := startServer(t, "--db", db, "--create")
	cmd := exec.Command("sh", "-e", "-c", "api="+s.url+"api/v1\n"+lines[2])
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	back, err := os.ReadFile(filepath.Join(dir, "back.npy"))
	if err != nil || !bytes.Equal(back, fc1.Bytes()) {
		t.Errorf("the array comes back otherwise: %v", err)
	}
	s.stop()
	store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if info, err := store.Run(t.Context(), "digits/curl"); err != nil || info.State != tracker.Finished || info.LastStep != 469 || info.Samples != 2 {
		t.Errorf("the run is %+v, %v", info, err)
	}
}
