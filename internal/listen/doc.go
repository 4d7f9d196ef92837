// Package listen keeps one LISTEN connection open.
//
// A goroutine owns the connection. It does nothing but drain notifications into callbacks, and run
// the calls that must happen on the listening session (park, check, hold_lease) between two waits.
// When the connection is lost it says so, comes back with jitter, and says so again: what was
// listened to on the old connection is gone, so its users ask anew. An idle connection is pinged,
// because a cut one looks like a quiet one.
//
// Through a pooler LISTEN succeeds and never delivers. So a new connection first listens to a
// channel of its own, which is notified through another connection; if that does not come back, the
// listener reports itself deaf and its users poll.
package listen
