package interchange

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/interchange/internal/embedding"
)

// TestProjectorLines reads metadata.tsv as programs leave it: an empty line at its end is no row, unless a sample needs it.
func TestProjectorLines(t *testing.T) {
	for _, test := range []struct{ name, metadata, want string }{
		{"as it should be", "ant\nbee\ncat\n", "ant|bee|cat"},
		{"an empty last line", "ant\nbee\ncat\n\n", "ant|bee|cat"},
		{"empty last lines, several columns", "label\tk\nant\t1\nbee\t2\ncat\t3\n\n\r\n", "ant|bee|cat"},
		{"an empty row at the end", "label\tk\nant\t1\nbee\t2\ncat\t3\n\t\n", "ant|bee|cat"},
		{"an empty label", "ant\n\ncat\n", "ant||cat"},
		{"an empty first label", "\nbee\ncat\n", "|bee|cat"},
		{"an empty last label", "ant\nbee\n\n\n", "ant|bee|"},
		{"CR", "ant\rbee\rcat\r", "ant|bee|cat"},
		{"UTF-16", utf16Bytes("ant\nbee\ncat\n", false), "ant|bee|cat"},
		{"the first column", "name\tk\n1.10\t1\n1.2\t2\n007\t3\n", "1.10|1.2|007"},
		{"a column without a name", "\tname\n0\tant\n1\tbee\n2\tcat\n", "ant|bee|cat"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range map[string]string{
				embedding.ConfigName: "embeddings { tensor_name: 'a' tensor_path: 't.tsv' metadata_path: 'm.tsv' }", "t.tsv": "\ufeff1\t2\r3\t4\r5\t6\r\r", "m.tsv": test.metadata,
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if got := strings.Join(read(t, dir, Options{}).samples.Labels, "|"); got != test.want {
				t.Errorf("labels %s, want %s", got, test.want)
			}
		})
	}
}
