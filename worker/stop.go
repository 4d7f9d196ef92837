package worker

import (
	"context"
	"time"
)

const (
	stopGrace  = 2 * time.Second  // for handlers whose ctx was cancelled
	flushGrace = 10 * time.Second // for the last outcomes
)

// stop ends in two phases: handlers may finish, then they are cancelled and their jobs released.
func (w *Worker) stop(life context.Context) {
	running := func() bool { return w.running > 0 }
	if !w.until(running, w.cfg.StopTimeout) {
		w.mu.Lock()
		w.log.Info("cancelling the handlers that are still running", "jobs", w.running)
		for _, r := range w.runs {
			r.cancel(ErrStopped)
		}
		w.mu.Unlock()
	}
	if !w.until(running, stopGrace) {
		w.mu.Lock()
		w.log.Warn("handlers do not end, their jobs are released", "jobs", w.running)
		for _, r := range w.runs {
			r.dropped = true
			w.outcomes = append(w.outcomes, outcome{run: r, verb: "release"})
		}
		w.mu.Unlock()
		w.ended.raise()
	}
	if !w.until(func() bool { return len(w.outcomes)+w.settling > 0 }, flushGrace) {
		w.log.Error("outcomes could not be delivered, their jobs will run again")
	}
	for _, l := range w.allLeases() {
		if err := w.closeLease(life, l); err != nil {
			w.log.Warn("lease not closed, it will expire", "lease", l.id, "error", err)
		}
	}
	w.mu.Lock()
	w.current = nil
	clear(w.leases)
	w.mu.Unlock()
}

// until waits as long as busy says so, at most d, and reports whether it is over.
func (w *Worker) until(busy func() bool, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), max(0, d))
	defer cancel()
	for {
		w.mu.Lock()
		b := busy()
		w.mu.Unlock()
		if !b || ctx.Err() != nil {
			return !b
		}
		select {
		case <-w.freed:
		case <-ctx.Done():
		}
	}
}
