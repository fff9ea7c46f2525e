package attack

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

var (
	flips       = flag.Int("flips", 300, "how many single bits TestFlippedBits flips, one at a time")
	corruptions = flag.Int("corruptions", 90, "how many corruptions TestCorruptedPages makes, one at a time")
	attackSeed  = flag.Uint64("attackseed", 1, "of what is damaged")
)

const pageSize = 4096

// TestFlippedBits flips single bits of a store's file, half of them in pages that hold structure, and reads all of it.
func TestFlippedBits(t *testing.T) {
	s, random := newSubject(t), rand.New(rand.NewPCG(*attackSeed, 1))
	structure := s.structure()
	tally := newTally()
	for n := range *flips {
		at := random.IntN(len(s.whole))
		if n%2 == 0 {
			at = structure[random.IntN(len(structure))]*pageSize + random.IntN(pageSize)
		}
		bit := byte(1) << random.IntN(8)
		damaged := map[int][]byte{at: {s.whole[at] ^ bit}}
		tally.add(fmt.Sprintf("byte %d of page %d, bit %02x", at%pageSize, at/pageSize+1, bit), s.read(t, damaged, len(s.whole)))
	}
	tally.report(t, "flipped bits")
}

// TestCorruptedPages does to pages of a store's file what disks, controllers and file systems do, and reads all of it.
func TestCorruptedPages(t *testing.T) {
	s, random := newSubject(t), rand.New(rand.NewPCG(*attackSeed, 2))
	structure := s.structure()
	all, each := newTally(), map[string]*tally{}
	for n := range *corruptions {
		c := kinds[n%len(kinds)]
		page := random.IntN(len(s.whole) / pageSize)
		if n/len(kinds)%2 == 0 {
			page = structure[random.IntN(len(structure))]
		}
		damaged, length := c.damage(s, page, random)
		found := s.read(t, damaged, length)
		if each[c.name] == nil {
			each[c.name] = newTally()
		}
		each[c.name].add(fmt.Sprintf("page %d", page+1), found)
		all.add(fmt.Sprintf("%s, page %d", c.name, page+1), found)
	}
	for _, name := range slices.Sorted(maps.Keys(each)) {
		t.Logf("%s: %s", name, each[name])
	}
	all.report(t, "corruptions")
}

// kinds are the ways in which a page is corrupted: what lies where afterwards, and how long the file is.
var kinds = []struct {
	name   string
	damage func(s *subject, page int, random *rand.Rand) (at map[int][]byte, length int)
}{
	{"zeros", func(s *subject, page int, _ *rand.Rand) (map[int][]byte, int) {
		return s.replaced(page, make([]byte, pageSize))
	}},
	{"noise", func(s *subject, page int, random *rand.Rand) (map[int][]byte, int) {
		return s.replaced(page, noise(pageSize, random))
	}},
	{"forty bytes", func(s *subject, page int, random *rand.Rand) (map[int][]byte, int) {
		b, at := slices.Clone(s.page(page)), random.IntN(pageSize-40)
		copy(b[at:], noise(40, random))
		return s.replaced(page, b)
	}},
	{"a sector of zeros", func(s *subject, page int, random *rand.Rand) (map[int][]byte, int) {
		b := slices.Clone(s.page(page))
		clear(b[512*random.IntN(8):][:512])
		return s.replaced(page, b)
	}},
	{"two pages exchanged", func(s *subject, page int, random *rand.Rand) (map[int][]byte, int) {
		other := s.alike(page, random)
		return map[int][]byte{page * pageSize: s.page(other), other * pageSize: s.page(page)}, len(s.whole)
	}},
	{"another page in its place", func(s *subject, page int, random *rand.Rand) (map[int][]byte, int) {
		return s.replaced(page, s.page(s.alike(page, random)))
	}},
	{"a write that was lost", func(s *subject, page int, random *rand.Rand) (map[int][]byte, int) {
		for range 100 { // one that was written since
			if at := page * pageSize; at+pageSize <= len(s.older) && !slices.Equal(s.older[at:at+pageSize], s.page(page)) {
				break
			}
			page = random.IntN(min(len(s.older), len(s.whole)) / pageSize)
		}
		return s.replaced(page, s.older[page*pageSize:][:pageSize])
	}},
	{"two cells exchanged", func(s *subject, page int, random *rand.Rand) (map[int][]byte, int) {
		b := slices.Clone(s.page(page))
		cells, header := int(b[3])<<8|int(b[4]), 8
		if b[0] == 2 || b[0] == 5 {
			header = 12
		}
		if page == 0 || cells < 2 || header+2*cells > pageSize || !treePage(b) {
			return s.replaced(page, noise(pageSize, random))
		}
		i, j := header+2*random.IntN(cells), header+2*random.IntN(cells)
		b[i], b[i+1], b[j], b[j+1] = b[j], b[j+1], b[i], b[i+1]
		return s.replaced(page, b)
	}},
	{"cut short", func(s *subject, page int, _ *rand.Rand) (map[int][]byte, int) {
		return nil, max(1, page) * pageSize
	}},
}

func noise(n int, random *rand.Rand) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

func (s *subject) page(n int) []byte { return s.whole[n*pageSize : (n+1)*pageSize] }

func (s *subject) replaced(page int, b []byte) (map[int][]byte, int) {
	return map[int][]byte{page * pageSize: b}, len(s.whole)
}

// structure lists the pages of b-trees, from 0: see "B-tree Pages" in the description of SQLite's file format.
func (s *subject) structure() (pages []int) {
	for n := range len(s.whole) / pageSize {
		if n == 0 || treePage(s.page(n)) {
			pages = append(pages, n)
		}
	}
	return pages
}

func treePage(b []byte) bool { return b[0] == 2 || b[0] == 5 || b[0] == 10 || b[0] == 13 }

// alike picks another page of the same kind, so that it can pass for this one.
func (s *subject) alike(page int, random *rand.Rand) int {
	other := page
	for range 1000 {
		if other = random.IntN(len(s.whole) / pageSize); other != page && s.page(other)[0] == s.page(page)[0] {
			break
		}
	}
	return other
}

// read writes the damage into the file, reads all of the store, and mends the file. It returns what was wrong without an
// error, or nil if the store does not open.
func (s *subject) read(t *testing.T, damaged map[int][]byte, length int) (found verdict) {
	t.Helper()
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer func() {
		if _, err := f.WriteAt(s.whole, 0); err != nil {
			t.Fatal(err)
		}
		for _, side := range []string{"-wal", "-shm"} {
			os.Remove(s.path + side)
		}
	}()
	for at, b := range damaged {
		if _, err := f.WriteAt(b, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(int64(length)); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	store, err := tracker.Open(ctx, s.path, tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		return verdict{errors: 1, refused: true}
	}
	defer store.Close()
	content, errs := readAll(ctx, store, s.truth)
	return verdict{errors: len(errs), wrong: s.truth.wrong(content)}
}

// A verdict is what reading a damaged store has brought.
type verdict struct {
	refused bool // it does not open
	errors  int
	wrong   map[string]string // by kind, a question whose answer is wrong, without an error
}

// A tally counts verdicts.
type tally struct {
	all, refused, noticed, unhurt int
	wrong                         map[string]int // damages, by the kind of what they made wrong
	worst                         []string       // the damages that did what must not be
}

func newTally() *tally { return &tally{wrong: map[string]int{}} }

func (a *tally) add(damage string, v verdict) {
	a.all++
	switch {
	case v.refused:
		a.refused++
	case v.errors > 0:
		a.noticed++
	case len(v.wrong) == 0:
		a.unhurt++
	}
	for kind, question := range v.wrong {
		a.wrong[kind]++
		if slices.Contains(promised, kind) {
			a.worst = append(a.worst, fmt.Sprintf("%s: wrong %s: %s", damage, kind, question))
		}
	}
}

func (a *tally) String() string {
	var wrong []string
	for _, kind := range slices.Concat(promised, []string{wrongOutputs, wrongMetrics, wrongLists}) {
		wrong = append(wrong, fmt.Sprintf("%s %d", kind, a.wrong[kind]))
	}
	return fmt.Sprintf("%d: the store does not open %d, an error %d, nothing is wrong %d; wrong without an error: %s",
		a.all, a.refused, a.noticed, a.unhurt, strings.Join(wrong, ", "))
}

func (a *tally) report(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s %s", what, a)
	for _, w := range a.worst {
		t.Error(w)
	}
}
