package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/ingest"
)

// TestRefusedValue sends one bad value among good ones: the answer names its place in the request, the sample and the
// field, so that a client can send the others again.
func TestRefusedValue(t *testing.T) {
	c := newClient(t, newStore(t), ingest.Options{})
	id := c.Start("r", 3)
	long := strings.Repeat("x", 2000)
	sample := func(fields string) string {
		return `{"samples": [{"id": "a"}, {"id": "b", ` + fields + `}, {"id": "c"}]}`
	}
	nan := []float32{1, 2, 3, float32(math.NaN()), 5, 6}
	at := func(field, name string, index int, id string) map[string]any {
		m := map[string]any{"field": field, "index": float64(index)}
		if name != "" {
			m["name"] = name
		}
		if id != "" {
			m["id"] = id
		}
		return m
	}
	c.Put(id, 9, "late", 3, 2, 0)
	c.Expect(202, c.Send("PUT", "runs/"+id+"/epochs/9/frames/stranger", "", bytes.NewReader(raw([]string{"s0", "zzz"}, 1, []float32{1, 2}))))
	for _, r := range []struct {
		name, method, path, body string
		at                       map[string]any
	}{
		{"long id", "POST", "samples", `{"samples": [{"id": "a"}, {"id": "` + long + `"}]}`, at("id", "", 1, "")},
		{"no id", "POST", "samples", `{"samples": [{"id": "a"}, {"id": null}]}`, at("id", "", 1, "")},
		{"id that is a list", "POST", "samples", `{"samples": [{"id": "a"}, {"id": ["b"]}]}`, at("id", "", 1, "")},
		{"id twice", "POST", "samples", `{"samples": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}`, at("id", "", 2, "a")},
		{"long label", "POST", "samples", sample(`"label": "` + long + `"`), at("label", "", 1, "b")},
		{"label that is an object", "POST", "samples", sample(`"label": {"a": 1}`), at("label", "", 1, "b")},
		{"label with NUL", "POST", "samples", sample(`"label": "a\u0000"`), at("label", "", 1, "b")},
		{"another label than before", "POST", "samples", `{"samples": [{"id": "new"}, {"id": "s1", "label": "other"}]}`, at("label", "", 1, "s1")},
		{"long metadata", "POST", "samples", sample(`"metadata": {"a": "` + strings.Repeat("x", 70_000) + `"}`), at("metadata", "", 1, "b")},
		{"metadata that are a list", "POST", "samples", sample(`"metadata": [1]`), at("metadata", "", 1, "b")},
		{"picture that is no PNG", "POST", "samples", sample(`"thumbnail": "AAAA"`), at("thumbnail", "", 1, "b")},
		{"picture that is no base64", "POST", "samples", sample(`"thumbnail": "%"`), at("thumbnail", "", 1, "b")},
		{"picture that is a number", "POST", "samples", sample(`"thumbnail": 7`), at("thumbnail", "", 1, "b")},
		{"unknown field", "POST", "samples", sample(`"lable": "x"`), at("", "", 1, "")},
		{"long prediction", "POST", "epochs/1", `{"outputs": {"predictions": ["a", "b", "` + long + `"]}}`, at("prediction", "", 2, "s2")},
		{"long prediction of a sample that is named", "POST", "epochs/1", `{"outputs": {"ids": ["s2", "s0"], "predictions": ["a", "` + long + `"]}}`, at("prediction", "", 1, "s0")},
		{"prediction that is a list", "POST", "epochs/1", `{"outputs": {"predictions": ["a", ["b"], "c"]}}`, at("prediction", "", 1, "s1")},
		{"prediction with NUL", "POST", "epochs/1", `{"outputs": {"predictions": ["a", "b\u0000", "c"]}}`, at("prediction", "", 1, "s1")},
		{"loss that is a word", "POST", "epochs/1", `{"outputs": {"losses": [1, "high", 3]}}`, at("loss", "", 1, "s1")},
		{"confidence that is a list", "POST", "epochs/1", `{"outputs": {"confidences": [1, 2, []]}}`, at("confidence", "", 2, "s2")},
		{"unknown id of outputs", "POST", "epochs/1", `{"outputs": {"ids": ["s2", "s9"], "losses": [1, 2]}}`, at("id", "", 1, "s9")},
		{"metric of an epoch that is a word", "POST", "epochs/1", `{"metrics": {"loss": 1, "acc": "high"}}`, at("metric", "acc", 0, "")},
		{"metric with a long name", "POST", "metrics", `{"metrics": [{"step": 1, "values": {"a": 1}}, {"step": 2, "values": {"` + long + `": 1, "b": 2}}]}`, at("metric", long, 1, "")},
		{"metric that is null", "POST", "metrics", `{"metrics": [{"step": 1, "values": {"a": 1}}, {"step": 2, "values": {"b": null}}]}`, at("metric", "b", 1, "")},
		{"metric with NUL in its name", "POST", "metrics", `{"metrics": [{"step": 1, "values": {}}, {"step": 2, "values": {"b\u0000": 1}}]}`, at("metric", "b\x00", 1, "")},
		{"step below 0", "POST", "metrics", `{"metrics": [{"step": 1, "values": {}}, {"step": -1, "values": {}}]}`, at("step", "", 1, "")},
		{"no step", "POST", "metrics", `{"metrics": [{"step": 1, "values": {}}, {"values": {}}]}`, at("step", "", 1, "")},
		{"half a step", "POST", "metrics", `{"metrics": [{"step": 1, "values": {}}, {"step": 1.5, "values": {}}]}`, at("step", "", 1, "")},
		{"NaN in a frame", "PUT", "epochs/1/frames/fc1", string(npyOf(t, 3, 2, nan)), at("vector", "fc1", 1, "s1")},
		{"NaN in a frame that names its samples", "PUT", "epochs/1/frames/fc1", string(raw([]string{"s2", "s0", "s1"}, 2, nan)), at("vector", "fc1", 1, "s0")},
		{"id of a frame that is a list", "PUT", "epochs/1/frames/fc1", "ZFR1\x22\x00\x00\x00" + `{"rows":2,"dim":1,"ids":["a",[]]} `, at("id", "", 1, "")},
		{"unknown id of a frame", "POST", "epochs/9", `{"layers": ["late", "stranger"]}`, at("id", "stranger", 1, "zzz")},
	} {
		t.Run(r.name, func(t *testing.T) {
			kind := "application/json"
			if r.method == "PUT" {
				kind = ""
			}
			w := c.Send(r.method, "runs/"+id+"/"+r.path, kind, strings.NewReader(r.body))
			answer := c.Expect(400, w)
			if !reflect.DeepEqual(answer["at"], any(r.at)) {
				t.Errorf("answer %s: at is %v, want %v", w.Body, answer["at"], r.at)
			}
		})
	}
	if info, err := c.Store.Run(t.Context(), id); err != nil || info.Samples != 3 || info.Epochs != 0 {
		t.Errorf("the run has %d samples and %d epochs, %v", info.Samples, info.Epochs, err)
	}
}

// TestTexts sends every value of the table of package value that JSON can say as an id, a label and a prediction.
func TestTexts(t *testing.T) {
	b, err := os.ReadFile("../../internal/value/testdata/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []struct{ Type, Value, Text, Refused string }
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, newStore(t), ingest.Options{})
	sent := 0
	for _, row := range table {
		value := row.Value
		switch row.Type {
		case "json":
		case "text":
			value = fmt.Sprintf("%q", value)
		default:
			continue
		}
		sent++
		id := c.Do(201, "POST", "runs", `{}`)["id"].(string)
		c.Do(200, "POST", "runs/"+id+"/samples", `{"samples": [{"id": "first"}]}`)
		name := value
		if row.Text == "" {
			name = `"no id"`
		}
		answers := []*httptest.ResponseRecorder{
			c.Send("POST", "runs/"+id+"/samples", "application/json", strings.NewReader(fmt.Sprintf(`{"samples": [{"id": %s, "label": %s}]}`, name, value))),
			c.Send("POST", "runs/"+id+"/epochs/1", "application/json", strings.NewReader(fmt.Sprintf(`{"outputs": {"ids": ["first"], "predictions": [%s]}}`, value))),
		}
		for _, w := range answers {
			if row.Refused != "" && (w.Code != 400 || !strings.Contains(w.Body.String(), row.Refused)) || row.Refused == "" && w.Code != 200 {
				t.Errorf("%s: answer %d %s", value, w.Code, w.Body)
			}
		}
		if row.Refused != "" {
			continue
		}
		samples, err := c.Store.Samples(t.Context(), id)
		if err != nil || len(samples) != 2 || samples[1].Label != row.Text || row.Text != "" && samples[1].ID != row.Text {
			t.Errorf("%s: the samples are %v, %v, want id and label %q", value, samples, err, row.Text)
		}
		if o, err := c.Store.Outputs(t.Context(), id, 1); err != nil || row.Text != "" && !slices.Equal(o.Predictions, []string{row.Text}) {
			t.Errorf("%s: the predictions are %q, %v, want %q", value, o.Predictions, err, row.Text)
		}
	}
	if sent < 25 {
		t.Errorf("the table has %d values of JSON", sent)
	}
}
