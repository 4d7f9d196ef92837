package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jobmachine/jobmachine/internal/pg"
)

// Handler does one job. It returns the reply, nil for none, or an error: a failed attempt, unless
// Permanent, RetryIn, Snooze or Cancel made it.
type Handler func(ctx context.Context, job *Job) (reply any, err error)

// QueueOption is a setting of one Handle.
type QueueOption func(*registration)

// MaxRunning limits how many jobs of this queue run at once in this process.
func MaxRunning(n int) QueueOption { return func(r *registration) { r.limit = n } }

// registration is a queue or a pattern and its handler.
type registration struct {
	queue   string
	handler Handler
	limit   int // 0 = none
	running int // under Worker.mu
}

// Handle lets h do the jobs of a queue, or of all queues that a pattern (gl.*, or *) covers; an
// exact name goes before a pattern, and a longer pattern before a shorter one. Call it before Run.
func (w *Worker) Handle(queue string, h Handler, opts ...QueueOption) {
	r := &registration{queue: queue, handler: h}
	for _, o := range opts {
		o(r)
	}
	if w.handlers[queue] == nil {
		w.queues = append(w.queues, queue)
	}
	w.handlers[queue] = r
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

// registration finds the handler of a queue. A job that is nobody's is released.
func (w *Worker) registration(queue string) *registration {
	if r := w.handlers[queue]; r != nil {
		return r
	}
	for _, p := range w.patterns {
		if p.covers(queue) {
			return p
		}
	}
	return &registration{handler: func(context.Context, *Job) (any, error) {
		return nil, verdict("release", errors.New("not ours"), pg.Interval(0))
	}}
}

func (r *registration) covers(queue string) bool {
	prefix, pattern := strings.CutSuffix(r.queue, "*")
	return pattern && strings.HasPrefix(queue, prefix)
}

// prepare sorts the patterns.
func (w *Worker) prepare() error {
	if len(w.queues) == 0 {
		return errors.New("jobmachine: no queue is handled; call Handle before Run")
	}
	w.patterns = nil
	for _, r := range w.handlers {
		if r.handler == nil || r.limit < 0 {
			return fmt.Errorf("jobmachine: queue %s has no handler, or a negative MaxRunning", r.queue)
		}
		if strings.HasSuffix(r.queue, "*") {
			w.patterns = append(w.patterns, r)
		}
	}
	slices.SortFunc(w.patterns, func(a, b *registration) int { return len(b.queue) - len(a.queue) })
	for _, r := range w.handlers {
		for _, p := range w.patterns {
			if r.limit > 0 && r != p && p.covers(r.queue) {
				return fmt.Errorf("jobmachine: MaxRunning of %s cannot be kept: %s claims its jobs too", r.queue, p.queue)
			}
		}
	}
	return nil
}
