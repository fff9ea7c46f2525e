package tracker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

var tinyPNG = append([]byte(pngMagic), "and so on"...)

func TestAddSamples(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "a", 0)
	batch := []Sample{
		{ID: "x", Label: "one", Thumbnail: tinyPNG, Metadata: map[string]any{"split": "test", "n": int64(9007199254740993)}},
		{ID: "y"},
		{ID: "z", Label: "two"},
	}
	for range 2 { // the second time does nothing
		if err := r.AddSamples(ctx, batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.AddSamples(ctx, []Sample{{ID: "w"}, batch[1]}); err != nil { // w is new
		t.Fatal(err)
	}
	got, err := s.Samples(ctx, "a")
	want := []Sample{{ID: "x", Label: "one", Metadata: map[string]any{"split": "test", "n": json.Number("9007199254740993")}}, {ID: "y"}, {ID: "z", Label: "two"}, {ID: "w"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Samples = %+v, %v, want %+v", got, err, want)
	}
	if png, err := s.Thumbnail(ctx, "a", "x"); err != nil || !bytes.Equal(png, tinyPNG) {
		t.Errorf("Thumbnail = %q, %v", png, err)
	}
	for _, sample := range []string{"y", "nobody"} {
		if _, err := s.Thumbnail(ctx, "a", sample); !errors.Is(err, ErrNotFound) {
			t.Errorf("Thumbnail of %s: %v, want ErrNotFound", sample, err)
		}
	}

	other := newRun(t, s, "b", 0)
	if err := other.AddSamples(ctx, batch); err != nil {
		t.Fatal(err)
	}
	var sets, rows int
	reader(s).QueryRow("SELECT (SELECT count(*) FROM sample_set), (SELECT count(*) FROM sample)").Scan(&sets, &rows)
	if sets != 2 || rows != 4 {
		t.Errorf("%d sets of %d samples are stored for two runs, want 2 of 4", sets, rows)
	}
	if err := other.Log(ctx, Epoch{Layers: []Layer{{Name: "l", Dim: 1, Vectors: []float32{1, 2, 3}}}}); err != nil {
		t.Errorf("Log with shared samples: %v", err)
	}
}

// TestSamplesInPieces: however many samples are read at once, and whatever is in them, they are those that were added.
func TestSamplesInPieces(t *testing.T) {
	before := pieceRows
	t.Cleanup(func() { pieceRows = before })
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "a", 0)
	var want []Sample
	for part, n := range []int{1, 10, 6, 3, 9} { // each is a set
		var batch []Sample
		for i := range n {
			sample := Sample{ID: fmt.Sprintf("%d in %d", 97*i%n, part), Label: []string{"", "a, b", "é", "\n", "0"}[i%5]}
			switch {
			case part == 2 && i == 3:
				sample.Metadata = map[string]any{"k": "v"}
			case part == 3 && i == 1:
				sample.Label = separator + "x"
			case part == 4 && i == 8:
				sample.ID = separator
			}
			batch = append(batch, sample)
		}
		must(t, r.AddSamples(ctx, batch))
		want = append(want, batch...)
	}
	for _, pieceRows = range []int64{1, 2, 4, 100} {
		got, err := s.Samples(ctx, "a")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("in pieces of %d, Samples = %v, %v, want %v", pieceRows, got, err, want)
		}
	}
	must(t, s.Write(ctx, func(tx *Tx) error { // a damaged store
		_, err := tx.ExecContext(ctx, "DELETE FROM sample WHERE uid = '1 in 1'")
		return err
	}))
	pieceRows = 4
	if got, err := s.Samples(ctx, "a"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("with a sample lost, Samples = %v, %v, want ErrCorrupt", got, err)
	}
	newRun(t, s, "none", 0)
	if got, err := s.Samples(ctx, "none"); err != nil || got != nil {
		t.Errorf("Samples of a run without any = %v, %v", got, err)
	}
}

func TestAddSamplesRefuses(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	r := newRun(t, s, "a", 3)
	for _, test := range []struct {
		name  string
		batch []Sample
		want  string
	}{
		{"another label", []Sample{{ID: "new"}, {ID: "1", Label: "cat"}}, `has sample "1" already, with label "Digit: 1", not "cat"`},
		{"another thumbnail", []Sample{{ID: "new"}, {ID: "1", Label: "Digit: 1", Thumbnail: tinyPNG}}, "another thumbnail"},
		{"no ID", []Sample{{ID: "new"}, {}}, "sample 1 of the batch has no ID"},
		{"twice", []Sample{{ID: "new"}, {ID: "new"}}, "twice"},
		{"not PNG", []Sample{{ID: "new", Thumbnail: []byte("GIF89a")}}, "not a PNG"},
		{"bytes", []Sample{{ID: "new", Label: "\xff"}}, "UTF-8"},
		{"NUL", []Sample{{ID: "a\x00b"}}, "NUL"},
		{"metadata", []Sample{{ID: "new", Metadata: map[string]any{"f": func() {}}}}, `metadata "f"`},
		{"bytes in metadata", []Sample{{ID: "new", Metadata: map[string]any{"city": "Z\xfcrich"}}}, `sample "new": metadata "city": "Z\xfcrich" must be valid UTF-8 without NUL`},
		{"bytes deep in metadata", []Sample{{ID: "new", Metadata: map[string]any{"a": []any{map[string]string{"b\xff": "c"}}}}}, `metadata "a"`},
		{"bytes in JSON", []Sample{{ID: "new", Metadata: map[string]any{"a": json.RawMessage("\"\xff\"")}}}, `metadata "a"`},
		{"half a character in JSON", []Sample{{ID: "new", Metadata: map[string]any{"a": json.RawMessage(`"\ud83d"`)}}}, `metadata "a"`},
		{"bytes in a name", []Sample{{ID: "new", Metadata: map[string]any{"a\xff": 1}}}, "a name must be valid UTF-8"},
		{"NUL in metadata", []Sample{{ID: "new", Metadata: map[string]any{"a": "b\x00"}}}, `metadata "a"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := r.AddSamples(ctx, test.batch); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("AddSamples = %v, want an ErrInvalid with %q", err, test.want)
			}
		})
	}
	if list, err := s.Samples(ctx, "a"); len(list) != 3 || err != nil {
		t.Errorf("after refusals: %v, %v", list, err)
	}
}

// TestMetadataKept reads metadata that look as if something had been replaced or rounded in them.
func TestMetadataKept(t *testing.T) {
	s := newStore(t)
	r, err := s.Start(t.Context(), RunConfig{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"sign": "\ufffd", "escape": `\ufffd \\ud800 \u0000`, "big": json.Number("18446744073709551615"), "list": []any{json.Number("-9223372036854775809")}}
	batch := []Sample{{ID: "x", Metadata: map[string]any{"sign": "\ufffd", "escape": `\ufffd \\ud800 \u0000`, "big": uint64(math.MaxUint64), "list": want["list"]}}}
	if err := r.AddSamples(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	list, err := s.Samples(t.Context(), r.ID())
	if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0].Metadata, want) {
		t.Errorf("Samples = %v, %v, want metadata %v", list, err, want)
	}
}
