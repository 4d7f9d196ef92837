package client

import (
	"errors"
	"fmt"

	"github.com/jobmachine/jobmachine/internal/pg"
)

// Errors, for errors.Is. What PostgreSQL said is in the message, and as *pgconn.PgError for errors.As.
var (
	ErrInvalid    = pg.ErrInvalid   // JM001
	ErrTooLarge   = pg.ErrTooLarge  // JM002
	ErrConflict   = pg.ErrConflict  // JM003
	ErrLeaseGone  = pg.ErrLeaseGone // JM004
	ErrVersion    = pg.ErrVersion   // JM005, and a schema that is not installed
	ErrUnknownJob = errors.New("jobmachine: no such job")
	ErrNoAnswer   = errors.New("jobmachine: no answer yet")
)

// JobError tells that a job is over and was not completed.
type JobError struct {
	JobID   int64
	State   string // failed or cancelled
	Reason  string // failed, timeout, crashed or expired; or why it was cancelled
	Message string // the error of the last attempt
}

func (e *JobError) Error() string {
	s := fmt.Sprintf("jobmachine: job %d %s", e.JobID, e.State)
	for i, more := range []string{e.Reason, e.Message} {
		if more != "" && more != e.State && (i == 0 || more != e.Reason) {
			s += ": " + more
		}
	}
	return s
}
