package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/tracker"
)

const secret = "0123456789abcdef0123456789abcdef"

// A served store is zoetrope serve, running in the test's process.
type served struct {
	t    *testing.T
	url  string
	stop func() (status int, stderr string) // Ctrl-C
}

// startServer runs zoetrope serve on a free port, with a store of its own unless args name one.
func startServer(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	var stderr bytes.Buffer
	done := make(chan int, 1)
	go func() {
		status := run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0", "--json"}, args...), in, &stderr)
		in.Close()
		done <- status
	}()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		cancel()
		t.Fatalf("serve ends with %d: %s", <-done, &stderr)
	}
	var said struct{ URL string }
	if err := json.Unmarshal(line, &said); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop := func() (int, string) {
		ended = true
		cancel()
		return <-done, stderr.String()
	}
	t.Cleanup(func() {
		if !ended {
			stop()
		}
	})
	return &served{t, said.URL, stop}
}

// ask sends a request, as with curl, and returns the status and the body.
func (s *served) ask(method, path, body string, headers ...string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServeWithTokens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("read,log "+secret+"\nread reader-"+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "new.db")
	s := startServer(t, "--db", db, "--create", "--token-file", file, "--base-path", "/lab/")
	if !strings.HasSuffix(s.url, "/lab/") {
		t.Errorf("the address is %s", s.url)
	}
	if status, body := s.ask("GET", "api/v1/runs", ""); status != 401 || !strings.Contains(body, "no_token") {
		t.Errorf("without a token = %d %s", status, body)
	}
	if status, body := s.ask("GET", "", ""); status != 401 || !strings.Contains(body, "<form") {
		t.Errorf("the page without a token = %d %s", status, body)
	}
	if status, body := s.ask("POST", "api/v1/runs", `{"name": "r"}`, "Authorization", "Bearer reader-"+secret); status != 403 || !strings.Contains(body, "not_permitted") {
		t.Errorf("logging with a reader's token = %d %s", status, body)
	}
	if status, body := s.ask("POST", "api/v1/runs", `{"name": "r"}`, "Authorization", "Bearer "+secret); status != 201 {
		t.Errorf("logging with a token = %d %s", status, body)
	}
	if status, body := s.ask("GET", "api/v1/runs/r", "", "Authorization", "Bearer reader-"+secret); status != 200 {
		t.Errorf("reading with a token = %d %s", status, body)
	}
	if status, stderr := s.stop(); status != 0 || strings.Contains(stderr, secret) {
		t.Errorf("serve ends with %d and says %s", status, stderr)
	}
}

func TestServeReadOnly(t *testing.T) {
	db := filepath.Join(t.TempDir(), "r.db")
	store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
	s := startServer(t, "--db", db, "--read-only")
	for _, path := range []string{"runs", "runs/r/metrics", "runs/r/finish"} {
		if status, body := s.ask("POST", "api/v1/"+path, `{}`); status != 405 || !strings.Contains(body, "only reads") {
			t.Errorf("POST %s = %d %s", path, status, body)
		}
	}
}

// TestServeFinishesRequests: a request that is running when Ctrl-C comes is answered, and its writes are stored.
func TestServeFinishesRequests(t *testing.T) {
	db := filepath.Join(t.TempDir(), "r.db")
	s := startServer(t, "--db", db, "--create")
	if status, body := s.ask("POST", "api/v1/runs", `{"name": "r"}`); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	body, in := io.Pipe()
	r, err := http.NewRequest("POST", s.url+"api/v1/runs/r/metrics", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answered := make(chan string, 1)
	go func() {
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		resp.Body.Close()
		answered <- resp.Status
	}()
	io.WriteString(in, `{"metrics": [{"step": 1, `)
	time.Sleep(100 * time.Millisecond)
	go func() {
		time.Sleep(200 * time.Millisecond)
		io.WriteString(in, `"values": {"loss": 0.5}}]}`)
		in.Close()
	}()
	if status, stderr := s.stop(); status != 0 {
		t.Errorf("serve ends with %d: %s", status, stderr)
	}
	if got := <-answered; got != "200 OK" {
		t.Errorf("the answer is %s", got)
	}
	store, err := tracker.Open(t.Context(), db, tracker.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if m, err := store.Metrics(t.Context(), "r"); err != nil || len(m) != 1 {
		t.Errorf("metrics = %v, %v", m, err)
	}
}

func TestServeRefuses(t *testing.T) {
	public := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(public, []byte("read "+secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(public, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, says string
		args       []string
	}{
		{"all addresses", "could be reached by other machines", []string{"--addr", ":8420"}},
		{"a public token file", "chmod 600", []string{"--token-file", public}},
		{"no token file", "no such file", []string{"--token-file", "/nowhere"}},
		{"any host without tokens", "needs tokens", []string{"--allow-host", "*"}},
		{"a host with a port", "without scheme, port or path", []string{"--allow-host", "lab:80"}},
		{"a proxy that is none", "want 10.0.0.7 or 10.0.0.0/24", []string{"--trusted-proxy", "lab"}},
		{"a base path that is none", "plain path from the root", []string{"--base-path", "lab"}},
		{"half of TLS", "give both", []string{"--tls-cert", "cert.pem"}},
		{"create and read-only", "contradict", []string{"--create", "--read-only"}},
	} {
		var stderr bytes.Buffer
		if status := run(t.Context(), append([]string{"serve"}, c.args...), io.Discard, &stderr); status != 2 || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%s: status %d, %s, want 2 and %q", c.name, status, &stderr, c.says)
		}
	}
}

// TestServeTLS: with a certificate, the answers are encrypted and the cookie goes back only so.
func TestServeTLS(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(dir, name)
		if kind != "" {
			b = pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := startServer(t, "--db", filepath.Join(dir, "r.db"), "--create", "--token-file", write("tokens", "", []byte("read,log "+secret)),
		"--tls-cert", write("cert.pem", "CERTIFICATE", cert), "--tls-key", write("key.pem", "PRIVATE KEY", private))
	if !strings.HasPrefix(s.url, "https://") {
		t.Errorf("the address is %s", s.url)
	}
	known := x509.NewCertPool()
	if !known.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})) {
		t.Fatal("no certificate")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	resp, err := client.Post(s.url+"api/v1/session", "application/json", strings.NewReader(`{"token": "`+secret+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if c := resp.Cookies(); resp.StatusCode != 200 || len(c) != 1 || !c[0].Secure || resp.ProtoMajor != 2 {
		t.Errorf("session = %s over HTTP/%d, %v", resp.Status, resp.ProtoMajor, c)
	}
	if resp, err := http.Get(strings.Replace(s.url, "https", "http", 1)); err == nil && resp.StatusCode < 400 {
		t.Errorf("without TLS = %s", resp.Status)
	}
}
