package epochs

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	have := []int{0, 1, 2, 5, 10, 12, 50, 100, 120}
	for text, want := range map[string][]int{
		"":           have,
		"0,last":     {0, 120},
		"1-5":        {1, 2, 5},
		"0-100:50":   {0, 50, 100},
		"0-:50":      {0, 50, 100},
		"2-:10":      {2, 12},
		"0-last:60":  {0, 120},
		"10-, 0":     {0, 10, 12, 50, 100, 120},
		"last-:5":    {120},
		"5-10:5,5-5": {5, 10},
		"7":          {},
		"last-3":     {}, // the last epoch comes later
	} {
		l, err := Parse(text)
		if got := l.Of(have); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q names %v, %v, want %v", text, got, err, want)
		}
		if err := l.Check(have); (err != nil) != (len(want) == 0) {
			t.Errorf("%q: Check = %v", text, err)
		}
	}
	l, err := Parse("0,3-4")
	if err != nil || !strings.Contains(l.Check(have).Error(), "there is no epoch 3-4: there are 9, from 0 to 120") {
		t.Errorf("Check = %v, %v", l.Check(have), err)
	}
	if got := l.Of(nil); len(got) > 0 || l.Check(nil) != nil {
		t.Errorf("of no epochs, %v are named", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"x", "5-3", "-1", "1,,2", "0-9:0", "0-9:x", "0-9:-1", "5:2", "1-2-3", "0-9:2:3", ":", "99999999999999999999"} {
		if _, err := Parse(text); !errors.Is(err, ErrList) {
			t.Errorf("Parse(%q) = %v, want ErrList", text, err)
		}
	}
	if _, err := Parse(strings.Repeat("1,", 1000) + "1"); err == nil || !strings.Contains(err.Error(), "at most 1000") {
		t.Errorf("a list of 1001 parts: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0,5-10,last")
	f.Add("0-900:50")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse(text)
		if err != nil {
			return
		}
		have := []int{0, 3, 7}
		for _, e := range l.Of(have) {
			if !slices.Contains(have, e) {
				t.Errorf("%q names %d", text, e)
			}
		}
		l.Check(have)
	})
}

func TestFormat(t *testing.T) {
	for _, test := range []struct {
		list []int
		want string
	}{
		{nil, ""}, {[]int{4}, "4"}, {[]int{4, 5}, "4,5"}, {[]int{0, 1, 2, 3, 7, 9, 10, 11}, "0-3,7,9-11"},
	} {
		got := Format(test.list)
		list, err := Parse(got)
		if got != test.want || err != nil || test.list != nil && !slices.Equal(list.Of([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), test.list) {
			t.Errorf("Format(%v) = %q, read as %v, %v; want %q", test.list, got, list, err, test.want)
		}
	}
}
