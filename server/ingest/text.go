package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/zoetrope-ml/zoetrope/server/internal/httpjson"
	"github.com/zoetrope-ml/zoetrope/tracker"
)

// A text is a label, an id or a prediction as JSON: text, or a number or truth value, whose text is that of [tracker.Text].
// null is empty.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(b []byte) error {
	if err := httpjson.CheckUnicode(b, ""); err != nil {
		return err
	}
	if b[0] == '"' { // as nearly always
		return json.Unmarshal(b, (*string)(t))
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	s, err := tracker.Text(v)
	if err != nil {
		return httpjson.Invalid("%v", err)
	}
	*t = text(s)
	return nil
}

// readText reads a text that a request may leave out.
func readText(what string, raw json.RawMessage) (string, error) {
	var t text
	if len(raw) > 0 {
		if err := t.UnmarshalJSON(raw); err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
	}
	return string(t), checkText(what, string(t))
}

// texts are as package tracker takes them.
func texts(list []text) []string {
	if list == nil {
		return nil
	}
	plain := make([]string, len(list))
	for i, t := range list {
		plain[i] = string(t)
	}
	return plain
}
