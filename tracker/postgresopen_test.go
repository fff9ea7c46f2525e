package tracker

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
)

const secret = "s3cr3t/%41?x"

// with returns the address with another role, password, host, database or query.
func with(t testing.TB, address string, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

func as(role, password string) func(u *url.URL) {
	return func(u *url.URL) { u.User = url.UserPassword(role, password) }
}

func TestOpenPostgresRefuses(t *testing.T) {
	postgresOnly(t)
	ctx := context.Background()
	server := pgtest.Current
	exec := func(statements string) {
		t.Helper()
		if err := server.Exec("postgres", statements); err != nil {
			t.Fatal(err)
		}
	}
	schema := func(address string) string { return address[strings.LastIndex(address, "%3D")+3:] }

	empty := pgtest.Current.Address(t)
	newer := newStore(t)
	if _, err := writer(newer).Exec("INSERT INTO migration VALUES (999, '0999_future', 0)"); err != nil {
		t.Fatal(err)
	}
	older := pgtest.Current.Address(t)
	migrateTo(t, older, 1)
	foreign, other := pgtest.Current.Address(t), pgtest.Current.Address(t)
	exec("CREATE TABLE " + schema(foreign) + ".run (id INTEGER); CREATE TABLE " + schema(other) + ".migration (version TEXT)")
	store := newStore(t)
	exec("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA " + schema(store.Path()) + " TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA " + schema(store.Path()) + " TO reader")
	exec("CREATE ROLE stranger LOGIN; GRANT USAGE ON SCHEMA " + schema(empty) + " TO stranger")
	exec("CREATE ROLE locked LOGIN PASSWORD 'right'")
	t.Cleanup(func() { exec("DROP OWNED BY reader, stranger; DROP ROLE reader, stranger, locked") })
	if err := server.RequirePassword("locked"); err != nil {
		t.Fatal(err)
	}
	port, err := pgtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name, address string
		o             OpenOptions
		is            error
		want          string
	}{
		{"no store", empty, OpenOptions{}, ErrNoStore, "no store at postgres://zoetrope@127.0.0.1"},
		{"no store, read-only", empty, OpenOptions{ReadOnly: true, Create: true}, ErrNoStore, "a training that logs there makes one"},
		{"no database", with(t, empty, func(u *url.URL) { u.Path = "/none" }), OpenOptions{Create: true}, ErrNoStore, `has no database "none": make it with createdb -h 127.0.0.1 -p`},
		{"no schema", with(t, empty, func(u *url.URL) { u.RawQuery = "search_path=none" }), OpenOptions{Create: true}, ErrNoStore, "CREATE SCHEMA"},
		{"newer", newer.Path(), OpenOptions{}, ErrNewerSchema, "has schema 999, and this version reads up to"},
		{"older, read-only", older, OpenOptions{ReadOnly: true}, ErrOlderSchema, "open it once for writing, which upgrades it"},
		{"another's tables", foreign, OpenOptions{Create: true}, ErrNotAStore, "tables of something else"},
		{"another's migrations", other, OpenOptions{Create: true}, ErrNotAStore, "not a store's"},
		{"no role", with(t, empty, as("nobody", secret)), OpenOptions{}, ErrDenied, `refuses role "nobody"`},
		{"wrong password", with(t, store.Path(), as("locked", secret)), OpenOptions{}, ErrDenied, `refuses role "locked": wrong or missing password`},
		{"no password", with(t, store.Path(), func(u *url.URL) { u.User = url.User("locked") }), OpenOptions{}, ErrDenied, "$PGPASSWORD"},
		{"no right to read", with(t, store.Path(), as("stranger", secret)), OpenOptions{}, ErrNoStore, "no store"},
		{"no right to make", with(t, empty, as("stranger", secret)), OpenOptions{Create: true}, ErrDenied, `role "stranger" lacks a right: permission denied for schema`},
		{"server away", fmt.Sprintf("postgres://zoetrope:%s@127.0.0.1:%d/x", url.QueryEscape(secret), port), OpenOptions{}, ErrUnreachable, "cannot be reached: connect: connection refused"},
		{"no such host", "postgres://zoetrope@store.invalid/x", OpenOptions{}, ErrUnreachable, "cannot be reached"},
		{"not a URL", "postgres://zoetrope:" + secret + "@127.0.0.1/%zz", OpenOptions{}, ErrNotAStore, "cannot be read: write postgres://user@host:5432/database"},
		{"wrong port", "postgres://zoetrope:s3cr3t@127.0.0.1:port/x", OpenOptions{}, ErrNotAStore, "cannot be read"},
		{"wrong option", "postgres://zoetrope:s3cr3t@127.0.0.1/x?sslmode=perhaps", OpenOptions{}, ErrNotAStore, "cannot be read"},
		{"slash in the password", "postgres://zoetrope:12/s3cr3t@127.0.0.1/x", OpenOptions{}, ErrNotAStore, "cannot be read"},
		{"question mark in the password", "postgres://zoetrope:12?s3cr3t@127.0.0.1/x", OpenOptions{}, ErrNotAStore, "cannot be read"},
		{"another server", "mysql://zoetrope:s3cr3t@127.0.0.1/x", OpenOptions{}, ErrNotAStore, "mysql:// addresses are not supported"},
	} {
		t.Run(test.name, func(t *testing.T) {
			begun := time.Now()
			s, err := Open(ctx, test.address, test.o)
			if s != nil || !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("Open = %v, want %v with %q", err, test.is, test.want)
			}
			t.Log(err)
			for ; err != nil; err = errors.Unwrap(err) {
				if strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), url.QueryEscape(secret)) {
					t.Errorf("the error tells the password: %v", err)
				}
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("Open took %v to refuse", took)
			}
		})
	}

	s, err := Open(ctx, with(t, store.Path(), as("reader", secret)), OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if strings.Contains(s.Path(), "s3cr3t") {
		t.Errorf("Path tells the password: %s", s.Path())
	}
	if runs, err := s.Runs(ctx); len(runs) != 0 || err != nil {
		t.Errorf("Runs with a role that may only read = %v, %v", runs, err)
	}
	_, err = s.Start(ctx, RunConfig{})
	if !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), `role "reader" lacks a right: permission denied for table clock`) {
		t.Errorf("Start with a role that may only read = %v", err)
	}
	s, err = Open(ctx, with(t, store.Path(), func(u *url.URL) {
		q := u.Query()
		q.Set("default_transaction_read_only", "on")
		u.RawQuery = q.Encode()
	}), OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err = s.Start(ctx, RunConfig{}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Start on a server that is read-only = %v", err)
	}
}
