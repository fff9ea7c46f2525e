package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	data, db := writeDigits(t, 20, 12), filepath.Join(t.TempDir(), "a.db")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out output
	status := 0
	out.watch("until Ctrl-C", func() {
		defer cancel()
		first, _, _ := strings.Cut(out.String(), "\n")
		response, err := http.Get(strings.TrimPrefix(first, "watch at "))
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		status = response.StatusCode
	})
	err := run(ctx, append(quick(data, db, "-epochs", "1"), "-serve", "-addr", "127.0.0.1:0"), &out, io.Discard)
	if err != nil || status != http.StatusOK {
		t.Errorf("run = %v, the page answers %d, want 200\n%s", err, status, out.String())
	}
}

func TestAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	db := filepath.Join(t.TempDir(), "a.db")
	_, err = try(t.Context(), "-data", writeDigits(t, 4, 4), "-db", db, "-addr", addr)
	if err == nil || !strings.Contains(err.Error(), "-addr "+addr+" is taken") {
		t.Errorf("a taken address: %v", err)
	}
	if _, err := os.Stat(db); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a taken address left a store")
	}
	moved, err := listenAt(t.Context(), addr, true)
	if err != nil {
		t.Fatal(err)
	}
	defer moved.Close()
	if moved.Addr().String() == addr {
		t.Error("two listeners at one address")
	}
}

func TestOpener(t *testing.T) {
	for system, want := range map[string]string{"linux": "xdg-open U", "darwin": "open U", "windows": "rundll32 url.dll,FileProtocolHandler U"} {
		if got := strings.Join(opener(system, "U"), " "); got != want {
			t.Errorf("%s: %q, want %q", system, got, want)
		}
	}
}
