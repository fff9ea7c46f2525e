package tracker

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/content"
)

// projected stores a map of these epochs of the run, with every point at (epoch + label, −label).
func projected(t testing.TB, s *Store, run string, epochs ...int) {
	t.Helper()
	ctx := context.Background()
	err := s.Write(ctx, func(tx *Tx) error {
		const insert = `INSERT INTO projection (id, uid, layer, method, mode, dims, revision, created, points, seconds, peak_rss, options, stages)
			VALUES (1, 'map', 'fc1', 'umap', 'joint', 2, 4, 0, 0, 0, 0, '{}', '{}')`
		if _, err := tx.ExecContext(ctx, insert); err != nil {
			return err
		}
		for _, e := range epochs {
			const points = `INSERT INTO point (projection, run, epoch, sample, x, y)
				SELECT 1, r.id, ?, s.id, ? + CAST(s.uid AS INTEGER) % 10, -(CAST(s.uid AS INTEGER) % 10)
				FROM run r JOIN run_sample_set rs ON rs.run = r.id JOIN sample s ON s.sample_set = rs.sample_set WHERE r.uid = ?`
			if _, err := tx.ExecContext(ctx, points, e, e, run); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestQueries runs the queries that the README shows, with database/sql alone.
func TestQueries(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	const n, dim = 95, 128
	r := newRun(t, s, "cnn", n)
	for e := 1; e <= 3; e++ {
		if err := r.Log(ctx, Epoch{Number: e, Layers: []Layer{{Name: "fc1", Dim: dim, Vectors: someVectors(e, n, dim)}}}); err != nil {
			t.Fatal(err)
		}
	}
	projected(t, s, r.ID(), 1, 2, 3)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	driver := "sqlite"
	if pgtest.Current != nil {
		driver = "pgx"
	}
	db, err := sql.Open(driver, s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	var mean, counts [10]string
	for digit := range mean {
		mean[digit] = fmt.Sprintf("[map Digit: %d %g %g]", digit, 2+float64(digit), 0-float64(digit))
		counts[digit] = fmt.Sprintf("[%s Digit: %d %d]", r.ID(), digit, (n+9-digit)/10)
	}
	vector := someVectors(2, n, dim)[42*dim : 43*dim]
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.Join(strings.Fields(string(readme)), " ")
	for _, test := range []struct{ file, want string }{
		{"mean_per_label.sql", fmt.Sprint(mean)},
		{"label_counts.sql", fmt.Sprint(counts)},
		{"vector_norm.sql", fmt.Sprintf("[[%s %d %.9g]]", r.ID(), dim, math.Sqrt(content.SumSquares(vector)))},
	} {
		query, err := os.ReadFile(filepath.Join("testdata", test.file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(shown, strings.Join(strings.Fields(string(query)), " ")) {
			t.Errorf("the README does not show %s as it is here", test.file)
		}
		if got := table(t, db, string(query)); got != test.want {
			t.Errorf("%s gives %s, want %s", test.file, got, test.want)
		}
	}
}

func TestViews(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r, err := s.Start(ctx, RunConfig{Experiment: "test", Name: "cnn", Params: map[string]any{"lr": 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddSamples(ctx, []Sample{{ID: "1", Label: "one"}, {ID: "2", Thumbnail: tinyPNG}}); err != nil {
		t.Fatal(err)
	}
	for e := 1; e <= 2; e++ {
		err = r.Log(ctx, Epoch{
			Number: e, Step: 10 * e,
			Layers:  []Layer{{Name: "fc1", Dim: 2, Vectors: []float32{3, 4, 0, float32(e)}}},
			Outputs: &Outputs{Predictions: []string{"uno", "dos"}},
			Metrics: Metrics{"a": 1, "b": math.NaN(), "c": math.Inf(1)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	projected(t, s, r.ID(), 1, 2)
	if err := r.TruncateAfter(ctx, 1); err != nil { // the points of epoch 2 stay, without predictions
		t.Fatal(err)
	}
	if err := r.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	id := r.ID()
	for _, test := range []struct{ query, want string }{
		{"SELECT run, experiment, name, state, epochs, last_epoch, samples, params, cause FROM runs", "[[" + id + ` test cnn finished 1 1 2 {"lr":0.5} <nil>]]`},
		{"SELECT count(*) FROM runs WHERE started LIKE '20__-__-__T__:__:__.___Z' AND seen >= started AND ended >= seen", "[[1]]"},
		{"SELECT run, sample, position, label, metadata, length(thumbnail) FROM samples ORDER BY position", "[[" + id + " 1 0 one <nil> <nil>] [" + id + " 2 1 <nil> <nil> 17]]"},
		{"SELECT run, name, step, epoch, value, kind FROM metrics ORDER BY name", "[[" + id + " a 10 1 1 number] [" + id + " b 10 1 <nil> nan] [" + id + " c 10 1 <nil> +inf]]"},
		{"SELECT run, layer, epoch, sample, dim, norm, vector FROM vectors ORDER BY sample", "[[" + id + " fc1 1 1 2 5 0000404000008040] [" + id + " fc1 1 2 2 1 000000000000803F]]"},
		{"SELECT run, projection, revision, epoch, sample, label, prediction, x, y, z FROM points ORDER BY epoch, sample",
			"[[" + id + " map 4 1 1 one uno 2 -1 <nil>] [" + id + " map 4 1 2 <nil> dos 3 -2 <nil>] [" + id + " map 4 2 1 one <nil> 3 -1 <nil>] [" + id + " map 4 2 2 <nil> <nil> 4 -2 <nil>]]"},
	} {
		if got := table(t, reader(s), test.query); got != test.want {
			t.Errorf("%s\n gives %s\n  want %s", test.query, got, test.want)
		}
	}
}

// table returns the result of a query as text.
func table(t testing.TB, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]any
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		for i, v := range row {
			if b, ok := v.([]byte); ok {
				row[i] = fmt.Sprintf("%X", b)
			}
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}
