package tracker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPowerLoss records what a writer writes and syncs, from the making of its store on, and rebuilds the files as a loss of
// power would leave them at each acknowledged call, and in between: with all that was not synced dropped, torn, or written in
// part. Each time, a store that was acknowledged opens and has every epoch that was. The other half is the proof that this is
// noticed: without syncs, epochs are lost.
func TestPowerLoss(t *testing.T) {
	sqliteOnly(t)
	for sync, calls := range map[string]int{"FULL": 30, "OFF": 12} {
		t.Run("synchronous="+sync, func(t *testing.T) {
			folder, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			trace := filepath.Join(t.TempDir(), "trace")
			cmd := exec.Command(os.Args[0], "-test.run=^TestCrashWriter$")
			cmd.Env = append(os.Environ(), crashEnv+"="+filepath.Join(folder, "zoetrope.db"), fmt.Sprintf("%s=%d %d %s false false", crashPlan, 7, calls, sync))
			if out, err := strace(t, cmd, "-y", "-xx", "-s", "1000000", "-o", trace, "-e", "trace="+fileCalls); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			f, err := os.Open(trace)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			p := &powerLoss{t: t, disk: newDisk(folder), random: rand.New(rand.NewPCG(1, 2))}
			if err := readTrace(f, p.enter, p.leave); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d epochs acknowledged; power lost %d times, and epochs with it %d times", p.acknowledged, p.losses, len(p.lost))
			switch {
			case sync == "FULL":
				for _, l := range p.lost {
					t.Error(l)
				}
				if p.acknowledged < 20 || p.merged == 0 {
					t.Errorf("%d epochs were logged and %d pages merged into the file: more would show more", p.acknowledged, p.merged)
				}
			case len(p.lost) < p.acknowledged:
				t.Errorf("without syncs only %d of %d losses of power are noticed", len(p.lost), p.losses)
			}
		})
	}
}

// A powerLoss follows a writer through its trace.
type powerLoss struct {
	t      *testing.T
	disk   *disk
	random *rand.Rand
	said   string     // by the writer, not yet a whole line
	made   bool       // the store is acknowledged
	begun  bool       // the run is
	model  crashModel // its epochs

	acknowledged, losses int
	merged               int // pages written to the store's file while it was open
	lost                 []string
}

func (p *powerLoss) enter(c *sysCall) {
	p.disk.enter(c)
	if (c.name == "fsync" || c.name == "fdatasync") && p.random.IntN(3) == 0 {
		p.lose(scattered)
	}
}

func (p *powerLoss) leave(c *sysCall) {
	if c.name == "write" && strings.HasPrefix(c.file, "pipe:") {
		p.said += string(c.data)
		for {
			line, rest, ok := strings.Cut(p.said, "\n")
			if !ok {
				return
			}
			p.said = rest
			p.follow(line)
		}
	}
	p.disk.leave(c)
	if p.begun && c.name == "pwrite64" && filepath.Base(c.file) == "zoetrope.db" {
		p.merged++
	}
	switch c.name {
	case "fsync", "fdatasync":
		if p.random.IntN(3) == 0 {
			p.lose(dropped)
		}
	case "link", "linkat", "rename", "unlink", "unlinkat":
		p.lose(dropped)
		p.lose(namesKept)
	case "pwrite64":
		if p.random.IntN(150) == 0 {
			p.lose(lastTorn)
		}
	}
}

// follow takes note of what the writer says.
func (p *powerLoss) follow(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "opened":
		p.made = true
	case "has":
		p.begun = true
	case "try":
		p.model.pending = append(p.model.pending, parseCrashOp(p.t, rest))
		return
	case "done":
		for _, op := range p.model.pending {
			if op.kind != "cut" {
				p.acknowledged++
			}
		}
		p.model.acknowledge()
	default:
		return
	}
	p.lose(dropped)
	p.lose([]string{namesKept, lastTorn, scattered}[p.random.IntN(3)])
}

// lose loses power now, and looks at what is left.
func (p *powerLoss) lose(loss string) {
	p.losses++
	dir, err := os.MkdirTemp(p.t.TempDir(), "")
	if err != nil {
		p.t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	p.disk.after(p.t, loss, dir, p.random)
	if err := p.check(filepath.Join(dir, "zoetrope.db")); err != nil {
		p.lost = append(p.lost, fmt.Sprintf("after %d epochs, unsynced writes %s: %v", p.acknowledged, loss, err))
	}
}

func (p *powerLoss) check(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, path, OpenOptions{})
	if errors.Is(err, ErrNoStore) && !p.made {
		return nil
	} else if err != nil {
		return err
	}
	defer s.Close()
	var verdict string
	if err := reader(s).QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		return fmt.Errorf("integrity check: %s, %v", verdict, err)
	}
	if _, err := s.Run(ctx, "test/crash"); errors.Is(err, ErrNotFound) && !p.begun {
		return nil
	} else if err != nil {
		return err
	}
	state, err := readCrashState(ctx, s, "test/crash")
	if err != nil {
		return err
	}
	for _, possible := range p.model.possible() {
		if state.String() == possible.String() {
			return nil
		}
	}
	return fmt.Errorf("the store has epochs %s, want one of %v (epoch:attempt)", state, p.model.possible())
}
