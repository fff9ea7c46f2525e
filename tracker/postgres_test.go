package tracker

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"testing"

	"github.com/zoetrope-ml/zoetrope/internal/pgtest"
	"github.com/zoetrope-ml/zoetrope/tracker/internal/database"
)

// postgresOnly skips a test of what only a server has.
func postgresOnly(t testing.TB) {
	t.Helper()
	if pgtest.Current == nil {
		t.Skip("is about PostgreSQL")
	}
}

// migrateTo makes a store of an old schema.
func migrateTo(t testing.TB, address string, number int) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := database.MigrateTo(context.Background(), address, db, number); err != nil {
		t.Fatal(err)
	}
}

// TestDurable holds that a commit waits for the disk also where the role's default is not to.
func TestDurable(t *testing.T) {
	postgresOnly(t)
	address := pgtest.Store(t)
	newStoreAt(t, address).Close()
	for _, setting := range []struct{ role, want string }{{"off", "on"}, {"on", "on"}, {"remote_apply", "remote_apply"}} {
		s := newStoreAt(t, address+"&synchronous_commit="+setting.role)
		if got := table(t, writer(s), "SELECT current_setting('synchronous_commit'), current_setting('idle_in_transaction_session_timeout')"); got != "[["+setting.want+" 1min]]" {
			t.Errorf("a writer whose default is %s has %s, want %s", setting.role, got, setting.want)
		}
		s.Close()
	}
}

func sqlFiles(t *testing.T, folder string) (list []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s has the files %v, %v", folder, paths, err)
	}
	for _, p := range paths {
		list = append(list, filepath.Base(p))
	}
	return list
}

// TestMigrationsAlike holds the migrations of the two engines against each other: the same files, and after each of them the
// same columns in the same tables and views.
func TestMigrationsAlike(t *testing.T) {
	postgresOnly(t)
	ctx := context.Background()
	const folder = "internal/database/migrations"
	lite, team := sqlFiles(t, folder), sqlFiles(t, folder+"/postgres")
	if !slices.Equal(lite, team) {
		t.Fatalf("migrations %v and %v", lite, team)
	}
	for number := 1; number <= len(lite); number++ {
		file, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		file.SetMaxOpenConns(1)
		if err := database.MigrateTo(ctx, ":memory:", file, number); err != nil {
			t.Fatal(err)
		}
		address := pgtest.Current.Address(t)
		migrateTo(t, address, number)
		server, err := sql.Open("pgx", address)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		want := table(t, file, `SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
			WHERE m.type IN ('table', 'view') ORDER BY m.name, c.cid`)
		got := table(t, server, `SELECT CAST(table_name AS TEXT) COLLATE "C" AS t, CAST(column_name AS TEXT) FROM information_schema.columns
			WHERE table_schema = current_schema() ORDER BY t, ordinal_position`)
		if got != want {
			t.Errorf("schema %d: PostgreSQL has the columns\n%s\nSQLite\n%s", number, got, want)
		}
	}
}
