package pg

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The errors of jobmachine's functions.
var (
	ErrInvalid   = errors.New("jobmachine: invalid argument")
	ErrTooLarge  = errors.New("jobmachine: too large")
	ErrConflict  = errors.New("jobmachine: unique key held by another job")
	ErrLeaseGone = errors.New("jobmachine: unknown lease")
	ErrVersion   = errors.New("jobmachine: schema and program versions do not match")
)

var errReadOnly = errors.New("the server is read-only")

// sentinels is the one table of SQLSTATEs: those of jobmachine, and those that say that its schema
// is not there or lacks a function.
var sentinels = map[string]error{
	"JM001": ErrInvalid,
	"JM002": ErrTooLarge,
	"JM003": ErrConflict,
	"JM004": ErrLeaseGone,
	"JM005": ErrVersion,
	"3F000": ErrVersion,
	"42883": ErrVersion,
	"42P01": ErrVersion,
}

// Error is an error of one operation, with all that PostgreSQL said.
type Error struct {
	op  string
	err error
}

// Wrap adds the operation to an error, and makes errors.Is know the sentinel of its SQLSTATE.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{op: op, err: err}
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("jobmachine: " + e.op + ": ")
	var pg *pgconn.PgError
	if !errors.As(e.err, &pg) {
		b.WriteString(strings.TrimPrefix(e.err.Error(), "jobmachine: "))
		return b.String()
	}
	b.WriteString(pg.Message)
	if pg.Detail != "" {
		b.WriteString(": " + pg.Detail)
	}
	ours, hint := strings.HasPrefix(pg.Code, "JM"), pg.Hint
	if !ours && sentinels[pg.Code] == ErrVersion {
		hint = "run jobmachine migrate"
	}
	if hint != "" {
		b.WriteString(" (" + hint + ")")
	}
	if !ours {
		b.WriteString(" (SQLSTATE " + pg.Code + ")")
	}
	return b.String()
}

// Unwrap returns the error, which may be a *pgconn.PgError.
func (e *Error) Unwrap() error { return e.err }

// Is reports whether target is the sentinel of the error's SQLSTATE.
func (e *Error) Is(target error) bool {
	s := sentinels[Code(e.err)]
	return s != nil && s == target
}

// Code returns the SQLSTATE of an error; empty if it does not come from the server.
func Code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// WrapJob is Wrap for what is said of one job.
func WrapJob(what string, id int64, err error) error {
	if err == nil {
		return nil
	}
	return Wrap(fmt.Sprintf("%s job %d", what, id), err)
}

// Writable returns an error if the server takes no writes. The server says so at the connect, and with
// the answer to any call when that has changed.
func Writable(conn *pgx.Conn) error {
	c := conn.PgConn()
	if c.ParameterStatus("default_transaction_read_only") == "on" || c.ParameterStatus("in_hot_standby") == "on" {
		return errReadOnly
	}
	return nil
}

// Lost reports whether a connection is of no more use after err: closed, shut down by the server,
// or to a server that has become read-only (a failover may leave the socket open).
func Lost(conn *pgx.Conn, err error) bool {
	code := Code(err)
	return conn.IsClosed() || err == errReadOnly || code == "25006" || strings.HasPrefix(code, "57P0") || strings.HasPrefix(code, "08")
}

// Refused tells a database that refuses from one that is away.
func Refused(err error) bool {
	code := Code(err)
	return errors.Is(err, ErrInvalid) || errors.Is(err, ErrVersion) || code == "3D000" || code == "42501" || strings.HasPrefix(code, "28")
}

// RolledBack reports whether the server has said that nothing was done. PgBouncer makes up the errors of connections that it lost:
// they lack the field that is the same in all languages. (Not pgconn.SafeToRetry: pgx says "conn closed", and that nothing was sent,
// also of a commit whose answer was cut off.)
func RolledBack(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR" && !strings.HasPrefix(pg.Code, "08")
}
