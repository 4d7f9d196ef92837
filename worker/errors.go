package worker

import (
	"errors"
	"fmt"
	"time"

	"github.com/jobmachine/jobmachine/internal/pg"
)

// Why the ctx of a handler ended, as context.Cause tells it.
var (
	// ErrCancelled: somebody cancelled the job.
	ErrCancelled = errors.New("jobmachine: job cancelled")
	// ErrTimeout: the attempt ran longer than it may. The database has ended it or is about to.
	ErrTimeout = errors.New("jobmachine: attempt timed out")
	// ErrLeaseLost: this run was given up, the job runs elsewhere or will; nothing it says counts.
	ErrLeaseLost = errors.New("jobmachine: lease lost")
	// ErrStopped: the worker stops and StopTimeout is over. The job will be released.
	ErrStopped = errors.New("jobmachine: worker stopped")
)

// ErrVersion is what Run returns when the schema in the database is older than this program, of
// another major version, or not there.
var ErrVersion = pg.ErrVersion

// Permanent makes err the last attempt: the job fails without another one.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &verdict{verb: "discard", err: err}
}

// RetryIn makes err a failed attempt whose next one starts after d, in place of the backoff.
func RetryIn(d time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &verdict{verb: "fail", err: err, delay: d, delayed: true}
}

// Snooze puts the job back for d. It is not an attempt.
func Snooze(d time.Duration) error {
	return &verdict{verb: "snooze", err: fmt.Errorf("snooze for %v", d), delay: d, delayed: true}
}

// Cancel ends the job as cancelled.
func Cancel(reason string) error { return &verdict{verb: "cancel", err: errors.New(reason)} }

// verdict is an error that says what becomes of the job.
type verdict struct {
	verb    string
	err     error
	delay   time.Duration
	delayed bool
}

func (v *verdict) Error() string { return v.err.Error() }
func (v *verdict) Unwrap() error { return v.err }
