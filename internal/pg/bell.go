package pg

import (
	"context"
	"time"
)

// Bell wakes one who waits: make(Bell, 1). It may be rung by many; ringing it twice is ringing it once.
type Bell chan struct{}

// Ring wakes who waits, or who will.
func (b Bell) Ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// Wait waits until it is rung, at most d, and reports whether it was.
func (b Bell) Wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-b:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}
