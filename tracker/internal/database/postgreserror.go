package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/zoetrope-ml/zoetrope/tracker/internal/refusal"
)

// What PostgreSQL calls its errors (its documentation, appendix A).
const (
	undefinedTable        = "42P01"
	undefinedColumn       = "42703"
	duplicateTable        = "42P07"
	insufficientPrivilege = "42501"
	invalidPassword       = "28P01"
	invalidAuthorization  = "28000"
	noDatabase            = "3D000"
	noSchema              = "3F000"
	readOnlyTransaction   = "25006"
	lockNotAvailable      = "55P03"
	tooManyConnections    = "53300"
	diskFull              = "53100"
	dataCorrupted         = "XX001"
	indexCorrupted        = "XX002"
)

// stateOf returns PostgreSQL's code of an error, or "".
func stateOf(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// away reports whether the server is not there, goes away or is just coming.
func (e *postgresEngine) away(err error) bool {
	switch state := stateOf(err); {
	case state != "":
		return strings.HasPrefix(state, "08") || strings.HasPrefix(state, "57P")
	case err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return false
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connecting) || errors.As(err, &network) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
}

// stale reports whether a connection was lost: one that could not be made was not.
func (e *postgresEngine) stale(err error) bool {
	var connecting *pgconn.ConnectError
	return e.away(err) && !errors.As(err, &connecting)
}

// explain names the store in an error of the server or of the way to it. No text of pgx's about the address is passed on:
// only what the server and the network say.
func (e *postgresEngine) explain(err error) error {
	var refused *refusal.Error
	if err == nil || errors.As(err, &refused) {
		return err
	}
	host := fmt.Sprintf("%s:%d", e.config.Host, e.config.Port)
	state, said := stateOf(err), messageOf(err)
	switch state {
	case lockNotAvailable:
		return refusal.New(refusal.ErrBusy, "store %s is busy: another process has been writing it for more than %v", e.path, BusyTimeout)
	case tooManyConnections:
		return refusal.New(refusal.ErrBusy, "store %s: the server has no connection left for role %q (%s): end some, or raise its max_connections", e.path, e.config.User, said)
	case invalidPassword:
		return refusal.New(refusal.ErrDenied, "store %s: the server refuses role %q: wrong or missing password: give it in $PGPASSWORD, in ~/.pgpass or in the address", e.path, e.config.User)
	case invalidAuthorization:
		return refusal.New(refusal.ErrDenied, "store %s: the server refuses role %q: %s", e.path, e.config.User, said)
	case insufficientPrivilege:
		return refusal.New(refusal.ErrDenied, "store %s: role %q lacks a right: %s: let the owner of the database grant it, or open the store read-only", e.path, e.config.User, said)
	case readOnlyTransaction:
		return refusal.New(refusal.ErrReadOnly, "store %s can only be read with this role or on this server (%s): open it read-only, or give another address", e.path, said)
	case noDatabase:
		return refusal.New(refusal.ErrNoStore, "no store at %s: the server %s has no database %q: make it with createdb -h %s -p %d %s",
			e.path, host, e.config.Database, e.config.Host, e.config.Port, e.config.Database)
	case noSchema:
		return refusal.New(refusal.ErrNoStore, "no store at %s: %s: make the schema with CREATE SCHEMA … AUTHORIZATION %s, or give an address without search_path", e.path, said, e.config.User)
	case duplicateTable:
		return refusal.New(refusal.ErrNotAStore, "%s has tables of something else (%s): give a database of its own (createdb zoetrope), "+
			"or a schema of its own (CREATE SCHEMA zoetrope, then …?options=-csearch_path%%3Dzoetrope)", e.path, said)
	case undefinedTable, undefinedColumn:
		return refusal.New(refusal.ErrNotAStore, "%s has tables that are not a store's (%s): give another database", e.path, said)
	case dataCorrupted, indexCorrupted:
		return refusal.New(refusal.ErrCorrupt, "store %s is damaged: %s", e.path, said)
	case diskFull:
		return refusal.New(refusal.ErrNoSpace, "store %s: the disk of the server is full, nothing of this was stored: free some space there and do it again", e.path)
	}
	if e.away(err) {
		return refusal.New(refusal.ErrUnreachable, "store %s: the server %s cannot be reached: %s", e.path, host, said)
	}
	if state != "" {
		return fmt.Errorf("store %s: %w", e.path, err)
	}
	return err
}

// messageOf returns what the server or the network said.
func messageOf(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Message
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.Err
	}
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		if inner := errors.Unwrap(connecting); inner != nil {
			return inner.Error()
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) {
		return "the connection was lost"
	}
	return err.Error()
}
