package worker

import (
	"context"
	"time"
)

const (
	stopGrace  = 2 * time.Second  // for handlers whose ctx was cancelled
	flushGrace = 10 * time.Second // for the last outcomes
)

// stop ends in two phases: handlers may finish, then they are cancelled and their jobs released, at
// last with the lease.
func (w *Worker) stop(life context.Context) {
	running := func() bool { return w.running > 0 }
	if w.still(running, w.cfg.StopTimeout) {
		w.log.Info("cancelling the handlers that are still running")
		w.mu.Lock()
		for _, r := range w.runs {
			r.cancel(ErrStopped)
		}
		w.mu.Unlock()
	}
	if w.still(running, stopGrace) {
		w.log.Warn("some handlers do not end, their jobs are released")
	}
	if w.still(func() bool { return len(w.outcomes)+w.settling > 0 }, flushGrace) {
		w.log.Error("some outcomes could not be delivered, their jobs will run again")
	}
	for _, l := range w.allLeases() {
		w.retireLease(l)
		if err := w.closeLease(life, l); err != nil {
			w.log.Warn("the lease is left to expire", "lease", l.id, "error", err)
		}
	}
}

// still waits as long as busy says so, at most d, and reports whether it still does.
func (w *Worker) still(busy func() bool, d time.Duration) bool {
	for end := time.Now().Add(d); ; w.freed.wait(context.Background(), time.Until(end)) {
		w.mu.Lock()
		b := busy()
		w.mu.Unlock()
		if !b || time.Now().After(end) {
			return b
		}
	}
}
