// Package listen keeps one LISTEN connection open.
//
// It passes on notifications and runs, between two of them, the calls that must happen on the listening session (park,
// check, hold_lease). When the connection is lost it says so, comes back with jitter, and says so again.
package listen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

const (
	idle        = 10 * time.Second // a connection that was quiet for so long is pinged: a cut one looks like a quiet one
	callTimeout = 10 * time.Second // for a call on the listening session
	patience    = 5 * time.Second  // of those who wait for one, and for the first notification
)

// ErrDown is returned while there is no listening connection.
var ErrDown = errors.New("jobmachine: not listening")
var errDeaf = errors.New("LISTEN does not deliver on this connection, probably through a pooler: give a direct connection (ListenURL, --listen-url)")

// Listener keeps one LISTEN connection. Set the fields, then call Run; one that is not run is down.
// Calls and callbacks never overlap. The callbacks must not block.
type Listener struct {
	Dialer   *pg.Dialer
	Schema   string
	Log      *slog.Logger
	OnNotify func(channel string) // a notification came
	OnChange func()               // a new connection works, or it is lost

	once  sync.Once
	calls chan pg.Query
	up    atomic.Bool
}

// Up reports whether notifications arrive.
func (l *Listener) Up() bool { return l.up.Load() }

// Do runs fn on the listening session. When ctx ends, or after a few seconds, Do returns; if fn has
// begun it goes on, since a cancelled statement would cost the connection.
func (l *Listener) Do(ctx context.Context, fn pg.Query) error {
	if !l.Up() {
		return ErrDown
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan error, 1)
	call := func(ctx context.Context, q *gen.Queries) error {
		err := fn(ctx, q)
		done <- err
		return err
	}
	for calls := l.calls; ; {
		select {
		case calls <- call:
			calls = nil
		case err := <-done:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Run listens until ctx ends.
func (l *Listener) Run(ctx context.Context) {
	l.once.Do(func() { l.calls = make(chan pg.Query) })
	backoff, troubles := pg.Backoff{}, pg.Troubles{}
	tell := func(err error) { troubles.Tell(l.Log, "not listening, polling instead", "listening again", err) }
	for ; ctx.Err() == nil; backoff.Sleep(ctx) {
		conn, err := l.connect(ctx)
		if err == nil {
			tell(nil)
			backoff.Reset()
			err = l.serve(ctx, conn)
		}
		if ctx.Err() == nil {
			tell(err)
		}
	}
}

// connect opens a connection and proves that it delivers. The proof is sent through another one, because
// a pooler may pass on what comes while a statement of ours is running; and it goes before everything
// that takes session locks, which would stay behind in a pooler's session.
func (l *Listener) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := l.Dialer.Connect(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	channel := fmt.Sprintf("jobmachine.selftest%x*", rand.Uint64())
	if _, err = conn.Exec(ctx, "listen "+pgx.Identifier{channel}.Sanitize()); err == nil {
		other := pg.Session{Dialer: l.Dialer, Schema: l.Schema}
		defer other.Close()
		err = other.Do(ctx, func(ctx context.Context, q *gen.Queries) error { return q.Notify(ctx, channel) })
	}
	for came := (*pgconn.Notification)(nil); err == nil && (came == nil || came.Channel != channel); {
		if came, err = conn.WaitForNotification(ctx); err != nil && !conn.IsClosed() {
			err = errDeaf
		}
	}
	if err = cmp.Or(err, pg.Writable(conn)); err != nil {
		pg.Close(conn)
	}
	return conn, err
}

// serve is the life of a connection.
func (l *Listener) serve(ctx context.Context, conn *pgx.Conn) error {
	defer pg.Close(conn)
	defer l.OnChange()
	defer l.up.Store(false)
	l.up.Store(true)
	l.OnChange()
	q := gen.New(schema.DB(conn, l.Schema))
	for ctx.Err() == nil {
		wait, interrupt := context.WithTimeout(ctx, idle)
		waited := make(chan error, 1)
		go func() {
			n, err := conn.WaitForNotification(wait)
			if n != nil {
				l.OnNotify(n.Channel)
				runtime.Gosched() // who was woken goes before the next wait
			}
			waited <- err
		}()
		call := func(ctx context.Context, _ *gen.Queries) error { return conn.Ping(ctx) }
		var err error
		select {
		case call = <-l.calls:
			interrupt()
			err = <-waited
		case err = <-waited:
			interrupt()
			if err == nil {
				continue
			}
		}
		lost := conn.IsClosed() // and err says why; else it only says that the waiting is over
		bounded, cancel := context.WithTimeout(ctx, callTimeout)
		if e := call(bounded, q); !lost {
			err = e
		}
		cancel()
		if err = cmp.Or(err, pg.Writable(conn)); err != nil && pg.Lost(conn, err) {
			return err
		}
	}
	return ctx.Err()
}
