package tracker

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

var (
	kills    = flag.Int("kills", 25, "how many writers TestKilled kills, for each engine and way of logging")
	killSeed = flag.Uint64("killseed", 0, "of TestKilled's random moments; 0: another one each time")
)

// TestKilled kills processes that log, at random moments and without warning, and starts the next one at once: whatever
// was acknowledged is there, whole, and no run is found busy. With Async, acknowledged is what was flushed.
func TestKilled(t *testing.T) {
	for _, way := range []string{"Log", "Async"} {
		t.Run(way, func(t *testing.T) {
			seed := *killSeed
			if seed == 0 {
				seed = rand.Uint64()
			}
			c := &crasher{t: t, async: way == "Async", random: rand.New(rand.NewPCG(seed, 1)), starting: 50 * time.Millisecond, hit: map[string]int{}}
			for done := 0; done < *kills && !t.Failed(); done++ {
				if done%10 == 0 {
					c.address, c.model = pgtest.Store(t), crashModel{}
					if done/10%2 == 1 {
						makeOld(t, c.address)
					}
				}
				c.kill(uint64(done))
			}
			t.Logf("%d writers killed: %v; %d epochs acknowledged and found; of %d unacknowledged calls in flight, %d were found whole, the others not at all",
				*kills, c.hit, c.acknowledged, c.inFlight, c.landed)
			if t.Failed() {
				t.Logf("again with -killseed %d", seed)
			}
		})
	}
}

// makeOld makes a store of the first schema that was released.
func makeOld(t *testing.T, address string) {
	if pgtest.Current != nil {
		migrateTo(t, address, 1)
	} else if err := os.WriteFile(address, gunzip(t, schemaFile(1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A crasher starts writers of one store and kills them.
type crasher struct {
	t       *testing.T
	async   bool
	address string
	random  *rand.Rand
	model   crashModel

	starting time.Duration // that the last writer took until it was ready

	hit                            map[string]int // kills, by what the writer was doing
	acknowledged, inFlight, landed int
}

// kill starts a writer, follows what it says, and kills it: some time after its start, after it has read the store, after
// it has begun a call, or right after a call was acknowledged.
func (c *crasher) kill(n uint64) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashWriter$")
	cmd.Env = append(os.Environ(), crashEnv+"="+c.address, fmt.Sprintf("%s=%d 0 FULL false %v", crashPlan, c.random.Uint64(), c.async))
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	trigger := []string{"", "has", "try", "done"}[c.random.IntN(4)]
	skip, delay := 0, time.Duration(0)
	switch trigger {
	case "":
		delay = time.Duration(c.random.Float64() * 1.2 * float64(c.starting))
	case "has":
		delay = time.Duration(c.random.IntN(30_000)) * time.Microsecond
	case "try":
		skip, delay = c.random.IntN(10), time.Duration(c.random.IntN(8_000))*time.Microsecond
	case "done":
		skip = c.random.IntN(10)
	}
	fire := func() { time.AfterFunc(delay, func() { cmd.Process.Kill() }) }
	if trigger == "" {
		fire()
	}
	phase, begun := "start", time.Now()
	for lines := bufio.NewReader(pipe); ; {
		line, err := lines.ReadString('\n')
		if err == io.EOF { // a line cut short was not said
			break
		} else if err != nil {
			c.t.Fatal(err)
		}
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch word {
		case "opened":
			phase = "resume"
		case "has":
			phase, c.starting = "between calls", time.Since(begun)
			c.compare(rest)
		case "try":
			op := parseCrashOp(c.t, rest)
			phase = op.kind
			c.model.pending = append(c.model.pending, op)
		case "done":
			phase = "between calls"
			for _, op := range c.model.pending {
				if op.kind != "cut" {
					c.acknowledged++
				}
			}
			c.model.acknowledge()
		default:
			c.t.Errorf("writer %d: %s", n, line)
		}
		if word == trigger {
			if skip--; skip < 0 {
				fire()
				trigger = "fired"
			}
		}
	}
	err = cmd.Wait()
	if cmd.ProcessState.Exited() || complaints.Len() > 0 {
		c.t.Errorf("writer %d ended by itself: %v\n%s", n, err, complaints.Bytes())
	}
	c.hit[phase]++
}

// compare holds what a new writer has found against all that the store may hold: what was acknowledged, and as many of the
// calls that were in flight, in order, as came through.
func (c *crasher) compare(found string) {
	states := c.model.possible()
	for i, state := range states {
		if state.String() == found {
			c.inFlight += len(states) - 1
			c.landed += i
			c.model = crashModel{acked: state}
			return
		}
	}
	c.t.Errorf("the store has epochs %s, want one of %v (epoch:attempt)", found, states)
	c.model = crashModel{acked: parseCrashState(c.t, found)}
}
