package worker

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/jobmachine/jobmachine/internal/pg"
)

// Why the ctx of a handler ended, as context.Cause tells it.
var (
	ErrCancelled = errors.New("jobmachine: job cancelled")       // somebody cancelled the job
	ErrTimeout   = errors.New("jobmachine: attempt timed out")   // the database has ended the attempt, or is about to
	ErrLeaseLost = errors.New("jobmachine: lease lost")          // the job runs elsewhere, or will; what this run says changes nothing
	ErrStopped   = errors.New("jobmachine: the worker is ended") // StopTimeout is over; the job will be released
)

// ErrVersion is what Run returns when the schema in the database is older than this program, of
// another major version, or not there.
var ErrVersion = pg.ErrVersion

// Permanent makes err the last attempt: the job fails without another one.
func Permanent(err error) error { return verdict("discard", err, pgtype.Interval{}) }

// RetryIn makes err a failed attempt whose next one starts after d, in place of the backoff.
func RetryIn(d time.Duration, err error) error { return verdict("fail", err, pg.Interval(d)) }

// Snooze puts the job back for d. It is not an attempt.
func Snooze(d time.Duration) error {
	return verdict("snooze", fmt.Errorf("snooze for %v", d), pg.Interval(d))
}

// Cancel ends the job as cancelled.
func Cancel(reason string) error { return verdict("cancel", errors.New(reason), pgtype.Interval{}) }

// verdictError is an error that says what becomes of the job.
type verdictError struct {
	error
	outcome outcome
}

func (e *verdictError) Unwrap() error { return e.error }

func verdict(verb string, err error, delay pgtype.Interval) error {
	if err == nil {
		return nil
	}
	return &verdictError{err, outcome{verb: verb, err: err.Error(), delay: delay}}
}
