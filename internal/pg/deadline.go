package pg

import (
	"context"
	"time"
)

// Deadline is a context of several that end at one time: they share its timer, which goes with the last of them.
type Deadline struct {
	context.Context
	stop  context.CancelFunc
	users int
}

// NewDeadline makes a context that ends at a time, with a cause; the zero time is never.
func NewDeadline(parent context.Context, at time.Time, cause error) *Deadline {
	d := &Deadline{Context: parent, stop: func() {}}
	if !at.IsZero() {
		d.Context, d.stop = context.WithDeadlineCause(parent, at, cause)
	}
	return d
}

// Join returns the context for one more. Calls of Join and Leave must not overlap.
func (d *Deadline) Join() context.Context {
	d.users++
	return d.Context
}

// Leave is called when one of them has ended; after the last the context is over.
func (d *Deadline) Leave() {
	if d.users--; d.users == 0 {
		d.stop()
	}
}

// Clock is the database's time at a moment of the local monotonic clock.
type Clock struct{ Database, Local time.Time }

// Of turns a time of the database into one of the local clock; null is the zero time.
func (c *Clock) Of(at *time.Time) (local time.Time) {
	if at != nil {
		local = c.Local.Add(at.Sub(c.Database))
	}
	return local
}
