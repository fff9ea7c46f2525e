package access_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/zoetrope-ml/zoetrope/server/access"
)

func TestPermissions(t *testing.T) {
	g := newGuard(t, access.Options{Tokens: tokens(t)})
	for _, c := range []struct {
		method, auth string
		status       int
		code         string
	}{
		{"GET", "", 401, "no_token"},
		{"POST", "", 401, "no_token"},
		{"GET", "Bearer " + reader, 200, ""},
		{"GET", "bearer  " + reader + " ", 200, ""},
		{"HEAD", "Bearer " + reader, 200, ""},
		{"POST", "Bearer " + reader, 403, "not_permitted"},
		{"PUT", "Bearer " + reader, 403, "not_permitted"},
		{"DELETE", "Bearer " + reader, 403, "not_permitted"},
		{"OPTIONS", "Bearer " + reader, 403, "not_permitted"},
		{"GET", "Bearer " + logger, 403, "not_permitted"},
		{"POST", "Bearer " + logger, 200, ""},
		{"PATCH", "Bearer " + both, 200, ""},
		{"GET", "Bearer " + both, 200, ""},
		{"GET", "Bearer " + both + "x", 401, "wrong_token"},
		{"GET", "Bearer " + both[1:], 401, "wrong_token"},
		{"GET", "Bearer", 401, "wrong_token"},
		{"GET", "Basic " + both, 401, "no_token"},
		{"GET", both, 401, "no_token"},
	} {
		t.Run(c.method+" "+c.auth, func(t *testing.T) {
			var headers []string
			if c.auth != "" {
				headers = []string{"Authorization", c.auth}
			}
			w := ask(g, c.method, "/api/v1/runs", "", headers...)
			if w.Code != c.status || code(w) != c.code {
				t.Errorf("answer %d %s, want %d %s", w.Code, w.Body, c.status, c.code)
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
}

func TestReadTokens(t *testing.T) {
	write := func(text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "tokens")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	list, err := access.ReadTokens(write("# team\n\nread "+reader+"\n  read,log\t"+both+"  \n", 0o640))
	if err != nil || len(list) != 2 || list[0].Permits != access.Read || list[1].Permits.String() != "read,log" {
		t.Errorf("%v, %v", list, err)
	}
	for _, c := range []struct {
		text string
		mode os.FileMode
		says string
	}{
		{"", 0o600, "holds no token"},
		{"# nothing", 0o600, "holds no token"},
		{"read", 0o600, "line 1: want permissions and a token"},
		{"read a b", 0o600, "line 1"},
		{"\n\nwrite " + both, 0o600, "line 3: the permissions are none"},
		{"read,, " + both, 0o600, "line 1"},
		{"read 0123456789abcde", 0o600, "has 15 characters, and could be guessed"},
		{"read " + strings.Repeat("x", 600), 0o600, "600 characters"},
		{"read 0123456789abcdeé", 0o600, "header"},
		{"read " + both + "\nlog " + both, 0o600, "line 2: the token is in the file twice"},
		{"read " + both, 0o604, "chmod 600"},
		{"read " + both, 0o602, "chmod 600"},
	} {
		if runtime.GOOS == "windows" && strings.Contains(c.says, "chmod") {
			continue
		}
		_, err := access.ReadTokens(write(c.text, c.mode))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q, mode %o: %v, want %q", c.text, c.mode, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "0123456789abcd") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	if _, err := access.ReadTokens(t.TempDir()); err == nil {
		t.Error("a folder is read")
	}
	if _, err := access.ReadTokens(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there is read")
	}
}
