package worker

import (
	"context"
	"time"
)

// signal is a flag that many may raise and one waits for. Raising it twice is raising it once.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) raise() {
	select {
	case s <- struct{}{}:
	default:
	}
}

func (s signal) lower() {
	select {
	case <-s:
	default:
	}
}

// wait waits for the flag, at most d, takes it down, and reports whether it was up.
func (s signal) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}
