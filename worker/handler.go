package worker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

// Handler does one job. It returns the reply, nil for none, or an error: a failed attempt, unless Permanent, RetryIn,
// Snooze or Cancel made it. Goroutines are used again: what it changes of its own (runtime.LockOSThread) it must undo.
type Handler func(ctx context.Context, job *Job) (reply any, err error)

// Why the ctx of a handler ended, as context.Cause tells it.
var (
	ErrCancelled = errors.New("jobmachine: job cancelled")       // somebody cancelled the job
	ErrTimeout   = errors.New("jobmachine: attempt timed out")   // the database has ended the attempt, or is about to
	ErrLeaseLost = errors.New("jobmachine: lease lost")          // the job runs elsewhere, or will; what this run says changes nothing
	ErrStopped   = errors.New("jobmachine: the worker is ended") // StopTimeout is over; the job will be released
)

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
	outcome
}

func (e *verdictError) Unwrap() error { return e.error }

func verdict(verb string, err error, delay pgtype.Interval) error {
	if err == nil {
		return nil
	}
	return &verdictError{err, outcome{verb: verb, delay: delay}}
}

// QueueOption is a setting of one Handle.
type QueueOption func(*registration)

// MaxRunning limits how many jobs of this queue run at once in this process.
func MaxRunning(n int) QueueOption { return func(r *registration) { r.limit = n } }

// registration is a queue or a pattern and its handler.
type registration struct {
	queue   string
	prefix  string // of what it covers, if it is a pattern
	handler Handler
	limit   int // 0 = none
	running int // under Worker.mu
}

// Handle lets h do the jobs of a queue, or of all queues that a pattern (gl.*, or *) covers; an
// exact name goes before a pattern, and a longer pattern before a shorter one. Call it before Run.
func (w *Worker) Handle(queue string, h Handler, opts ...QueueOption) {
	r := &registration{queue: queue, prefix: strings.TrimSuffix(queue, "*"), handler: h}
	for _, o := range opts {
		o(r)
	}
	w.handlers = slices.DeleteFunc(w.handlers, func(old *registration) bool { return old.queue == queue })
	w.handlers = append(w.handlers, r)
}

// HandleFunc is Handle for a function of plain types: the payload is decoded into In, and Out is the
// reply. A payload that cannot be decoded is a failed attempt. FromContext gives it the Job.
func HandleFunc[In, Out any](w *Worker, queue string, fn func(context.Context, In) (Out, error), opts ...QueueOption) {
	w.Handle(queue, func(ctx context.Context, job *Job) (any, error) {
		var in In
		if err := job.Bind(&in); err != nil {
			return nil, err
		}
		return fn(ctx, in)
	}, opts...)
}

// prepare checks the handlers and sorts them: the longest first, and a name before its pattern.
func (w *Worker) prepare() error {
	if len(w.handlers) == 0 {
		return fmt.Errorf("%w: no queue is handled; call Handle before Run", ErrInvalid)
	}
	slices.SortFunc(w.handlers, func(a, b *registration) int {
		return cmp.Or(len(b.prefix)-len(a.prefix), len(a.queue)-len(b.queue))
	})
	w.queues = nil
	for i, r := range w.handlers {
		w.queues = append(w.queues, r.queue)
		if r.handler == nil || r.limit < 0 {
			return fmt.Errorf("%w: queue %s has no handler, or a negative MaxRunning", ErrInvalid, r.queue)
		}
		for _, p := range w.handlers[i+1:] {
			if r.limit > 0 && p.covers(r.queue) {
				return fmt.Errorf("%w: MaxRunning of %s cannot be kept: %s claims its jobs too", ErrInvalid, r.queue, p.queue)
			}
		}
	}
	return nil
}

// handler finds the registration of a queue. A job that is nobody's is released.
func (w *Worker) handler(queue string) *registration {
	for _, r := range w.handlers {
		if r.covers(queue) {
			return r
		}
	}
	return &registration{handler: func(context.Context, *Job) (any, error) {
		return nil, verdict("release", errors.New("not ours"), pgtype.Interval{})
	}}
}

func (r *registration) covers(queue string) bool {
	return queue == r.queue || r.prefix != r.queue && strings.HasPrefix(queue, r.prefix)
}

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
	return pg.WrapJob("payload of", j.ID, json.Unmarshal(j.Payload, v))
}

// Reply gives an interim answer, such as progress; it is committed when Reply returns. The error is
// ErrLeaseLost when the run was given up.
func (j *Job) Reply(ctx context.Context, v any) error {
	if v == nil {
		v = json.RawMessage("null")
	}
	w := j.worker
	return j.say("reply", v, func(payload json.RawMessage) (string, error) {
		if w.cfg.Pool != nil {
			return gen.New(schema.DB(w.cfg.Pool, w.cfg.Schema)).Reply(ctx, j.ID, j.Receipt, payload)
		}
		// A cancelled statement would cost the connection.
		return pg.Ask(context.WithoutCancel(ctx), w.settles.Do, func(ctx context.Context, q *gen.Queries) (string, error) {
			return q.Reply(ctx, j.ID, j.Receipt, payload)
		})
	})
}

// CompleteTx completes the job within the handler's own transaction: the job is over exactly when tx commits, together
// with the rows the handler wrote. Commit it, then return nil. If tx is not committed the attempt has failed.
func (j *Job) CompleteTx(ctx context.Context, tx pgx.Tx, reply any) error {
	err := j.say("complete", reply, func(payload json.RawMessage) (string, error) {
		return gen.New(schema.DB(tx, j.worker.cfg.Schema)).Complete(ctx, j.ID, j.Receipt, payload)
	})
	j.inTx.Store(err == nil)
	return err
}

func (j *Job) say(verb string, v any, call func(json.RawMessage) (string, error)) error {
	payload, err := pg.JSON(v)
	verdict := ""
	if err == nil {
		verdict, err = call(payload)
	}
	if verdict == "stale" {
		err = ErrLeaseLost
	} else if err == nil && verdict != "ok" && verdict != "already" {
		err = errors.New(verdict)
	}
	return pg.WrapJob(verb, j.ID, err)
}
