package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// run is a handler at work.
type run struct {
	Job
	reg    *registration
	lease  *lease
	cancel context.CancelCauseFunc
}

// start hands out claimed jobs. A job that is claimed while an older run of it still goes on here
// takes the place of that one; their receipts tell them apart.
func (w *Worker) start(jobs []gen.ClaimedJob, l *lease) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastClaim = time.Now()
	for _, job := range jobs {
		r := &run{Job: Job{ClaimedJob: job, worker: w}, reg: w.registration(job.Queue), lease: l}
		var ctx context.Context
		ctx, r.cancel = context.WithCancelCause(context.WithValue(w.base, jobKey{}, &r.Job))
		if w.leases[l.id] != l {
			r.cancel(ErrLeaseLost) // while the claim was under way
		}
		if old := w.runs[job.ID]; old != nil {
			old.cancel(ErrLeaseLost)
		}
		w.runs[job.ID] = r
		w.running++
		l.jobs++
		r.reg.running++
		go w.do(ctx, r)
	}
}

// do runs the handler and notes the outcome.
func (w *Worker) do(ctx context.Context, r *run) {
	defer r.cancel(nil)
	o := outcome{verb: "fail", err: "the handler ended its goroutine"} // what runtime.Goexit leaves
	defer func() { w.finish(r, o) }()
	if at := r.DeadlineAt; at != nil {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadlineCause(ctx, r.lease.local(*at), ErrTimeout)
		defer stop()
	}
	reply, err := r.call(ctx)
	o = r.judge(context.Cause(ctx), reply, err)
}

// call runs the handler; a panic is an error with the stack.
func (r *run) call(ctx context.Context) (reply any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n\n%s", p, debug.Stack())
		}
	}()
	return r.reg.handler(ctx, &r.Job)
}

// judge makes the outcome of what the handler returned. cause is why its ctx ended, if it did.
func (r *run) judge(cause error, reply any, err error) outcome {
	var v *verdictError
	switch {
	case err == nil && r.inTx.Load():
		// If its transaction was committed the answer to this is already, and nothing changes.
		return outcome{verb: "fail", err: "the handler returned without committing the transaction of CompleteTx"}
	case err == nil:
		text, err := pg.JSON(reply)
		if err != nil {
			return outcome{verb: "fail", err: "reply: " + err.Error()}
		}
		return outcome{verb: "complete", reply: string(text)}
	case errors.As(err, &v):
		o := v.outcome
		o.err = err.Error()
		return o
	case errors.Is(cause, ErrStopped):
		return outcome{verb: "release"}
	case errors.Is(cause, ErrTimeout):
		return outcome{} // the database ends the attempt itself, with that reason
	}
	return outcome{verb: "fail", err: err.Error()}
}

// finish frees the slot and leaves the outcome to the settler.
func (w *Worker) finish(r *run, o outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	w.freed.raise()
	r.reg.running--
	if r.reg.limit > 0 {
		w.wake.raise() // its queue may be claimed from again
	}
	if w.runs[r.ID] == r {
		delete(w.runs, r.ID)
	}
	if o.run = r; o.verb == "" {
		r.lease.jobs--
		w.sweep.raise()
		return
	}
	w.outcomes = append(w.outcomes, o)
	w.ended.raise()
}
