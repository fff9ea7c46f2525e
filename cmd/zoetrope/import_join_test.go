package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

// TestJoin joins metadata to an archive of three samples, of which the vectors begin with 103, 101 and 102. What comes in
// says for each sample which row it is; an impossible join is refused, and a join by row is reported.
func TestJoin(t *testing.T) {
	const vectorRows = "103 101 102"
	texts := []string{"103", "101", "102"}
	floats := []float64{103, 101, 102}
	for _, test := range []struct {
		name     string
		arrays   []any // beside the vectors
		metadata string
		args     []string
		want     string // ids and labels; or the error
		note     string
	}{
		{"ids in both", []any{"ids", texts}, "id,label\n101,L101\n102,L102\n103,L103\n", nil, "103:L103 101:L101 102:L102", ""},
		{"whole floats", []any{"ids", floats}, "id,label\n101,L101\n102,L102\n103,L103\n", nil, "103:L103 101:L101 102:L102", ""},
		{"spaces around the name", []any{" ID", texts}, "id,label\n101,L101\n102,L102\n103,L103\n", nil, "103:L103 101:L101 102:L102", ""},
		{"ids that do not meet", []any{"ids", texts}, "id,label\nx1,L101\nx2,L102\nx3,L103\n", nil,
			`no sample of v.npz, as "103", is in m.csv, which has ids as "x1": want the same ids in both files, or join with --join row`, ""},
		{"ids that do not meet, by row", []any{"ids", texts}, "id,label\nx1,L103\nx2,L101\nx3,L102\n", []string{"--join", "row"}, "103:L103 101:L101 102:L102", ""},
		{"ids of another name", []any{"image_id", texts}, "id,label\n101,L101\n102,L102\n103,L103\n", nil,
			`the column "image_id" of v.npz holds the ids of m.csv in another order: join by it with --id-column "image_id", or with --join row`, ""},
		{"ids of another name, named", []any{"image_id", texts}, "id,label\n101,L101\n102,L102\n103,L103\n", []string{"--id-column", "image_id"}, "103:L103 101:L101 102:L102", ""},
		{"floats of another name", []any{"image_id", floats}, "id,label\n101,L101\n102,L102\n103,L103\n", nil, `the column "image_id" of v.npz holds the ids of m.csv in another order`, ""},
		{"ids of another name, in the same order", []any{"image_id", texts}, "id,label\n103,L103\n101,L101\n102,L102\n", nil, "103:L103 101:L101 102:L102",
			"v.npz has no ids: m.csv, which has a column of them, was joined to it row by row"},
		{"ids of another name in the metadata", []any{"ids", texts}, "key,label\n101,L101\n102,L102\n103,L103\n", nil,
			`the column "key" of m.csv holds the ids of v.npz in another order: join by it with --metadata-id-column "key"`, ""},
		{"ids of another name in the metadata, named", []any{"ids", texts}, "key,label\n101,L101\n102,L102\n103,L103\n", []string{"--metadata-id-column", "key"}, "103:L103 101:L101 102:L102", ""},
		{"no ids in the metadata", []any{"ids", texts}, "label\nL103\nL101\nL102\n", nil, "103:L103 101:L101 102:L102", "m.csv has no column of ids: it was joined row by row to v.npz, which has one"},
		{"the same name in both", []any{"image_id", texts}, "image_id,label\n101,L101\n102,L102\n103,L103\n", nil,
			`the column "image_id" of v.npz holds what "image_id" of m.csv does, in another order: join by them with --id-column "image_id" --metadata-id-column "image_id"`, ""},
		{"two other names", []any{"image", []string{"x3", "x1", "x2"}}, "picture,label\nx1,L101\nx2,L102\nx3,L103\n", nil, `the column "image" of v.npz holds what "picture" of m.csv does, in another order`, ""},
		{"two other names, named", []any{"image", []string{"x3", "x1", "x2"}}, "picture,label\nx1,L101\nx2,L102\nx3,L103\n", []string{"--id-column", "image", "--metadata-id-column", "picture"}, "x3:L103 x1:L101 x2:L102", ""},
		{"two rankings", []any{"rank", floats}, "age,label\n101,L103\n102,L101\n103,L102\n", nil, "0:L103 1:L101 2:L102", ""},
		{"the same name in both, named", []any{"image_id", texts}, "image_id,label\n101,L101\n102,L102\n103,L103\n", []string{"--id-column", "image_id"}, "103:L103 101:L101 102:L102", ""},
		{"no ids at all", nil, "label\nL103\nL101\nL102\n", nil, "0:L103 1:L101 2:L102", ""},
		{"a ranking is no id", []any{"rank", []string{"2", "0", "1"}}, "id,label\n0,L103\n1,L101\n2,L102\n", nil, "0:L103 1:L101 2:L102", "was joined to it row by row"},
		{"no ids wanted", []any{"ids", texts}, "id,label\n101,L103\n102,L101\n103,L102\n", []string{"--id-column", "-"}, "0:L103 1:L101 2:L102", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			writeNpz(t, "v.npz", append([]any{"embeddings", []float32{103, 1, 101, 1, 102, 1}}, test.arrays...)...)
			os.WriteFile("m.csv", []byte(test.metadata), 0o666)
			status, _, errs := zoetrope(t, append([]string{"--db", "a.DB", "import", "--run", "r", "--metadata", "m.csv", "v.npz"}, test.args...)...)
			if status != 0 {
				if !strings.Contains(errs, test.want) {
					t.Errorf("exit %d, %s, want %q", status, errs, test.want)
				}
				return
			}
			var got, first []string
			store, err := tracker.Open(t.Context(), filepath.Join(".", "a.DB"), tracker.OpenOptions{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			samples, err := store.Samples(t.Context(), "r")
			if err != nil {
				t.Fatal(err)
			}
			f, err := store.Frame(t.Context(), "r", "", 1)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range samples {
				got, first = append(got, s.ID+":"+s.Label), append(first, fmt.Sprint(f.Vectors[2*i]))
			}
			if strings.Join(got, " ") != test.want || strings.Join(first, " ") != vectorRows {
				t.Errorf("%s of %s, want %s of %s", got, first, test.want, vectorRows)
			}
			if !strings.Contains(errs, test.note) || test.note == "" && errs != "" {
				t.Errorf("it says %q, want %q", errs, test.note)
			}
		})
	}
}
