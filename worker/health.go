package worker

import "time"

// Health is what a probe wants to know.
type Health struct {
	Listening bool          // notifications arrive; always false when PollOnly
	LastClaim time.Time     // when the database last answered a claim, empty or not
	LeaseAge  time.Duration // since the lease was opened or renewed; 0: there is none
	Held      bool          // the lease is tied to the listening connection
	Running   int           // handlers at work
	Unsettled int           // outcomes that are not delivered yet
}

// Health returns the state of the worker.
func (w *Worker) Health() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := Health{LastClaim: w.lastClaim, Running: w.running, Unsettled: len(w.outcomes) + w.settling}
	if w.current != nil {
		h.LeaseAge, h.Held = time.Since(w.current.clock.Load().local), w.current.held
	}
	h.Listening = w.listener != nil && w.listener.Up()
	return h
}
