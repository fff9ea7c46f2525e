package page

import (
	"context"
	"math"
	"regexp"
	"strings"

	"github.com/zoetrope-ml/zoetrope/server/api"
)

// forecast is about how many bytes the answers take in the file. What is alike but for its numbers, such as an answer per
// epoch, takes as much as one of them; what looks at all pairs of samples, and takes the time, is reckoned.
func (a *archive) forecast(ctx context.Context) (int64, error) {
	alike := map[string][]int{} // places among what is ready and what is asked for
	path := func(i int) string {
		if i < len(a.ready) {
			return a.ready[i].path
		}
		return a.asks[i-len(a.ready)]
	}
	for i := range len(a.ready) + len(a.asks) {
		key := numbers.ReplaceAllString(path(i), "")
		alike[key] = append(alike[key], i)
	}
	var all float64
	for _, places := range alike {
		at := places[len(places)/2]
		each := a.reckon(path(at))
		if each == 0 {
			var e archived
			var err error
			if at < len(a.ready) {
				e = a.ready[at]
			} else if e, err = a.ask(ctx, path(at)); err != nil {
				return 0, err
			}
			var n tally
			if err := e.write(&n); err != nil {
				return 0, err
			}
			each = float64(n)
		}
		all += each * float64(len(places))
	}
	return int64(all), nil
}

var numbers = regexp.MustCompile(`-?[0-9]+`)

// reckon is about how many bytes an answer about pairs of samples takes; 0 for another one.
func (a *archive) reckon(path string) float64 {
	const base64 = 4. / 3
	rows := float64(a.run.Samples)
	pairs, trust := strings.Contains(path, "/neighborhoods?"), strings.Contains(path, "/trust?")
	switch {
	case !pairs && !trust:
		return 0
	case a.run.Samples > api.MaxPairwise:
		return 300 // a refusal
	case trust:
		return base64 * 2.85 * rows // of four bytes each, as measured
	}
	return base64 * 15 * rows * 1.36 * math.Log2(rows+2) / 8 // packed, a random number takes so much more than its digits
}

// A tally counts what is written.
type tally int64

func (t *tally) Write(b []byte) (int, error) {
	*t += tally(len(b))
	return len(b), nil
}
