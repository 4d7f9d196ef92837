package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// run is a handler at work, and then its outcome.
type run struct {
	Job
	reg    *registration
	ctx    context.Context
	cancel context.CancelCauseFunc
	until  *pg.Deadline
	outcome
}

// outcome is what becomes of a run.
type outcome struct {
	verb  string // complete, fail, discard, snooze, release or cancel; empty: the database knows it
	reply string // JSON, or none
	err   string
	delay pgtype.Interval // null: the backoff of the queue
}

// start hands out claimed jobs. An older run of one of them that still goes on here is cancelled.
func (w *Worker) start(jobs []gen.ClaimedJob) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastClaim = time.Now()
	var until *pg.Deadline
	for i, job := range jobs {
		if i == 0 || !pg.Value(job.DeadlineAt).Equal(pg.Value(jobs[i-1].DeadlineAt)) {
			until = pg.NewDeadline(w.base, w.clock.Load().Of(job.DeadlineAt), ErrTimeout)
		}
		r := &run{Job: Job{ClaimedJob: job, worker: w}, reg: w.handler(job.Queue), until: until}
		r.ctx, r.cancel = context.WithCancelCause(context.WithValue(until.Join(), jobKey{}, &r.Job))
		if job.LeaseID != w.lease.Load() {
			r.cancel(ErrLeaseLost) // while the claim was under way
		}
		if old := w.runs[job.ID]; old != nil {
			old.cancel(ErrLeaseLost)
		}
		w.runs[job.ID] = r
		w.running++
		r.reg.running++
		w.todo = append(w.todo, r)
	}
	w.more()
}

// more lets a goroutine come for what is to do, if none is on its way.
func (w *Worker) more() {
	if len(w.todo) > 0 && !w.coming {
		w.coming = true
		go w.doAll()
	}
}

// doAll does what there is to do. Another goroutine comes after it, so that a handler which takes long holds up no other;
// short ones share one goroutine, whose stack has grown.
func (w *Worker) doAll() {
	for r := w.take(true); r != nil; r = w.take(false) {
		w.do(r)
	}
}

func (w *Worker) take(arrived bool) (r *run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.coming = w.coming && !arrived; len(w.todo) > 0 {
		r, w.todo[0], w.todo = w.todo[0], nil, w.todo[1:]
		w.more()
	}
	return r
}

// do runs the handler. A panic is a failed attempt, and so is runtime.Goexit.
func (w *Worker) do(r *run) {
	defer w.finish(r)
	r.outcome = outcome{verb: "fail", err: "the handler ended its goroutine"}
	defer func() {
		if p := recover(); p != nil {
			r.outcome = outcome{verb: "fail", err: fmt.Sprintf("panic: %v\n\n%s", p, debug.Stack())}
		}
	}()
	reply, err := r.reg.handler(r.ctx, &r.Job)
	r.outcome = r.judge(context.Cause(r.ctx), reply, err)
}

// judge makes the outcome of what the handler returned. cause is why its ctx ended, if it did.
func (r *run) judge(cause error, reply any, err error) outcome {
	var text []byte
	if err == nil && r.inTx.Load() { // if that was committed the answer to this is already, and nothing changes
		err = errors.New("the handler returned without committing the transaction of CompleteTx")
	} else if err == nil {
		text, err = pg.JSON(reply)
	}
	v, said := errors.AsType[*verdictError](err)
	switch {
	case err == nil:
		return outcome{verb: "complete", reply: string(text)}
	case said:
		return outcome{verb: v.verb, err: err.Error(), delay: v.delay}
	case errors.Is(cause, ErrStopped):
		return outcome{verb: "release"}
	case errors.Is(cause, ErrTimeout):
		return outcome{} // the database ends the attempt itself, with that reason
	}
	return outcome{verb: "fail", err: err.Error()}
}

// finish frees the slot and leaves the outcome to the settler.
func (w *Worker) finish(r *run) {
	r.cancel(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	r.until.Leave()
	w.running--
	w.freed.Ring()
	if r.reg.running--; r.reg.limit > 0 {
		w.wake.Ring() // its queue may be claimed from again
	}
	if w.runs[r.ID] == r {
		delete(w.runs, r.ID)
	}
	if r.verb != "" {
		w.outcomes = append(w.outcomes, r)
		w.ended.Ring()
	}
}

// settler delivers outcomes: all that are there, one call after the other, at the pace of the database while they are few.
// What could not be delivered is repeated, which is safe: the receipt makes it count once.
func (w *Worker) settler(ctx context.Context) {
	var backoff pg.Backoff
	for limit := batchSize; ctx.Err() == nil; {
		w.mu.Lock()
		batch := w.outcomes[:min(limit, len(w.outcomes))]
		w.mu.Unlock()
		if len(batch) == 0 {
			w.ended.Wait(ctx, time.Minute)
			continue
		}
		if len(batch) < w.cfg.Concurrency/4 && w.settled.Hold(ctx, w.ended) {
			continue
		}
		err := w.settle(ctx, batch)
		w.mu.Lock()
		if w.outcomes, limit = w.outcomes[len(batch):], batchSize; err != nil {
			w.outcomes, limit = append(w.outcomes, batch...), max(1, len(batch)/2) // they may be too large for one call
		}
		w.mu.Unlock()
		w.freed.Ring()
		if err != nil {
			backoff.Sleep(ctx)
			continue
		}
		backoff.Reset()
	}
}

func (w *Worker) settle(ctx context.Context, batch []*run) error {
	defer w.settled.Time()()
	n := len(batch)
	p := gen.SettleParams{JobIds: make([]int64, n), Receipts: make([]int64, n), Outcomes: make([]string, n), Replies: make([]string, n),
		Errors: make([]string, n), Delays: make([]pgtype.Interval, n)}
	for i, r := range batch {
		p.JobIds[i], p.Receipts[i], p.Outcomes[i], p.Replies[i], p.Errors[i], p.Delays[i] = r.ID, r.Receipt, r.verb, r.reply, pg.Text(r.err), r.delay
	}
	verdicts, err := pg.Ask(ctx, w.settles.Do, func(ctx context.Context, q *gen.Queries) ([]string, error) { return pg.Settle(ctx, q, p) })
	for i, v := range verdicts {
		switch r := batch[i]; {
		case v == "stale" || v == "unknown" || v == "invalid":
			w.cfg.Logger.Warn("outcome not taken", "job", r, "outcome", r.verb, "verdict", v)
		case v == "ok" && (r.verb == "fail" || r.verb == "discard"):
			w.cfg.Logger.Info("attempt failed", "job", r, "error", r.err)
		}
	}
	return w.trouble("settle", err)
}

// LogValue is what a log says of a run.
func (r *run) LogValue() slog.Value {
	return slog.GroupValue(slog.Int64("id", r.ID), slog.String("queue", r.Queue), slog.Any("attempt", r.Attempt))
}
