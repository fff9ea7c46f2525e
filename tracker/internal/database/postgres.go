package database

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// A postgresEngine keeps a store in a database of a PostgreSQL server.
//
// Every write holds the row of table clock until it is committed, so writers take turns and a later seq is never visible
// before an earlier one. A run's lock is an advisory lock of a session that does nothing else.
type postgresEngine struct {
	path   string // the address, without the password
	config *pgx.ConnConfig
	locks  lockSession
}

const (
	connectTimeout = 10 * time.Second
	teamReaders    = 4 // connections that read at once; a server has a hundred for everybody
)

// IsPostgres reports whether path is the address of a PostgreSQL database.
func IsPostgres(path string) bool {
	scheme, _, ok := strings.Cut(path, "://")
	return ok && (scheme == "postgres" || scheme == "postgresql")
}

// WithoutPassword returns what names a store, a path or an address, as it can be shown to anybody.
func WithoutPassword(path string) string {
	scheme, _, ok := strings.Cut(path, "://")
	if !ok {
		return path
	}
	u, err := url.Parse(path)
	if err != nil || u.User == nil && strings.Contains(path, "@") { // a password with a / or ? of its own
		return scheme + "://…"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	if query := u.Query(); query.Has("password") || query.Has("sslpassword") {
		query.Del("password")
		query.Del("sslpassword")
		u.RawQuery = query.Encode()
	}
	return u.String()
}

func newPostgresEngine(address string) (*postgresEngine, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil || strings.HasSuffix(WithoutPassword(address), "…") { // the text of err may hold the password
		return nil, refusal.New(refusal.ErrNotAStore, "the address of the store cannot be read: write postgres://user@host:5432/database?sslmode=prefer, "+
			"with %%XX for what is special in a URL (a password's / is %%2F, its %% is %%25)")
	}
	if !strings.Contains(address, "connect_timeout=") {
		config.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"application_name":        "zoetrope",
		"lock_timeout":            milliseconds(BusyTimeout), // for the clock
		"tcp_keepalives_idle":     "10",                      // seconds: a dead writer's locks are free after half a minute
		"tcp_keepalives_interval": "5",
		"tcp_keepalives_count":    "4",
	} {
		if _, ok := config.RuntimeParams[name]; !ok {
			config.RuntimeParams[name] = value
		}
	}
	e := &postgresEngine{path: WithoutPassword(address), config: config}
	e.locks.config = config
	return e, nil
}

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

func (e *postgresEngine) committed(*sql.Conn) {}

func (e *postgresEngine) isolation(write bool) *sql.TxOptions {
	if write {
		return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// placeholders turns ? outside quotes and comments into $1, $2, …
func (e *postgresEngine) placeholders(query string) string {
	var b strings.Builder
	for n := 0; ; {
		i := strings.IndexAny(query, `?'"-`)
		if i < 0 {
			break
		}
		end := i + 1
		switch c := query[i]; {
		case c == '?':
			n++
			fmt.Fprintf(&b, "%s$%d", query[:i], n)
			query = query[end:]
			continue
		case c == '-' && strings.HasPrefix(query[end:], "-"):
			end += strings.IndexByte(query[end:]+"\n", '\n')
		case c != '-':
			end += strings.IndexByte(query[end:]+string(c), c) + 1 // a doubled quote is two texts, which does no harm
		}
		end = min(end, len(query))
		b.WriteString(query[:end])
		query = query[end:]
	}
	b.WriteString(query)
	return b.String()
}

// insert copies the rows, as a stream, which costs neither a parse nor a plan per row.
func (e *postgresEngine) insert(ctx context.Context, t *Tx, table string, columns []string, n int, row func(args []any, i int) []any) error {
	i, args := 0, make([]any, 0, len(columns))
	next := pgx.CopyFromFunc(func() ([]any, error) {
		if i == n {
			return nil, nil
		}
		args = row(args[:0], i)
		i++
		return args, nil
	})
	return t.conn.Raw(func(c any) error {
		_, err := c.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, next)
		return err
	})
}

// connect opens the pools, and brings the schema up to date.
func (e *postgresEngine) connect(ctx context.Context, d *DB, o Options) error {
	d.reader = stdlib.OpenDB(*e.config)
	d.reader.SetMaxOpenConns(teamReaders)
	d.reader.SetMaxIdleConns(2)
	d.reader.SetConnMaxIdleTime(time.Minute)
	number, err := e.schemaNumber(ctx, d.reader)
	if errors.Is(err, refusal.ErrNoStore) && o.Create && !o.ReadOnly {
		err = nil // number 0
	}
	if err != nil {
		return e.explain(err)
	}
	if err := d.checkSchema(number); err != nil || d.readOnly {
		return err
	}
	d.writer = stdlib.OpenDB(*e.config, stdlib.OptionAfterConnect(prepareWriter))
	d.writer.SetMaxOpenConns(1)
	if number < latest(e) {
		return e.explain(migrate(ctx, e, d.writer))
	}
	return nil
}

func (e *postgresEngine) schema() schema {
	return schema{
		folder: "migrations/postgres",
		record: "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied BIGINT NOT NULL)",
		turn:   fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", lockKey("migrate")),
		script: []any{pgx.QueryExecModeSimpleProtocol}, // many statements at once
	}
}

// prepareWriter makes a commit wait for the disk, whatever the default of the server, the database or the role is, and lets
// a writer that stands still in its turn lose it.
func prepareWriter(ctx context.Context, conn *pgx.Conn) error {
	query := "SELECT set_config('idle_in_transaction_session_timeout', $1, false), " +
		"CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END"
	_, err := conn.Exec(ctx, query, milliseconds(6*BusyTimeout))
	return err
}

// schemaNumber returns ErrNoStore if the database has no table of migrations.
func (e *postgresEngine) schemaNumber(ctx context.Context, db rower) (int, error) {
	number, err := schemaNumber(ctx, db)
	if stateOf(err) == undefinedTable {
		return 0, refusal.New(refusal.ErrNoStore, "no store at %s: a training that logs there makes one, or give the address of another database", e.path)
	}
	return number, err
}

// lockKey names an advisory lock. Its space is the database's: others may have locks there too.
func lockKey(name string) int64 {
	sum := sha256.Sum256([]byte("zoetrope " + name))
	return int64(binary.LittleEndian.Uint64(sum[:]))
}
