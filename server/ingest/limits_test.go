package ingest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/ingest"
	"github.com/zoetrope-ml/zoetrope/server/internal/servertest"
)

// TestLimits asks for the limits, and sends for each of them what is just within it, which is taken, and what is just
// beyond, which is refused. A limit that is announced and has no case here fails.
func TestLimits(t *testing.T) {
	c := newClient(t, newStore(t), ingest.Options{MaxFrame: 1 << 20})
	limits := c.Do(200, "GET", "limits", "")
	id := c.Start("r", 3)
	told := c.Do(200, "POST", "runs", `{"experiment": "mnist", "name": "r", "resume": "must"}`)["limits"].(map[string]any)

	fresh := 0
	another := func() int { fresh++; return fresh }
	post := func(path, format string, args ...any) *httptest.ResponseRecorder {
		return c.Send("POST", path, "application/json", strings.NewReader(fmt.Sprintf(format, args...)))
	}
	text := func(n int) string { return strings.Repeat("é", n/2) + strings.Repeat("x", n%2) }
	name := func(n int) string { // another one each time
		s := fmt.Sprint(another(), " ")
		return s + text(n-len(s))
	}
	list := func(n int, element string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
	}
	header := func(n int) string {
		return string(binary.LittleEndian.AppendUint32([]byte("ZFR1"), uint32(n)))
	}
	put := func(c *servertest.Client, run, layer, query, body string) *httptest.ResponseRecorder {
		return c.Send("PUT", fmt.Sprintf("runs/%s/epochs/1/frames/%s%s", run, layer, query), "", strings.NewReader(body))
	}
	sample := func(format string, args ...any) *httptest.ResponseRecorder {
		return post("runs/"+id+"/samples", `{"samples": [{"id": "sample %d", %s}]}`, another(), fmt.Sprintf(format, args...))
	}
	png, err := base64.StdEncoding.DecodeString(servertest.OnePixel)
	if err != nil {
		t.Fatal(err)
	}
	for field, send := range map[string]func(n int) *httptest.ResponseRecorder{
		"json_bytes": func(n int) *httptest.ResponseRecorder {
			body := `{"metrics": []}`
			return post("runs/"+id+"/metrics", "%s", body+strings.Repeat(" ", n-len(body)))
		},
		"samples": func(n int) *httptest.ResponseRecorder {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, `,{"id":"%d"}`, i)
			}
			run := c.Do(201, "POST", "runs", `{}`)["id"].(string)
			return post("runs/"+run+"/samples", `{"samples": [%s]}`, b.String()[1:])
		},
		"steps": func(n int) *httptest.ResponseRecorder {
			return post("runs/"+id+"/metrics", `{"metrics": %s}`, list(n, `{"step": 1, "values": {}}`))
		},
		"frame_bytes": func(n int) *httptest.ResponseRecorder {
			run := c.Start(name(20), 4)
			rows := 4
			for n%(4*rows) != 0 { // one byte beyond is a float beyond
				n++
			}
			return put(c, run, "a", "", string(raw(nil, n/4/rows, servertest.Vectors(rows, n/4/rows, 0))))
		},
		"frame_header_bytes": func(n int) *httptest.ResponseRecorder {
			text := `{"rows": 1, "dim": 1, "ids": ["s0"]}`
			return put(c, id, "header", "", header(n)+text+strings.Repeat(" ", n-len(text))+"\x00\x00\x80\x3f")
		},
		"parts": func(n int) *httptest.ResponseRecorder {
			return put(c, id, "part", fmt.Sprintf("?part=%d", n-1), string(raw([]string{"s0"}, 1, []float32{1})))
		},
		"columns": func(n int) *httptest.ResponseRecorder {
			return put(c, id, fmt.Sprint("column", n), "", string(raw([]string{"s0"}, n, make([]float32, n))))
		},
		"layers": func(n int) *httptest.ResponseRecorder {
			var names []string
			for i := range n {
				names = append(names, fmt.Sprintf("%q", fmt.Sprint("layer", i)))
				c.Expect(202, put(c, id, fmt.Sprint("layer", i), "", string(raw([]string{"s0"}, 1, []float32{1}))))
			}
			return post("runs/"+id+"/epochs/1", `{"layers": [%s]}`, strings.Join(names, ","))
		},
		"key_bytes": func(n int) *httptest.ResponseRecorder {
			return c.Send("POST", "runs/"+id+"/metrics", "application/json", strings.NewReader(`{"metrics": []}`), "Idempotency-Key", strings.Repeat("k", n))
		},
		"memory_bytes": func(n int) *httptest.ResponseRecorder {
			// As many bytes as memory has, and 1 KiB for what a frame is besides; a run of its own server.
			small := newClient(t, newStore(t), ingest.Options{MaxFrame: 1 << 20, MaxMemory: 1 << 20})
			if got := small.Do(200, "GET", "limits", "")["memory_bytes"]; got != float64(1<<20) {
				t.Errorf("memory_bytes of 1 MiB is %v", got)
			}
			columns := (1<<20 - 1<<10) / 4 / 4
			if float64(n) > limits["memory_bytes"].(float64) {
				columns++
			}
			return put(small, small.Start("r", 4), "a", "", string(raw(nil, columns, make([]float32, 4*columns))))
		},
		"name_bytes": func(n int) *httptest.ResponseRecorder { return post("runs", `{"name": %q}`, name(n)) },
		"tags": func(n int) *httptest.ResponseRecorder {
			var tags []string
			for i := range n {
				tags = append(tags, fmt.Sprintf(`"%d"`, i))
			}
			return post("runs", `{"tags": [%s]}`, strings.Join(tags, ","))
		},
		"notes_bytes": func(n int) *httptest.ResponseRecorder { return post("runs", `{"notes": %q}`, text(n)) },
		"params_bytes": func(n int) *httptest.ResponseRecorder {
			return post("runs", `{"params": {"a":%q}}`, text(n-len(`{"a":""}`)))
		},
		"thumbnail_pixels": func(n int) *httptest.ResponseRecorder {
			wide := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), uint32(n))
			wide = binary.BigEndian.AppendUint32(wide, 1)
			return sample(`"thumbnail": %q`, base64.StdEncoding.EncodeToString(wide))
		},
		"id_bytes": func(n int) *httptest.ResponseRecorder {
			return post("runs/"+id+"/samples", `{"samples": [{"id": %q}]}`, name(n))
		},
		"label_bytes":    func(n int) *httptest.ResponseRecorder { return sample(`"label": %q`, text(n)) },
		"metadata_bytes": func(n int) *httptest.ResponseRecorder { return sample(`"metadata": {"a":%q}`, text(n-len(`{"a":""}`))) },
		"thumbnail_bytes": func(n int) *httptest.ResponseRecorder {
			return sample(`"thumbnail": %q`, base64.StdEncoding.EncodeToString(append(bytes.Clone(png), make([]byte, n-len(png))...)))
		},
		"prediction_bytes": func(n int) *httptest.ResponseRecorder {
			return post("runs/"+id+"/epochs/2", `{"outputs": {"ids": ["s0"], "predictions": [%q]}}`, text(n))
		},
		"layer_bytes": func(n int) *httptest.ResponseRecorder {
			return put(c, id, strings.Repeat("x", n), "", string(raw([]string{"s0"}, 1, []float32{1})))
		},
		"metric_bytes": func(n int) *httptest.ResponseRecorder {
			return post("runs/"+id+"/metrics", `{"metrics": [{"step": 1, "values": {%q: 1}}]}`, text(n))
		},
		"cause_bytes": func(n int) *httptest.ResponseRecorder {
			return post("runs/"+c.Do(201, "POST", "runs", `{}`)["id"].(string)+"/fail", `{"cause": %q}`, text(n))
		},
		"epoch": func(n int) *httptest.ResponseRecorder {
			return post(fmt.Sprintf("runs/%s/epochs/%d", id, n), `{"metrics": {"a": 1}}`)
		},
		"step": func(n int) *httptest.ResponseRecorder {
			return post("runs/"+id+"/metrics", `{"metrics": [{"step": %d, "values": {"a": 1}}]}`, n)
		},
	} {
		limit, known := limits[field].(float64)
		if !known {
			t.Errorf("there is no limit %s", field)
			continue
		}
		if told[field] != limit {
			t.Errorf("GET limits says %s %v, and resuming a run %v", field, limit, told[field])
		}
		delete(limits, field)
		t.Run(field, func(t *testing.T) {
			limits[field] = limit
			defer delete(limits, field)
			if w := send(int(limit)); w.Code >= 300 {
				t.Errorf("at the limit, %v: answer %d %.300s", limit, w.Code, w.Body)
			}
			if w := send(int(limit) + 1); w.Code != 400 && w.Code != 413 {
				t.Errorf("beyond the limit, %v: answer %d %.300s", limit, w.Code, w.Body)
			}
		})
	}
	for field := range limits {
		t.Errorf("%s is announced and not tested", field)
	}
}
