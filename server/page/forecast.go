package page

import (
	"context"
	"math"
	"regexp"
	"strings"

	"github.com/zoetrope-ml/zoetrope/server/api"
)

// forecast estimates the bytes of the answers in the file. Answers that differ in their numbers only, such as one per epoch,
// are taken to be as long as one of them; answers about all pairs of samples, which take long, are estimated by a formula.
func (a *archive) forecast(ctx context.Context) (int64, error) {
	alike := map[string][]int{} // indexes of ready and asks
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
		each := a.pairsSize(path(at))
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

// pairsSize estimates the bytes of an answer about pairs of samples; 0 for any other answer.
func (a *archive) pairsSize(path string) float64 {
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
	return base64 * 15 * rows * 1.36 * math.Log2(rows+2) / 8 // compressed, a random number takes 1.36 times its entropy
}

// A tally counts the bytes written.
type tally int64

func (t *tally) Write(b []byte) (int, error) {
	*t += tally(len(b))
	return len(b), nil
}
