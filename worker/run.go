package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// run is a handler at work.
type run struct {
	Job
	reg     *registration // nil: nobody handles its queue
	lease   *lease
	ctx     context.Context
	cancel  context.CancelCauseFunc
	dropped bool // its outcome was given without waiting for the handler; under Worker.mu
}

// start hands out claimed jobs. The receipt tells runs apart: a job that is claimed while an older
// run of it still goes on here takes the place of that one.
func (w *Worker) start(jobs []gen.ClaimedJob, lease *lease) {
	runs := make([]*run, 0, len(jobs))
	w.mu.Lock()
	for _, job := range jobs {
		r := &run{Job: Job{ClaimedJob: job, worker: w}, reg: w.registration(job.Queue), lease: lease}
		r.ctx, r.cancel = context.WithCancelCause(context.WithValue(w.base, jobKey{}, &r.Job))
		lease.jobs++
		if old := w.runs[job.ID]; old != nil {
			old.cancel(ErrLeaseLost)
		}
		w.runs[job.ID] = r
		w.running++
		if r.reg != nil {
			r.reg.running++
		}
		runs = append(runs, r)
	}
	w.mu.Unlock()
	for _, r := range runs {
		go w.do(r)
	}
}

// do runs the handler and notes the outcome.
func (w *Worker) do(r *run) {
	defer r.cancel(nil)
	ctx := r.ctx
	if at := r.DeadlineAt; at != nil {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadlineCause(ctx, r.lease.local(*at), ErrTimeout)
		defer stop()
	}
	o := outcome{verb: "fail", err: "the handler ended its goroutine"} // what runtime.Goexit leaves
	defer func() { w.finish(r, o) }()
	if r.reg == nil {
		o = outcome{verb: "release"}
		return
	}
	reply, err := r.call(ctx)
	o = r.judge(context.Cause(ctx), reply, err)
}

// call runs the handler; a panic is an error with the stack.
func (r *run) call(ctx context.Context) (reply any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n\n%s", p, debug.Stack())
			r.worker.log.Error("handler panicked", "job", r.ID, "queue", r.Queue, "panic", p)
		}
	}()
	return r.reg.handler(ctx, &r.Job)
}

// judge makes the outcome of what the handler returned. cause is why its ctx ended, if it did.
func (r *run) judge(cause error, reply any, err error) outcome {
	var v *verdict
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
		o := outcome{verb: v.verb, err: err.Error()}
		if v.delayed {
			o.delay = pg.Interval(v.delay)
		}
		return o
	case errors.Is(cause, ErrStopped):
		return outcome{verb: "release"}
	case errors.Is(cause, ErrTimeout):
		return outcome{} // the database ends the attempt itself, with that reason
	default:
		return outcome{verb: "fail", err: err.Error()}
	}
}

// finish frees the slot and leaves the outcome to the settler.
func (w *Worker) finish(r *run, o outcome) {
	o.run = r
	w.mu.Lock()
	w.running--
	if r.reg != nil {
		r.reg.running--
	}
	if w.runs[r.ID] == r {
		delete(w.runs, r.ID)
	}
	switch {
	case r.dropped:
	case o.verb == "":
		r.lease.jobs--
		w.sweep.raise()
	default:
		w.outcomes = append(w.outcomes, o)
		w.ended.raise()
	}
	w.mu.Unlock()
	w.freed.raise()
}
