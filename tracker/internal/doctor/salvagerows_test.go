package doctor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/seal"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/rawsqlite"
)

// TestFitting: a row from a page that no tree leads to goes to the one table that takes its values, or to none.
func TestFitting(t *testing.T) {
	s := newSalvage(t, content.Float32s)
	for _, test := range []struct {
		name string
		row  rawsqlite.Row
		want string // table; empty: none, or more than one
	}{
		{"chunk", rawsqlite.Row{HasRowid: true, Values: []any{nil, int64(1), int64(0), int64(2), int64(77), "[1,2]", []byte{1}}}, "chunk"},
		{"output", rawsqlite.Row{Values: []any{int64(1), int64(2), "cat", 0.5, 0.9}}, "output"},
		{"NULL where none may be", rawsqlite.Row{HasRowid: true, Values: []any{nil, nil, int64(0), int64(2), int64(77), "[1,2]", []byte{1}}}, ""},
		{"text for a number", rawsqlite.Row{HasRowid: true, Values: []any{nil, "1", int64(0), int64(2), int64(77), "[1,2]", []byte{1}}}, ""},
		{"too few columns", rawsqlite.Row{HasRowid: true, Values: []any{nil, int64(1)}}, ""},
		{"no columns", rawsqlite.Row{}, ""},
	} {
		got := ""
		if fits := s.fitting(test.row); fits != nil {
			got = fits.name
		}
		if got != test.want {
			t.Errorf("%s: table %q, want %q", test.name, got, test.want)
		}
	}
}

// TestCopyRow: a row that is damaged is not copied and is reported, and a row that is there is not replaced.
func TestCopyRow(t *testing.T) {
	data := []byte{0, 0, 128, 63}
	sum := int64(seal.Checksum(data))
	for _, test := range []struct {
		name   string
		table  string
		row    rawsqlite.Row
		count  string // query whose result is want
		want   int64
		report string
	}{
		{"epoch", "epoch", rawsqlite.Row{Rowid: 5, Values: []any{nil, int64(1), int64(8), int64(0), int64(0), int64(0)}}, "SELECT count(*) FROM epoch WHERE id = 5", 1, ""},
		{"epoch that is there", "epoch", rawsqlite.Row{Rowid: 1, Values: []any{nil, int64(1), int64(9), int64(0), int64(0), int64(0)}}, "SELECT number FROM epoch", 4, ""},
		{"chunk", "chunk", rawsqlite.Row{Rowid: 5, Values: []any{nil, int64(1), int64(2), int64(1), sum, "[1]", data}}, "SELECT count(*) FROM chunk WHERE id = 5", 1, ""},
		{"chunk with another checksum", "chunk", rawsqlite.Row{Rowid: 5, Page: 7, Values: []any{nil, int64(1), int64(2), int64(1), sum + 1, "[1]", data}},
			"SELECT count(*) FROM chunk WHERE id = 5", 0, "page 7: vectors with a wrong checksum"},
		{"clock", "clock", rawsqlite.Row{Rowid: 1, Values: []any{nil, int64(33), int64(3)}}, "SELECT seq FROM clock", 33, ""},
		{"text for a number", "epoch", rawsqlite.Row{Rowid: 5, Page: 7, Values: []any{nil, "x", int64(8), int64(0), int64(0), int64(0)}},
			"SELECT count(*) FROM epoch WHERE id = 5", 0, "page 7: a row of table epoch is damaged"},
		{"more columns than the table", "clock", rawsqlite.Row{Rowid: 1, Page: 7, Values: []any{nil, int64(3), int64(3), int64(3)}}, "SELECT seq FROM clock", 0, "page 7: a row of table clock is damaged"},
		{"a state that is none", "run", rawsqlite.Row{Rowid: 2, Page: 7, Values: []any{nil, "r2", "test", "b", "asleep", nil, "{}", int64(1), "", int64(0), int64(0), nil, int64(0), int64(0)}},
			"SELECT count(*) FROM run WHERE id = 2", 0, ""},
		{"fewer columns, of an older schema", "run", rawsqlite.Row{Rowid: 2, Values: []any{nil, "r2", "test", "b", "failed", nil, "{}", int64(1), "", int64(0), int64(0), nil, int64(0), int64(0)}},
			"SELECT count(*) FROM run WHERE id = 2 AND tags = '[]'", 1, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSalvage(t, content.Float32s)
			tx, err := s.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			test.row.Table = test.table
			_, err = s.copyRow(tx, s.tables[test.table], test.row)
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if got, err := s.ints(test.count); err != nil || fmt.Sprint(got) != fmt.Sprintf("[[%d]]", test.want) {
				t.Errorf("%s = %v, %v, want %d", test.count, got, err, test.want)
			}
			if lost := strings.Join(s.lost, "\n"); !strings.Contains(lost, test.report) || test.report == "" && lost != "" {
				t.Errorf("reported as lost: %q, want %q", lost, test.report)
			}
		})
	}
}

// TestLose: a torn disk has thousands of complaints, of which the first are kept.
func TestLose(t *testing.T) {
	s := &salvage{}
	for i := range 3 * maxLost {
		s.lose("page %d", i)
	}
	if n := len(s.lost); n != maxLost+1 || s.lost[0] != "page 0" || s.lost[n-1] != "… and more" {
		t.Errorf("%d complaints, the last %q", n, s.lost[n-1])
	}
}
