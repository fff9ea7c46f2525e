package value

import (
	"encoding/json"
	"math"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestTexts holds the rule against the table that the Python client and every reader of files are held against too.
func TestTexts(t *testing.T) {
	b, err := os.ReadFile("testdata/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []struct{ Type, Value, Text, Refused string }
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	types := map[string]bool{}
	for _, row := range table {
		types[row.Type] = true
		got, err := textOf(t, row.Type, row.Value)
		if row.Refused != "" {
			if err == nil || !strings.Contains(err.Error(), row.Refused) {
				t.Errorf("%s %s = %q, %v: want it refused with %q", row.Type, row.Value, got, err, row.Refused)
			}
			continue
		}
		if got != row.Text || err != nil {
			t.Errorf("%s %s = %q, %v: want %q", row.Type, row.Value, got, err, row.Text)
		}
	}
	if len(types) < 18 {
		t.Errorf("the table has %d types", len(types))
	}
}

// textOf makes a value of a type that the table names, and returns its text.
func textOf(t *testing.T, kind, written string) (string, error) {
	t.Helper()
	fatal := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	float := func(bits int) float64 {
		f, err := strconv.ParseFloat(written, bits)
		fatal(err)
		return f
	}
	switch kind {
	case "text":
		return Text(written)
	case "null":
		return Text(nil)
	case "bool":
		return Text(written == "true")
	case "int8", "int16", "int32", "int64":
		n, err := strconv.ParseInt(written, 10, 64)
		fatal(err)
		return Text(map[string]any{"int8": int8(n), "int16": int16(n), "int32": int32(n), "int64": n}[kind])
	case "uint8", "uint16", "uint32", "uint64":
		n, err := strconv.ParseUint(written, 10, 64)
		fatal(err)
		return Text(map[string]any{"uint8": uint8(n), "uint16": uint16(n), "uint32": uint32(n), "uint64": n}[kind])
	case "float16":
		return Float(roundHalf(float(64)), 16), nil
	case "float32":
		return Text(float32(float(32)))
	case "float64":
		return Text(float(64))
	case "json":
		d := json.NewDecoder(strings.NewReader(written))
		d.UseNumber()
		var v any
		fatal(d.Decode(&v))
		return Text(v)
	case "decimal":
		return Decimal(written), nil
	case "date":
		d, err := time.Parse(time.DateOnly, written)
		fatal(err)
		return Date(d), nil
	case "datetime":
		d, err := time.Parse("2006-01-02T15:04:05", written)
		fatal(err)
		return LocalTime(d), nil
	case "moment":
		d, err := time.Parse(time.RFC3339, written)
		fatal(err)
		return Text(d)
	}
	t.Fatalf("the table has a type %q", kind)
	return "", nil
}

// roundHalf rounds to binary16, to even.
func roundHalf(f float64) float64 {
	if math.IsNaN(f) {
		return f
	}
	_, exponent := math.Frexp(f)
	step := math.Ldexp(1, max(exponent-11, -24))
	return math.RoundToEven(f/step) * step
}

// TestHalves writes every binary16 and reads it back.
func TestHalves(t *testing.T) {
	for bits := range uint16(0x7c00) {
		f := math.Ldexp(float64(bits&0x3ff), -24)
		if e := int(bits >> 10); e > 0 {
			f = math.Ldexp(float64(bits&0x3ff|0x400), e-25)
		}
		for _, f := range []float64{f, -f} {
			s := Float(f, 16)
			if g, err := strconv.ParseFloat(s, 64); err != nil || roundHalf(g) != f {
				t.Fatalf("Float(%v, 16) = %s, which is %v, %v", f, s, roundHalf(g), err)
			}
			if digits := len(strings.Trim(strings.NewReplacer("-", "", ".", "").Replace(s), "0")); f != math.Trunc(f) && !strings.Contains(s, "e") && digits > 5 {
				t.Fatalf("Float(%v, 16) = %s: five digits tell all binary16 apart", f, s)
			}
		}
	}
}

type class int

func (c class) String() string { return [...]string{"cat", "dog"}[c] }

type number int

type word string

func TestOtherTypes(t *testing.T) {
	three := 3
	for _, c := range []struct {
		v    any
		want string
	}{
		{class(1), "dog"}, {number(1), "1"}, {word("1.10"), "1.10"}, {&three, "3"}, {(*int)(nil), ""}, {[]byte("007"), "007"},
		{netip.MustParseAddr("::1"), "::1"}, {90 * time.Second, "1m30s"}, {uintptr(7), "7"}, {json.Number("1.0"), "1"},
	} {
		if got, err := Text(c.v); got != c.want || err != nil {
			t.Errorf("Text(%T %v) = %q, %v: want %q", c.v, c.v, got, err, c.want)
		}
	}
	for _, v := range []any{[]int{1}, map[string]int{"a": 1}, struct{ A int }{1}, make(chan int), 1i} {
		if got, err := Text(v); err == nil {
			t.Errorf("Text(%T) = %q: want it refused", v, got)
		}
	}
}
