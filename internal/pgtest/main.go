package pgtest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// Current is the server that holds the stores of the running tests; nil: they are in SQLite files.
var Current *Server

// Main runs a package's tests twice: with stores in SQLite files, then with stores on a PostgreSQL server, where only those
// tests run whose names match the pattern, "" for all. $ZOETROPE_TEST_ENGINE, sqlite or postgres, runs them once. Without a
// server the second run is skipped, which is a failure where ZOETROPE_REQUIRE_ALL is 1.
func Main(m *testing.M, pattern string) int {
	flag.Parse()
	given := func(name string) bool { return flag.Lookup(name).Value.String() != "" }
	only, code := os.Getenv("ZOETROPE_TEST_ENGINE"), 0
	if only != "postgres" {
		code = m.Run()
	}
	if code != 0 || only == "sqlite" || only == "" && (given("test.fuzz") || given("test.list") || given("test.bench")) {
		return code
	}
	server, err := Start()
	switch {
	case errors.Is(err, ErrMissing) && os.Getenv("ZOETROPE_REQUIRE_ALL") != "1":
		fmt.Println("SKIPPED: the tests on PostgreSQL:", err)
		return code
	case err != nil:
		fmt.Println("FAIL: the tests on PostgreSQL:", err)
		return 1
	}
	defer server.Stop()
	if !given("test.run") {
		flag.Set("test.run", pattern)
	}
	fmt.Println("once more, on PostgreSQL")
	Current = server
	return m.Run()
}

// Need starts a server for one test, which it skips where there is none; where ZOETROPE_REQUIRE_ALL is 1, that is a failure.
func Need(t testing.TB) *Server {
	t.Helper()
	server, err := Start()
	switch {
	case errors.Is(err, ErrMissing) && os.Getenv("ZOETROPE_REQUIRE_ALL") != "1":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

var count atomic.Int64

// Store returns where a test can make a store, on the database that is being tested: a path in a temporary folder, or the
// address of an empty schema.
func Store(t testing.TB) string {
	t.Helper()
	if Current == nil {
		return filepath.Join(t.TempDir(), "zoetrope.db")
	}
	return Current.Address(t)
}

// Address returns the address of an empty schema of the test's own. It takes a hundredth of a second, where a database of
// its own would take a third of one.
func (s *Server) Address(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", count.Add(1))
	if err := s.Exec("postgres", "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	return s.URL("postgres") + "?options=-csearch_path%3D" + name // libpq takes it in this form, too
}
