package interchange

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/texts"
)

// utf16Bytes is a text as UTF-16 with a byte order mark, the low bytes first or last.
func utf16Bytes(text string, bigEndian bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		if bigEndian {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

// metadataText is metadata as one text: ids, labels and columns with their values as Go writes them.
func metadataText(m *Metadata) string {
	parts := []string{strings.Join(m.IDs, " "), strings.Join(m.Labels, " ")}
	for _, c := range m.Columns {
		parts = append(parts, fmt.Sprintf("%s=%#v", c.Name, c.Values))
	}
	return strings.NewReplacer("[]interface {}", "", "interface {}(nil)", "<nil>").Replace(strings.Join(parts, "; "))
}

func readContent(t *testing.T, file, content string, o Options) (*Metadata, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), file)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return ReadMetadata(path, o)
}

// TestMetadataTexts reads the same table however programs write it.
func TestMetadataTexts(t *testing.T) {
	const table = "id,label,note\n007,Zürich,a\n08,Zörich,\n1e3,Café,“c”\n"
	const want = `007 08 1e3; Zürich Zörich Café; note={"a", <nil>, "“c”"}`
	with := func(d string) string { return strings.ReplaceAll(table, ",", d) }
	windows, err := charmap.Windows1252.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	named := func(name string) Options {
		e, err := texts.ParseEncoding(name)
		if err != nil {
			t.Fatal(err)
		}
		return Options{Encoding: e}
	}
	for _, test := range []struct {
		name, file, content string
		o                   Options
	}{
		{"comma", "a.csv", table, Options{}},
		{"semicolon", "a.csv", with(";"), Options{}},
		{"pipe", "a.csv", with("|"), Options{}},
		{"tab in .csv", "a.csv", with("\t"), Options{}},
		{"tab", "a.tsv", with("\t"), Options{}},
		{"tab in .txt", "a.txt", with("\t"), Options{}},
		{"comma in .tsv", "a.tsv", table, Options{}},
		{"semicolon in .txt", "a.txt", with(";"), Options{}},
		{"said", "a.csv", with("^"), Options{Delimiter: '^'}},
		{"said by the first line", "a.csv", "sep=^\r\n" + with("^"), Options{}},
		{"said by the first line, comma", "a.csv", "SEP=,\n" + table, Options{}},
		{"said by the first line, in quotes", "a.tsv", "\ufeff\"sep=;\"\n" + with(";"), Options{}},
		{"comma and space", "a.csv", with(", "), Options{}},
		{"head with spaces", "a.csv", strings.Replace(table, "id,label,note", " id , label,note ", 1), Options{}},
		{"in quotes", "a.csv", "\"" + strings.ReplaceAll(strings.TrimSuffix(with(`";"`), "\n"), "\n", "\"\n\"") + "\"\n", Options{}},
		{"in quotes, with tabs", "a.tsv", "\"" + strings.ReplaceAll(strings.TrimSuffix(with("\"\t\""), "\n"), "\n", "\"\n\"") + "\"\n", Options{}},
		{"byte order mark", "a.csv", "\ufeff" + table, Options{}},
		{"CRLF", "a.csv", strings.ReplaceAll(table, "\n", "\r\n"), Options{}},
		{"CR", "a.csv", strings.ReplaceAll(table, "\n", "\r"), Options{}},
		{"CR and tabs", "a.tsv", strings.ReplaceAll(with("\t"), "\n", "\r"), Options{}},
		{"no end of the last line", "a.csv", strings.TrimSuffix(table, "\n"), Options{}},
		{"empty lines", "a.csv", "\n\n" + strings.ReplaceAll(table, "\n", "\n\n") + " \r\n\n", Options{}},
		{"empty lines and tabs", "a.tsv", "\n" + strings.ReplaceAll(with("\t"), "\n", "\n\n"), Options{}},
		{"empty rows at the end", "a.csv", table + ",,\n,,\n", Options{}},
		{"no name at the end", "a.csv", strings.ReplaceAll(table, "\n", ",\n"), Options{}},
		{"UTF-16", "a.csv", utf16Bytes(table, false), Options{}},
		{"UTF-16, big-endian, with tabs", "a.tsv", utf16Bytes(with("\t"), true), Options{}},
		{"UTF-16 without a mark", "a.csv", utf16Bytes(table, false)[2:], named("UTF-16")},
		{"UTF-16 without a mark, big-endian", "a.csv", utf16Bytes(table, true)[2:], named("utf_16")},
		{"UTF-16 with a mark, said", "a.csv", utf16Bytes(table, true), named("utf-16")},
		{"Windows-1252", "a.csv", windows, named("cp1252")},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := readContent(t, test.file, test.content, test.o)
			if err != nil {
				t.Fatal(err)
			}
			if got := metadataText(m); got != want || m.Rows != 3 || len(m.Notes) > 0 {
				t.Errorf("%d rows, %s, notes %q, want 3, %s", m.Rows, got, m.Notes, want)
			}
		})
	}
}

// TestMetadataMeaning reads what could be mistaken for something else.
func TestMetadataMeaning(t *testing.T) {
	for _, test := range []struct {
		name, file, content, want string
		o                         Options
	}{
		{"a column without a name is no id", "a.csv", ",id,label\n1,c,x\n0,b,y\n", `c b; x y; Unnamed: 0={1, 0}`, Options{}},
		{"nor a label", "a.csv", "text,\nv,p\nw,q\n", `; ; text={"v", "w"}; Unnamed: 1={"p", "q"}`, Options{}},
		{"one that counts is left out", "a.csv", ",label,\n0,x,7\n1,y,8\n", `; x y; Unnamed: 2={7, 8}`, Options{}},
		{"its name is taken", "a.csv", ",Unnamed: 0\n7,1\n8,2\n", `; ; Unnamed: 0.1={7, 8}; Unnamed: 0={1, 2}`, Options{}},
		{"it can be the ids", "a.csv", ",Unnamed: 1\n7,1\n8,2\n", `1 2; ; Unnamed: 0={7, 8}`, Options{ID: "Unnamed: 1"}},
		{"order of names", "a.csv", "target,label,sample,ID\nx,a,s,p\ny,b,t,q\n", `p q; a b; target={"x", "y"}; sample={"s", "t"}`, Options{}},
		{"order of names, JSON", "a.jsonl", `{"target": "x", "label": "a", "sample": "s", "ID": "p"}`, `p; a; target={"x"}; sample={"s"}`, Options{}},
		{"spaces around a name that is said", "a.csv", "key , kind\n1, x\n2, y\n", `1 2; x y`, Options{ID: "key ", Label: " kind"}},
		{"quotes are characters", "a.tsv", "id\tlabel\nw0\tthe\nw1\t\"quoted\nw2\tof\nw3\tto\"\nw4\tsize 5\"\n", `w0 w1 w2 w3 w4; the "quoted of to" size 5"`, Options{}},
		{"also balanced ones", "a.tsv", "id\tlabel\nw0\t\"\nw1\tof\nw2\t\"\nw3\t\"x\"\n", `w0 w1 w2 w3; " of " "x"`, Options{}},
		{"also in one column", "a.tsv", "label\n\"\nof\n\"\n\"x\nend\n", `; " of " "x end`, Options{}},
		{"a program for CSV wrote the tabs", "a.tsv", "id\tlabel\nw0\tx\nw1\t\"say \"\"hi\"\"\"\n", `w0 w1; x say "hi"`, Options{}},
		{"and tabs within", "a.tsv", "id\tlabel\nw0\tx\nw1\t\"a\tb\nc\"\n", "w0 w1; x a\tb\nc", Options{}},
		{"spaces of values stay", "a.csv", "id,label\na, the\nb,the\n", `a b;  the the`, Options{}},
		{"commas in fields of a semicolon's file", "a.csv", "id;score;at\na;0,5;1,234\nb;1,25;2,345\nc;2;3\n", `a b c; ; score={0.5, 1.25, 2}; at={"1,234", "2,345", "3"}`, Options{}},
		{"a list in a field", "a.csv", "id,tags\na,x;y\nb,z;w\n", `a b; ; tags={"x;y", "z;w"}`, Options{}},
		{"the head knows", "a.csv", "id;x,y\na;1,2\nb;3,4\n", `a b; ; x,y={1.2, 3.4}`, Options{}},
		{"one column with punctuation", "a.csv", "what, he said\na, b\nc, d\n", `; ; what={"a", "c"}; he said={"b", "d"}`, Options{}},
		{"one column, said", "a.csv", "id;label\na;b\nc;d\n", `; ; id;label={"a;b", "c;d"}`, Options{Delimiter: ','}},
		{"an empty field in one column", "a.csv", "label\nx\n\ny\n", `; x  y`, Options{}},
		{"an empty label that is needed", "a.csv", "label\nx\n\n\n", `; x `, Options{Samples: 2}},
		{"empty lines that are not", "a.csv", "label\nx\ny\n\n\n", `; x y`, Options{Samples: 2}},
		{"different texts of one number", "a.csv", "v,w\n1.10,0.50\n1.1,1.25\n1.2,0.50\n", `; ; v={"1.10", "1.1", "1.2"}; w={0.5, 1.25, 0.5}`, Options{}},
		{"whole numbers beyond int64", "a.csv", "v,w,x\n18446744073709551615,1.5,9007199254740993\n18446744073709551614,9007199254740993,-9223372036854775808\n",
			`; ; v={"18446744073709551615", "18446744073709551614"}; w={"1.5", "9007199254740993"}; x={9007199254740993, -9223372036854775808}`, Options{}},
		{"whole numbers beyond int64, JSON", "a.jsonl", "{\"label\": 18446744073709551615, \"v\": 18446744073709551614, \"l\": [18446744073709551613]}\n\n{\"label\": 18446744073709551614, \"v\": 9223372036854775807}\r{\"v\": 1.5}\n\n",
			`; 18446744073709551615 18446744073709551614 ; v={"18446744073709551614", 9223372036854775807, 1.5}; l={"[18446744073709551613]", <nil>, <nil>}`, Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := readContent(t, test.file, test.content, test.o)
			if err != nil {
				t.Fatal(err)
			}
			if got := metadataText(m); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

// TestMetadataRefused has what no rule can read refused, with the place and the remedy.
func TestMetadataRefused(t *testing.T) {
	latin, _ := texts.ParseEncoding("latin-1")
	japanese, err := texts.ParseEncoding("Shift_JIS")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, file, content, want string
		o                         Options
	}{
		{"Latin-1", "a.csv", "id,label\na,Zurich\nb,Z\xfcrich\n", `row 1 (line 3), column "label": "Z\xfcrich" is not UTF-8: save the file as UTF-8, or say with --encoding`, Options{}},
		{"Latin-1, behind an empty line", "a.tsv", "id\tnote\na\tx\n\nb\t\xe9\n", `row 1 (line 4), column "note"`, Options{}},
		{"Latin-1 in a name", "a.csv", "id,stra\xdfe\na,b\n", `line 1, the name of column 2: "stra\xdfe" is not UTF-8`, Options{}},
		{"Latin-1, JSON", "a.jsonl", "{\"id\": \"a\"}\n{\"id\": \"b\", \"n\": {\"x\": \"\xfc\"}}\n", `row 1 (line 2), n.x: "\xfc" is not UTF-8`, Options{}},
		{"half a pair, JSON", "a.jsonl", `{"id": "a", "label": "\ud83d"}`, `row 0 (line 1), label: "\\ud83d" has half of a surrogate pair`, Options{}},
		{"NUL", "a.csv", "id,label\na,x\x00y\n", `row 0 (line 2), column "label": "x\x00y" has a NUL character, which no store keeps`, Options{}},
		{"NUL, JSON", "a.jsonl", `{"id": "a", "label": "x\u0000"}`, `row 0 (line 1), label: "\x00" has a NUL`, Options{}},
		{"UTF-16 without a mark", "a.csv", utf16Bytes("label\ncat\n", false)[2:], "if the file is UTF-16, say so with --encoding utf-16", Options{}},
		{"UTF-16 cut", "a.csv", utf16Bytes("label\ncat\n", false) + "x", "is not utf-16le throughout", Options{}},
		{"not what is said", "a.csv", "label\n\x81\xff\n", "row 0 (line 2), column \"label\": \"\uFFFD", Options{Encoding: japanese}},
		{"another than the mark says", "a.csv", "\ufefflabel\nx\n", "byte order mark of utf-8, and --encoding says latin-1", Options{Encoding: latin}},
		{"ragged", "a.csv", "id;label\na;x\nb;y;z\n", "record on line 3: wrong number of fields: 3, and the head on line 1 has 2; if ';' does not separate", Options{}},
		{"ragged, with other characters in the head", "a.csv", "id,a|b\n1,x|y\n2,x|y,z\n", "record on line 3: wrong number of fields: 3, and the head on line 1 has 2; if ',' does not separate", Options{}},
		{"another character", "a.csv", "id:label\na:x\nb:y\n", `the file has one column, "id:label": if ':' separates columns, say --delimiter ":", and if it is one column, --delimiter comma`, Options{}},
		{"spaces", "a.txt", "id score\na 1\nb 2\n", `if ' ' separates columns, say --delimiter " "`, Options{}},
		{"two that could", "a.csv", "a;b|c\n1;2|3\n", `';' and '|' could both separate the columns: say which does with --delimiter`, Options{}},
		{"a name twice but for spaces", "a.csv", "x, x\n1, 2\n", `there are two columns "x"`, Options{}},
		{"ids twice", "a.csv", "id,id\n1,2\n", `there are two columns "id"`, Options{}},
		{"no such column", "a.csv", "a,b\n1,2\n", `there is no column "c" of labels, only "a", "b"`, Options{Label: "c"}},
		{"nothing but empty rows", "a.csv", "a,b\n,\n\n", "a head and no rows", Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readContent(t, test.file, test.content, test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ReadMetadata = %v, want %s", err, test.want)
			}
		})
	}
}
