package servertest

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// ReadDocument reads an OpenAPI file.
func ReadDocument(t testing.TB, path string) *Document {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &Document{t: t}
	if err := json.Unmarshal(b, &d.root); err != nil {
		t.Fatal(err)
	}
	return d
}

// Operations returns all operations by method and path, as "GET /api/v1/runs".
func (d *Document) Operations() map[string]map[string]any {
	all := map[string]map[string]any{}
	for path, item := range d.root["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			if method != "parameters" {
				all[strings.ToUpper(method)+" /api/v1"+path] = op.(map[string]any)
			}
		}
	}
	return all
}

// Example returns the example of an operation's body, which must be as the file says itself.
func (d *Document) Example(op map[string]any, route string) []byte {
	d.t.Helper()
	body, ok := op["requestBody"].(map[string]any)
	if !ok {
		return nil
	}
	content, ok := body["content"].(map[string]any)["application/json"].(map[string]any)
	if !ok {
		return nil
	}
	if why := d.check(content["schema"].(map[string]any), content["example"], "the example"); why != "" {
		d.t.Errorf("%s: %s", route, why)
	}
	b, err := json.Marshal(content["example"])
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

// Hold holds an answer against what the file says of it, and returns it if it is a JSON object.
func (d *Document) Hold(op map[string]any, route string, w *httptest.ResponseRecorder, want int) map[string]any {
	d.t.Helper()
	if w.Code != want {
		d.t.Fatalf("%s: answer %d %.200s, want %d", route, w.Code, w.Body, want)
	}
	response, ok := op["responses"].(map[string]any)[fmt.Sprint(want)].(map[string]any)
	if !ok {
		d.t.Fatalf("%s: the file has no answer %d", route, want)
	}
	if response = d.resolve(response); response["content"] == nil {
		if w.Body.Len() > 0 {
			d.t.Errorf("%s: answer %d with %.200s, and the file has none", route, want, w.Body)
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if err != nil {
		d.t.Fatalf("%s: %v", route, err)
	}
	content, ok := response["content"].(map[string]any)[kind].(map[string]any)
	if !ok {
		d.t.Fatalf("%s: the file has no answer of type %s", route, kind)
	}
	schema, ok := content["schema"].(map[string]any)
	if !ok {
		return nil
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		d.t.Fatalf("%s: %v", route, err)
	}
	if why := d.check(schema, v, "the answer"); why != "" {
		d.t.Errorf("%s: %s", route, why)
	}
	object, _ := v.(map[string]any)
	return object
}

// OnePixel is a PNG image, in base64.
const OnePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
