package pg

import "time"

// Clock is the database's time at a moment of the local monotonic clock.
type Clock struct{ Database, Local time.Time }

// Of turns a time of the database into one of the local clock; null is the zero time.
func (c *Clock) Of(at *time.Time) (local time.Time) {
	if at != nil {
		local = c.Local.Add(at.Sub(c.Database))
	}
	return local
}
