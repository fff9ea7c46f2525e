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
//
// A commit whose sync failed is in the log, whole, until the next write takes its place. If none does, and the log cannot be
// merged when the store is closed, the commit is found there by whoever opens the store next: where the error said so, one
// of the calls that failed since the last acknowledged one may be in the store, as if it had been made alone.
func TestIOErrors(t *testing.T) {
	sqliteOnly(t)
	const mayBeStored = "may be stored or not"
	for _, test := range []struct {
		name, call, file, when, want string
		calls                        int
	}{
		{"log cannot be written", "pwrite64:error=EIO", "-wal", "300..303", "cannot be read or written", 50},
		{"disk full", "pwrite64:error=ENOSPC", "-wal", "300..303", "the disk is full", 50},
		{"log cannot be synced", "fsync:error=EIO", "-wal", "4..6", mayBeStored, 50},
		{"log cannot be synced any more", "fsync:error=EIO", "-wal", "6+", mayBeStored, 50},
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
			var uncertain []crashOp
			acknowledged, failed, after := 0, 0, 0
			for line := range strings.Lines(out) {
				word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
				switch word {
				case "try":
					model.pending = append(model.pending, parseCrashOp(t, rest))
				case "done":
					model.acknowledge()
					uncertain = nil
					acknowledged++
					if failed > 0 || test.want == "" {
						after++
					}
				case "failed":
					if strings.Contains(rest, mayBeStored) {
						uncertain = append(uncertain, model.pending...)
					}
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
			lasting := strings.HasSuffix(test.when, "+")
			if (failed == 0) != (test.want == "") || after == 0 && !lasting { // a log that cannot be merged yet is no reason to refuse
				t.Errorf("%d calls failed, %d were acknowledged after the first of them\n%s", failed, after, out)
			}
			ctx := context.Background()
			s, err := Open(ctx, path, OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			possible := []string{model.acked.String()}
			for _, op := range uncertain {
				possible = append(possible, op.apply(model.acked).String())
			}
			state, err := readCrashState(ctx, s, "test/crash")
			if err != nil || !slices.Contains(possible, state.String()) {
				t.Fatalf("the store has epochs %s, want one of %q: %v", state, possible, err)
			}
			if len(uncertain) == 0 {
				return
			}
			again := uncertain[len(uncertain)-1]
			t.Logf("the store has epochs %s; %s was acknowledged, %s may be stored", state, model.acked, again)
			w := crashWriter{}
			if w.run, err = s.Start(ctx, RunConfig{Experiment: "test", Name: "crash", Resume: Must}); err != nil {
				t.Fatal(err)
			}
			if err := w.do(ctx, again); err != nil {
				t.Fatal(err)
			}
			want := again.apply(state)
			if state, err = readCrashState(ctx, s, "test/crash"); err != nil || state.String() != want.String() {
				t.Errorf("after %s again, the store has epochs %s, want %s: %v", again, state, want, err)
			}
		})
	}
}
