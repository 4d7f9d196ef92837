package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// The exit codes.
const (
	exitOK       = 0
	exitError    = 1
	exitUsage    = 2
	exitNotFound = 3
	exitTimeout  = 4
	exitJob      = 5
	exitNotReady = 6
)

// exits is the one table of exit codes. An error of this package's own says its code; for others the
// first line that matches counts.
var exits = []struct {
	code  int
	what  string
	match func(error) bool
}{
	{exitOK, "done", func(err error) bool { return err == nil }},
	{exitUsage, "a wrong command, flag, argument or payload", isUsage},
	{exitNotFound, "no such job", func(err error) bool { return errors.Is(err, client.ErrUnknownJob) }},
	{exitTimeout, "timed out waiting; the job goes on", func(error) bool { return false }},
	{exitJob, "the job failed or was cancelled", func(err error) bool { return errors.As(err, new(*client.JobError)) }},
	{exitNotReady, "the database cannot be reached, or its schema is missing or of another version", isNotReady},
	{exitError, "any other error", func(error) bool { return true }},
}

func exitCode(err error) int {
	if e := (*codeError)(nil); errors.As(err, &e) {
		return e.code
	}
	for _, e := range exits {
		if e.match(err) {
			return e.code
		}
	}
	return exitError
}

// codeError is an error with an exit code.
type codeError struct {
	code int
	err  error
}

func (e *codeError) Error() string { return e.err.Error() }
func (e *codeError) Unwrap() error { return e.err }

func failf(code int, format string, args ...any) error {
	return &codeError{code, fmt.Errorf(format, args...)}
}

// usagef is for a mistake in what the user gave.
func usagef(format string, args ...any) error { return failf(exitUsage, format, args...) }

func usage(err error) error { return &codeError{exitUsage, err} }

// isUsage: class 22 is what PostgreSQL says of JSON that it cannot store.
func isUsage(err error) bool {
	return errors.Is(err, client.ErrInvalid) || errors.Is(err, client.ErrTooLarge) || strings.HasPrefix(pg.Code(err), "22")
}

func isNotReady(err error) bool {
	if errors.Is(err, client.ErrVersion) || errors.As(err, new(*pgconn.ConnectError)) {
		return true
	}
	code := pg.Code(err)
	if strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P0") || code == "53300" {
		return true
	}
	// The connection broke in the middle of a call.
	return code == "" && !errors.Is(err, context.Canceled) && (errors.As(err, new(net.Error)) || errors.Is(err, io.ErrUnexpectedEOF))
}
