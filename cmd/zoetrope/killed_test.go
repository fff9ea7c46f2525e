package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// kill starts the command as a process and kills it as soon as ready reports true.
func kill(t *testing.T, ready func() bool, args ...string) {
	t.Helper()
	cmd := exec.Command("zoetrope", args...)
	cmd.Stderr = new(bytes.Buffer)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for !ready() {
		select {
		case err := <-ended:
			t.Fatalf("zoetrope %q ended before it was killed: %v\n%s", args, err, cmd.Stderr)
		case <-time.After(time.Millisecond):
		}
	}
	cmd.Process.Kill()
	if err := <-ended; err == nil {
		t.Fatalf("zoetrope %q had ended when it was killed", args)
	}
}

// command runs the command and returns what it says; the status must be want.
func command(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if status := run(t.Context(), args, &out, &out); status != want {
		t.Fatalf("zoetrope %q ends with %d, want %d: %s", args, status, want, &out)
	}
	return out.String()
}

// TestKilledImport: the same import again is refused with the command that makes it possible, and then succeeds.
func TestKilledImport(t *testing.T) {
	if testing.Short() {
		t.Skip("it imports 20 MB twice")
	}
	const epochs = 400
	path, db := ramp(t, epochs, 200, 64)
	begun := func() bool {
		store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{ReadOnly: true})
		if err != nil {
			return false
		}
		defer store.Close()
		info, _ := store.Run(t.Context(), "big")
		return info.Epochs > 0
	}
	kill(t, begun, "import", "--run", "big", path)
	if said := command(t, 0, "doctor"); !strings.Contains(said, "default/big") || !strings.Contains(said, "Sound") {
		t.Errorf("doctor says %s", said)
	}
	if said := command(t, 1, "import", "--run", "big", path); !strings.Contains(said, "remove it with 'zoetrope rm default/big' and import again") {
		t.Errorf("the import is refused with %s", said)
	}
	command(t, 0, "rm", "--yes", "default/big")
	if said := command(t, 0, "import", "--run", "big", path); !strings.Contains(said, fmt.Sprintf("imported %d epochs", epochs)) {
		t.Errorf("the import says %s", said)
	}
	if said := command(t, 0, "doctor"); strings.Contains(said, "left over") || !strings.Contains(said, fmt.Sprintf("Sound: %d of %[1]d frames", epochs)) {
		t.Errorf("doctor says %s", said)
	}
	if said := command(t, 1, "import", "--run", "big", path); !strings.Contains(said, "exists already") || strings.Contains(said, "zoetrope rm") {
		t.Errorf("an import of a run that is complete is refused with %s", said)
	}
}

// TestKilledCopies: a copy that is killed leaves a file that doctor names, nothing under its own name, and the same copy again succeeds.
func TestKilledCopies(t *testing.T) {
	if testing.Short() {
		t.Skip("it copies 26 MB four times")
	}
	path, db := ramp(t, 100, 1000, 64)
	command(t, 0, "import", "--run", "r", path)
	for name, args := range map[string][]string{"backup": {"backup"}, "salvage": {"doctor", "--salvage"}} {
		folder := t.TempDir()
		dest := filepath.Join(folder, name+".db")
		args = append(args, dest)
		half := func() bool {
			files, err := os.ReadDir(folder)
			return err == nil && len(files) > 0
		}
		kill(t, half, args...)
		if _, err := os.Stat(dest); err == nil {
			t.Fatalf("%s: the copy was complete when it was killed", name)
		}
		command(t, 0, args...)
		said := command(t, 0, "doctor", "--db", dest)
		if !strings.Contains(said, "left by a process that was killed") || !strings.Contains(said, "Sound: 100 of 100 frames") {
			t.Errorf("%s: doctor says %s", name, said)
		}
	}
	if said := command(t, 0, "doctor", "--db", db); strings.Contains(said, "left over") {
		t.Errorf("doctor says of the store that was copied %s", said)
	}
}
