package pg

import (
	"context"
	"time"
)

// Deadline is a context of several that end at one time: they share its timer, which goes with the last of them.
type Deadline struct {
	ctx   context.Context
	stop  context.CancelFunc
	users int
}

// NewDeadline makes a context that ends at a time, with a cause; the zero time is never.
func NewDeadline(parent context.Context, at time.Time, cause error) *Deadline {
	d := &Deadline{ctx: parent, stop: func() {}}
	if !at.IsZero() {
		d.ctx, d.stop = context.WithDeadlineCause(parent, at, cause)
	}
	return d
}

// Join returns the context for one more. Calls of Join and Leave must not overlap.
func (d *Deadline) Join() context.Context {
	d.users++
	return d.ctx
}

// Leave is called when one of them has ended; after the last the context is over.
func (d *Deadline) Leave() {
	if d.users--; d.users == 0 {
		d.stop()
	}
}
