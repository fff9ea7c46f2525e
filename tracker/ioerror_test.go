package tracker

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestIOErrors lets calls of the system fail for a while under a writer that goes on: nothing that was acknowledged is lost,
// nothing that was refused is there, the error names the store, and the same run logs on afterwards. strace counts calls of
// the system by thread, so there are several times as many failures as when says, and the writer makes more calls than that.
func TestIOErrors(t *testing.T) {
	sqliteOnly(t)
	for _, test := range []struct {
		name, call, file, when, want string
		calls                        int
	}{
		{"log cannot be written", "pwrite64:error=EIO", "-wal", "300..303", "cannot be read or written", 50},
		{"disk full", "pwrite64:error=ENOSPC", "-wal", "300..303", "the disk is full", 50},
		{"log cannot be synced", "fsync:error=EIO", "-wal", "4..6", "cannot be read or written", 50},
		// What a read was for decides whether SQLite takes its failure for damage or for an error of the disk.
		{"log cannot be read", "pread64:error=EIO", "-wal", "10..40+5", "is damaged, or its disk fails|cannot be read or written", 120},
		{"file cannot be written", "pwrite64:error=EIO", "", "1..500", "", 50},
		{"file cannot be synced", "fsync:error=EIO", "", "1..2", "", 50},
		{"file cannot be read", "pread64:error=EIO", "", "20..80+10", "is damaged, or its disk fails|cannot be read or written", 120},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, "zoetrope.db")
			newStoreAt(t, path).Close()
			cmd := exec.Command(os.Args[0], "-test.run=^TestCrashWriter$")
			cmd.Env = append(os.Environ(), crashEnv+"="+path, fmt.Sprintf("%s=%d %d FULL true false", crashPlan, 3, test.calls))
			out, err := strace(t, cmd, "-o", os.DevNull, "-P", path+test.file, "-e", "inject="+test.call+":when="+test.when)
			if err != nil {
				t.Fatalf("the writer ends with %v:\n%s", err, out)
			}
			var model crashModel
			acknowledged, failed, after := 0, 0, 0
			for line := range strings.Lines(out) {
				word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
				switch word {
				case "try":
					model.pending = append(model.pending, parseCrashOp(t, rest))
				case "done":
					model.acknowledge()
					acknowledged++
					if failed > 0 || test.want == "" {
						after++
					}
				case "failed":
					model.pending = nil
					if failed++; failed == 1 {
						t.Log(rest)
					}
					told := func(want string) bool { return strings.Contains(rest, want) }
					if !told(path) || !slices.ContainsFunc(strings.Split(test.want, "|"), told) {
						t.Errorf("failed: %s", rest)
					}
				}
			}
			t.Logf("%d calls acknowledged, %d failed", acknowledged, failed)
			if (failed == 0) != (test.want == "") || after == 0 { // a log that cannot be merged yet is no reason to refuse
				t.Errorf("%d calls failed, %d were acknowledged after the first of them\n%s", failed, after, out)
			}
			s, err := Open(context.Background(), path, OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			state, err := readCrashState(context.Background(), s, "test/crash")
			if want := model.acked.String(); err != nil || state.String() != want {
				t.Errorf("the store has epochs %s, want %s: %v", state, want, err)
			}
		})
	}
}
