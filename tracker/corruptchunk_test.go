package tracker

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

func TestCorruptChunk(t *testing.T) {
	ctx := context.Background()
	zero := "CAST(substr(data, 1, 99) || x'00' || substr(data, 101) AS BLOB)"
	if pgtest.Current != nil {
		zero = `overlay(data PLACING '\x00' FROM 100)`
	}
	for name, query := range map[string]string{
		"a byte":        "UPDATE chunk SET data = " + zero + " WHERE first_row > 0",
		"cut":           "UPDATE chunk SET data = substr(data, 1, length(data) - 4) WHERE first_row > 0",
		"checksum":      "UPDATE chunk SET checksum = checksum + 1 WHERE first_row > 0",
		"rows":          "UPDATE chunk SET rows = rows - 1 WHERE first_row > 0",
		"too many rows": "UPDATE chunk SET rows = rows + 1000 WHERE first_row > 0",
		"order":         "UPDATE chunk SET first_row = first_row + 1 WHERE first_row > 0",
		"no chunk":      "DELETE FROM chunk WHERE first_row > 0",
		"no sample":     "DELETE FROM roster_row WHERE position = 5",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			r := newRun(t, s, "cnn", 10)
			if err := r.Log(ctx, Epoch{Number: 7, Layers: []Layer{{Name: "fc1", Dim: 50000, Vectors: someVectors(1, 10, 50000)}}}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Frame(ctx, "cnn", "fc1", 7); err != nil {
				t.Fatal(err)
			}
			if _, err := writer(s).Exec(query); err != nil {
				t.Fatal(err)
			}
			_, err := s.Frame(ctx, "cnn", "fc1", 7)
			if !errors.Is(err, ErrCorrupt) || !strings.HasPrefix(err.Error(), `run test/cnn, layer "fc1", epoch 7: `) {
				t.Errorf("Frame = %v, want ErrCorrupt that names run, layer and epoch", err)
			}
		})
	}
}
