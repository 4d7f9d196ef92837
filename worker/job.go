package worker

import (
	"context"
	"encoding/json"
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

// Bind decodes the payload into v.
func (j *Job) Bind(v any) error {
	if err := json.Unmarshal(j.Payload, v); err != nil {
		return fmt.Errorf("payload of job %d: %w", j.ID, err)
	}
	return nil
}

// Reply gives an interim answer, such as progress; it is committed when Reply returns. The error is
// ErrLeaseLost when the run was given up.
func (j *Job) Reply(ctx context.Context, v any) error {
	w := j.worker
	do := w.settles.Do
	if w.cfg.Pool != nil {
		do = func(ctx context.Context, fn pg.Query) error {
			return fn(ctx, gen.New(schema.DB(w.cfg.Pool, w.cfg.Schema)))
		}
	} else {
		ctx = context.WithoutCancel(ctx) // a cancelled statement would cost the connection
	}
	return j.say("reply", v, func(payload json.RawMessage) (string, error) {
		if payload == nil {
			payload = json.RawMessage("null")
		}
		return pg.Ask(ctx, do, func(ctx context.Context, q *gen.Queries) (string, error) {
			return q.Reply(ctx, j.ID, j.Receipt, payload)
		})
	})
}

// CompleteTx completes the job within the handler's own transaction: the job is over exactly when
// tx commits, together with the rows the handler wrote. Commit it, then return nil; the reply that
// the handler returns is not used. If tx is not committed the attempt has failed.
func (j *Job) CompleteTx(ctx context.Context, tx pgx.Tx, reply any) error {
	err := j.say("complete", reply, func(payload json.RawMessage) (string, error) {
		return gen.New(schema.DB(tx, j.worker.cfg.Schema)).Complete(ctx, j.ID, j.Receipt, payload)
	})
	j.inTx.Store(err == nil)
	return err
}

func (j *Job) say(verb string, v any, call func(json.RawMessage) (string, error)) error {
	payload, err := pg.JSON(v)
	if err != nil {
		return fmt.Errorf("jobmachine: %s: job %d: %w", verb, j.ID, err)
	}
	switch verdict, err := call(payload); {
	case err != nil:
		return pg.Wrap(verb, err)
	case verdict == "stale":
		return fmt.Errorf("jobmachine: %s: job %d: %w", verb, j.ID, ErrLeaseLost)
	case verdict != "ok" && verdict != "already":
		return fmt.Errorf("jobmachine: %s: job %d: %s", verb, j.ID, verdict)
	}
	return nil
}
