// Package epochs reads lists of epochs as people write them: 0,5-10,last or 0-900:50.
package epochs

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ErrList is wrapped by the error for a text that is not a list.
var ErrList = errors.New("want epochs and ranges of them, as 0,5-10,last, or every 50th as 0-900:50 or 0-:50")

// maxParts is how many parts a list may have: each is compared with every epoch.
const maxParts = 1000

// A List selects epochs. The zero List selects all.
type List []part

// A part is an epoch, or every step-th number of a range. last stands for the run's last epoch.
type part struct {
	text     string
	low, hi  int // hi may be math.MaxInt
	step     int
	fromLast bool // low is the last epoch
	toLast   bool // hi is
}

// Parse reads a list. The empty text is all epochs.
func Parse(text string) (List, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, ",")
	if len(parts) > maxParts {
		return nil, fmt.Errorf("the list of epochs has %d parts, want at most %d: use ranges, as 0-900:50", len(parts), maxParts)
	}
	var list List
	for _, p := range parts {
		read, ok := parsePart(strings.TrimSpace(p))
		if !ok {
			return nil, fmt.Errorf("%q is not a list of epochs: %w", text, ErrList)
		}
		list = append(list, read)
	}
	return list, nil
}

func parsePart(text string) (p part, ok bool) {
	p = part{text: text, step: 1}
	span, step, stepped := strings.Cut(text, ":")
	from, to, isRange := strings.Cut(span, "-")
	if p.low, p.fromLast, ok = number(from); !ok {
		return p, false
	}
	switch {
	case !isRange:
		p.hi, p.toLast = p.low, p.fromLast
	case to == "":
		p.hi = math.MaxInt
	default:
		if p.hi, p.toLast, ok = number(to); !ok {
			return p, false
		}
	}
	if stepped {
		var err error
		if p.step, err = strconv.Atoi(step); err != nil || p.step < 1 || !isRange {
			return p, false
		}
	}
	return p, p.fromLast || p.toLast || p.hi >= p.low
}

func number(text string) (n int, last, ok bool) {
	if text == "last" {
		return 0, true, true
	}
	n, err := strconv.Atoi(text)
	return n, false, err == nil && n >= 0
}

// has reports whether the part names epoch, where the run's last one is last.
func (p part) has(epoch, last int) bool {
	low, hi := p.low, p.hi
	if p.fromLast {
		low = last
	}
	if p.toLast {
		hi = last
	}
	return epoch >= low && epoch <= hi && (epoch-low)%p.step == 0
}

// Of returns the given epochs that the list names, ascending.
func (l List) Of(have []int) []int {
	if l == nil || len(have) == 0 {
		return have
	}
	last := have[len(have)-1]
	return slices.DeleteFunc(slices.Clone(have), func(e int) bool {
		return !slices.ContainsFunc(l, func(p part) bool { return p.has(e, last) })
	})
}

// Format writes epochs, ascending, as such a list: 0-3,7.
func Format(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		n := 1
		for i+n < len(list) && list[i+n] == list[i]+n {
			n++
		}
		if n > 2 {
			parts = append(parts, fmt.Sprintf("%d-%d", list[i], list[i+n-1]))
		} else {
			n = 1
			parts = append(parts, strconv.Itoa(list[i]))
		}
		i += n
	}
	return strings.Join(parts, ",")
}

// Check returns an error about the first part that names none of the given epochs, which are ascending.
func (l List) Check(have []int) error {
	if len(have) == 0 {
		return nil
	}
	last := have[len(have)-1]
	for _, p := range l {
		if !slices.ContainsFunc(have, func(e int) bool { return p.has(e, last) }) {
			return fmt.Errorf("there is no epoch %s: there are %d, from %d to %d", p.text, len(have), have[0], last)
		}
	}
	return nil
}
