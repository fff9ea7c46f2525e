package doctor

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// newSalvage returns a salvage that has copied a whole store: run 1, test/cnn, with samples 1 (a) and 2 (b), and epoch 1,
// number 4, with frame 1 of layer fc1, 2×3.
func newSalvage(t *testing.T, as content.DType) *salvage {
	t.Helper()
	ctx := context.Background()
	before := database.Durability
	database.Durability = "synchronous(OFF)" // no test here is about a crash
	defer func() { database.Durability = before }()
	path := filepath.Join(t.TempDir(), "zoetrope.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := database.OpenNew(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := database.MigrateTo(ctx, "", db, database.LatestSchema()); err != nil {
		t.Fatal(err)
	}
	s := &salvage{ctx: ctx, db: db}
	if err := s.readTables(); err != nil {
		t.Fatal(err)
	}
	chunks, err := content.EncodeChunks([]float32{1, 2, 3, 4, 5, 6}, 3, as)
	if err != nil || len(chunks) != 1 {
		t.Fatalf("%d chunks, %v", len(chunks), err)
	}
	exec(t, s, `INSERT INTO run (id, uid, experiment, name, state, params, generation, writer, started, seen, seq, cut)
		VALUES (1, 'r1', 'test', 'cnn', 'finished', '{"lr":0.1}', 1, '', 7, 7, 7, 0)`)
	text := func(s string) sql.NullString { return sql.NullString{String: s, Valid: true} }
	exec(t, s, "INSERT INTO sample_set (id, hash, rows) VALUES (1, ?, 2)",
		content.HashSamples([]content.SampleRow{{UID: "a", Label: text("cat")}, {UID: "b", Label: text("dog")}}))
	exec(t, s, "INSERT INTO sample (id, sample_set, position, uid, label) VALUES (1, 1, 0, 'a', 'cat'), (2, 1, 1, 'b', 'dog')")
	exec(t, s, "INSERT INTO run_sample_set (run, sample_set, first_position) VALUES (1, 1, 0)")
	exec(t, s, "INSERT INTO roster (id, hash, rows) VALUES (1, ?, 2)", content.HashRoster([]int64{1, 2}))
	exec(t, s, "INSERT INTO roster_row (roster, position, sample) VALUES (1, 0, 1), (1, 1, 2)")
	exec(t, s, "INSERT INTO epoch (id, run, number, step, time, seq) VALUES (1, 1, 4, 400, 7, 9)")
	exec(t, s, "INSERT INTO frame (id, epoch, layer, dim, rows, roster, dtype) VALUES (1, 1, 'fc1', 3, 2, 1, ?)", string(as))
	c := chunks[0]
	exec(t, s, "INSERT INTO chunk (frame, first_row, rows, checksum, norms, data) VALUES (1, 0, 2, ?, ?, ?)", c.Checksum, c.Norms, c.Data)
	exec(t, s, "INSERT INTO output (epoch, sample, loss) VALUES (1, 1, 0.5)")
	return s
}

// exec runs a statement; the empty one does nothing.
func exec(t *testing.T, s *salvage, query string, args ...any) {
	t.Helper()
	if query == "" {
		return
	}
	if _, err := s.exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

// rowsOf returns the rows of the tables that mend changes, one a line.
func rowsOf(t *testing.T, s *salvage) []string {
	t.Helper()
	rows, err := s.db.Query(`
		SELECT 'run ' || uid || ' ' || experiment || '/' || name || ' ' || state FROM run UNION ALL
		SELECT 'epoch ' || number || ' of run ' || run || ', step ' || step FROM epoch UNION ALL
		SELECT 'sample ' || uid || ' at ' || position || ', ' || coalesce(label, 'no label') FROM sample UNION ALL
		SELECT 'set of ' || ss.rows || ' in run ' || rs.run FROM sample_set ss JOIN run_sample_set rs ON rs.sample_set = ss.id UNION ALL
		SELECT 'list of ' || r.rows || ': ' || (SELECT group_concat(sample, ' ') FROM (SELECT sample FROM roster_row WHERE roster = r.id ORDER BY position)) FROM roster r UNION ALL
		SELECT 'frame ' || layer || ', ' || rows || '×' || dim || ' ' || dtype FROM frame UNION ALL
		SELECT 'chunk of ' || rows FROM chunk UNION ALL
		SELECT 'output of ' || sample FROM output`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		list = append(list, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestMend loses rows of a whole store. Each row of the table says which, what the indexes still have, and what is different
// after mending from the store as it was.
func TestMend(t *testing.T) {
	frame := []string{"frame fc1, 2×3 float32", "chunk of 2"}
	for _, test := range []struct {
		name  string
		lose  string
		index map[string][][]any
		minus []string // rows that are gone
		plus  []string // rows that are new
		says  string   // a part of what is reported as lost; empty: nothing is
	}{
		{name: "nothing"},
		{name: "run", lose: "DELETE FROM run", index: map[string][][]any{
			"sqlite_autoindex_run_1": {{"r1", int64(1)}}, "sqlite_autoindex_run_2": {{"test", "cnn", int64(1)}}},
			minus: []string{"run r1 test/cnn finished"}, plus: []string{"run r1 test/cnn failed"}, says: "run test/cnn: its params, state and times"},
		{name: "run and name", lose: "DELETE FROM run", index: map[string][][]any{"sqlite_autoindex_run_1": {{"r1", int64(1)}}},
			minus: []string{"run r1 test/cnn finished"}, plus: []string{"run r1 lost/r1 failed"}, says: "run lost/r1"},
		{name: "run without a trace", lose: "DELETE FROM run",
			minus: append([]string{"run r1 test/cnn finished", "epoch 4 of run 1, step 400", "set of 2 in run 1", "output of 1"}, frame...), says: "rows of table epoch"},
		{name: "an index of what is there", index: map[string][][]any{
			"sqlite_autoindex_run_1": {{"r1", int64(1)}}, "sqlite_autoindex_epoch_1": {{int64(1), int64(4), int64(1)}},
			"sqlite_autoindex_frame_1":  {{int64(1), "fc1", int64(1)}},
			"sqlite_autoindex_sample_1": {{int64(1), int64(0), int64(1)}}, "sqlite_autoindex_sample_2": {{int64(1), "a", int64(1)}}}},
		{name: "epoch", lose: "DELETE FROM epoch", index: map[string][][]any{"sqlite_autoindex_epoch_1": {{int64(1), int64(4), int64(1)}}},
			minus: []string{"epoch 4 of run 1, step 400"}, plus: []string{"epoch 4 of run 1, step 0"}, says: "run test/cnn, epoch 4: its step and time"},
		{name: "epoch without a trace", lose: "DELETE FROM epoch",
			minus: append([]string{"epoch 4 of run 1, step 400", "output of 1"}, frame...), says: "rows of table frame"},
		{name: "sample", lose: "DELETE FROM sample WHERE id = 2", index: map[string][][]any{
			"sqlite_autoindex_sample_1": {{int64(1), int64(1), int64(2)}}, "sqlite_autoindex_sample_2": {{int64(1), "b", int64(2)}}},
			minus: []string{"sample b at 1, dog"}, plus: []string{"sample b at 1, no label"}, says: "the labels, metadata and thumbnails of 1 samples"},
		{name: "sample in one index", lose: "DELETE FROM sample WHERE id = 2", index: map[string][][]any{"sqlite_autoindex_sample_2": {{int64(1), "b", int64(2)}}},
			minus: append([]string{"sample b at 1, dog", "list of 2: 1 2"}, frame...), plus: []string{"list of 2: 1"}, says: `layer "fc1": which samples its rows are`},
		{name: "set of samples", lose: "DELETE FROM sample_set"},
		{name: "link of run and samples", lose: "DELETE FROM run_sample_set"},
		{name: "frame", lose: "DELETE FROM frame", index: map[string][][]any{"sqlite_autoindex_frame_1": {{int64(1), "fc1", int64(1)}}}, says: `layer "fc1" at an epoch`},
		{name: "frame without a trace", lose: "DELETE FROM frame", minus: frame},
		{name: "chunk", lose: "DELETE FROM chunk", minus: frame, says: `run test/cnn, epoch 4, layer "fc1": 2 of its 2 rows`},
		{name: "list of samples", lose: "DELETE FROM roster", says: "its hash does not match"},
		{name: "rows of a list", lose: "DELETE FROM roster_row WHERE position = 0"},
		{name: "rows of a list of another order", lose: "UPDATE roster SET hash = x'02'; DELETE FROM roster_row WHERE position = 0",
			minus: append([]string{"list of 2: 1 2"}, frame...), plus: []string{"list of 2: 2"}, says: "which samples its rows are"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSalvage(t, content.Float32s)
			before := rowsOf(t, s)
			exec(t, s, test.lose)
			s.index = test.index
			if err := s.mend(); err != nil {
				t.Fatal(err)
			}
			want := append(slices.DeleteFunc(before, func(line string) bool { return slices.Contains(test.minus, line) }), test.plus...)
			got := rowsOf(t, s)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("mended:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if lost := strings.Join(s.lost, "\n"); !strings.Contains(lost, test.says) || (test.says == "") != (lost == "") {
				t.Errorf("reported as lost: %q, want %q", lost, test.says)
			}
		})
	}
}

// TestShapeOf: the type and the width of a frame whose row is lost follow from its chunks, or are said to be unknown.
func TestShapeOf(t *testing.T) {
	for _, test := range []struct {
		name, change string
		as           content.DType
		rows, dim    int
	}{
		{"float32", "", content.Float32s, 2, 3},
		{"float16", "", content.Float16s, 2, 3},
		{"other norms", "UPDATE chunk SET norms = '[9, 9]'", content.Float32s, 2, 0},
		{"norms of other rows", "UPDATE chunk SET norms = '[1]'", content.Float32s, 2, 0},
		{"no JSON", "UPDATE chunk SET norms = 'x'", content.Float32s, 2, 0},
		{"other vectors", "UPDATE chunk SET data = zeroblob(24)", content.Float32s, 2, 0},
		{"no whole rows", "UPDATE chunk SET data = zeroblob(23)", content.Float32s, 2, 0},
		{"no chunks", "DELETE FROM chunk", content.Float32s, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSalvage(t, test.as)
			exec(t, s, test.change)
			rows, dim, as, err := s.shapeOf(1)
			if rows != test.rows || dim != test.dim || dim > 0 && as != test.as || err != nil {
				t.Errorf("shapeOf = %d×%d %s, %v, want %d×%d %s", rows, dim, as, err, test.rows, test.dim, test.as)
			}
		})
	}
}

// TestSetClock: the clock is beyond every seq in the store.
func TestSetClock(t *testing.T) {
	for _, lose := range []string{"", "DELETE FROM clock", "UPDATE clock SET seq = 20"} {
		s := newSalvage(t, content.Float32s)
		exec(t, s, lose)
		if err := s.setClock(); err != nil {
			t.Fatal(err)
		}
		want := int64(10) // the epoch has 9
		if strings.Contains(lose, "20") {
			want = 21
		}
		if got, err := s.ints("SELECT seq, shared FROM clock"); err != nil || fmt.Sprint(got) != fmt.Sprintf("[[%d %d]]", want, want) {
			t.Errorf("after %q: clock %v, %v, want %d", lose, got, err, want)
		}
	}
}
