package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"text", `{"a": ["é", "\u00e9", "\ud83d\ude00", "\\ud800", "\ufffd", "�"]}`, ""},
		{"no JSON", `{"a": "\ud83d\ude00`, ""},
		{"bytes", "{\"samples\": [{\"id\": \"a\"}, {\"id\": \"b\", \"metadata\": {\"city\": \"Z\xfcrich\"}}]}", `samples[1].metadata.city: "Z\xfcrich" is not UTF-8`},
		{"a name", "{\"a\": {\"\xff\": 1}}", `a.�: "\xff" is not UTF-8`},
		{"first half", `{"a": 1, "b": "\ud83d!"}`, `b: "\\ud83d!" has half of a surrogate pair`},
		{"first half at the end", `["\uD83D"]`, `[0]: "\\uD83D" has half of a surrogate pair`},
		{"second half", `["x", "\udc80"]`, `[1]: "\\udc80" has half of a surrogate pair`},
		{"two first halves", `"\ud83d\ud83d\ude00"`, "has half of a surrogate pair"},
		{"NUL", `{"a": "x\u0000"}`, `a: "x\\u0000" has a NUL character`},
		{"NUL before half", `["\u0000", "\u0000\ud83d"]`, `[1]: `},
		{"after a nested one", `{"a": {"b": [1, 2]}, "c": "\u0000"}`, "c: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Check([]byte(test.text))
			if got := ""; err != nil {
				got = err.Error()
				if test.want == "" || !strings.Contains(got, test.want) {
					t.Errorf("Check = %s, want %q", got, test.want)
				}
			} else if test.want != "" {
				t.Errorf("Check = nil, want %q", test.want)
			}
		})
	}
}

// FuzzCheck holds Check against encoding/json: what passes is decoded without anything being replaced.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a": "\ud83d\ude00"}`, `["\ud83d"]`, "[\"\xff\"]", `"\\\ud83d"`, `{"\udc80": {"b": [1, "\u0000"]}}`, `"\u12`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := Check(text)
		var v any
		if json.Unmarshal(text, &v) != nil {
			return
		}
		again, _ := json.Marshal(v)
		replaced := strings.Count(string(again), "�") > strings.Count(string(text), "�")+strings.Count(strings.ToLower(string(text)), `\ufffd`)
		if err == nil && (replaced || strings.Contains(string(again), `\u0000`)) {
			t.Errorf("%q passed and became %q", text, again)
		}
	})
}
