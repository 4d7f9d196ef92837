package worker

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

// Job is one run of a job.
type Job struct {
	gen.ClaimedJob
	worker *Worker
	inTx   atomic.Bool // CompleteTx was used
}

type jobKey struct{}

// FromContext returns the job whose handler got ctx; nil outside of handlers.
func FromContext(ctx context.Context) *Job {
	j, _ := ctx.Value(jobKey{}).(*Job)
	return j
}

// Reply gives an interim answer, such as progress. It is committed when Reply returns. The error is
// ErrLeaseLost when the run was given up, and ErrCancelled when the job is to be cancelled.
func (j *Job) Reply(ctx context.Context, v any) error {
	payload, err := pg.JSON(v)
	if err != nil {
		return fmt.Errorf("jobmachine: reply to job %d: %w", j.ID, err)
	}
	if payload == nil {
		payload = []byte("null")
	}
	var answer string
	give := func(ctx context.Context, q *gen.Queries) (err error) {
		answer, err = q.Reply(ctx, j.ID, j.Receipt, payload)
		return err
	}
	if w := j.worker; w.cfg.Pool != nil {
		err = give(ctx, gen.New(schema.DB(w.cfg.Pool, w.cfg.Schema)))
	} else if err = ctx.Err(); err == nil {
		err = w.replies.do(context.WithoutCancel(ctx), give) // shared: a cancelled call would cost the connection
	}
	return j.check("reply", answer, err)
}

// CompleteTx completes the job within the handler's own transaction: the job is over exactly when
// tx commits, together with the rows the handler wrote. Commit it, then return nil; the reply that
// the handler returns is not used. If tx is not committed the attempt has failed.
func (j *Job) CompleteTx(ctx context.Context, tx pgx.Tx, reply any) error {
	payload, err := pg.JSON(reply)
	if err != nil {
		return fmt.Errorf("jobmachine: reply to job %d: %w", j.ID, err)
	}
	answer, err := gen.New(schema.DB(tx, j.worker.cfg.Schema)).Complete(ctx, j.ID, j.Receipt, payload)
	err = j.check("complete", answer, err)
	j.inTx.Store(err == nil)
	return err
}

func (j *Job) check(op, answer string, err error) error {
	if err != nil {
		return pg.Wrap(op, err)
	}
	switch answer {
	case "ok", "already":
		return nil
	case "stale":
		return fmt.Errorf("jobmachine: %s: job %d: %w", op, j.ID, ErrLeaseLost)
	case "cancelled":
		return fmt.Errorf("jobmachine: %s: job %d: %w", op, j.ID, ErrCancelled)
	default:
		return fmt.Errorf("jobmachine: %s: job %d: %s", op, j.ID, answer)
	}
}
