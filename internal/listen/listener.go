package listen

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

const (
	callTimeout = 15 * time.Second // for a call on the listening session
	patience    = 5 * time.Second  // of those who wait for one
	pingTimeout = 5 * time.Second  // for a sign of life
	deafPause   = time.Minute      // between two tries of a connection that does not deliver
)

// ErrDown is returned while there is no listening connection.
var ErrDown = errors.New("jobmachine: not listening")

// Listener keeps one LISTEN connection. Set the fields, then call Run. The callbacks must not block.
type Listener struct {
	Dialer   *pg.Dialer
	Schema   string
	Idle     time.Duration // a connection that was quiet for so long is pinged
	Log      *slog.Logger
	OnNotify func(channel string) // a notification came
	OnChange func(up bool)        // a new connection works, or it is lost

	mu        sync.Mutex
	up        bool
	calls     []call
	interrupt context.CancelFunc // ends the wait for notifications
}

type call struct {
	fn   pg.Query
	done chan error
}

// Up reports whether notifications arrive.
func (l *Listener) Up() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up
}

// Do runs fn on the listening session. When ctx ends before fn has, or after a few seconds, Do
// returns and fn goes on: a cancelled statement would cost the connection.
func (l *Listener) Do(ctx context.Context, fn pg.Query) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case err := <-l.Go(fn):
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Go is Do without waiting for the end. Calls run in the order in which they were given.
func (l *Listener) Go(fn pg.Query) <-chan error {
	c := call{fn: fn, done: make(chan error, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.up {
		c.done <- ErrDown
		return c.done
	}
	l.calls = append(l.calls, c)
	l.interrupt()
	return c.done
}

// Run listens until ctx ends.
func (l *Listener) Run(ctx context.Context) {
	var backoff pg.Backoff
	silent := false // said that it does not listen
	for {
		worked, err := l.listen(ctx, silent)
		if ctx.Err() != nil {
			return
		}
		if worked {
			backoff.Reset()
		}
		if worked || !silent {
			l.Log.Warn("not listening, polling instead", "error", err)
			silent = true
		}
		if errors.Is(err, errDeaf) {
			pg.Sleep(ctx, pg.Jitter(deafPause, 0.2))
		}
		backoff.Sleep(ctx)
	}
}

// listen is the life of one connection.
func (l *Listener) listen(ctx context.Context, again bool) (worked bool, err error) {
	test := newSelfTest()
	conn, err := l.Dialer.Connect(ctx, func(channel string) {
		if !test.heard(channel) {
			l.OnNotify(channel)
		}
	})
	if err != nil {
		return false, err
	}
	defer pg.Close(conn)
	if err := test.run(ctx, conn, l.Dialer); err != nil {
		return false, err
	}
	if again {
		l.Log.Info("listening again")
	}
	l.change(true)
	defer l.change(false)
	q := gen.New(schema.DB(conn, l.Schema))
	for {
		c, wait := l.next(ctx)
		if c != nil {
			err = bounded(ctx, callTimeout, func(ctx context.Context) error { return c.fn(ctx, q) })
			c.done <- err
			if err != nil && pg.Lost(conn, err) {
				return true, err
			}
			continue
		}
		err = conn.PgConn().WaitForNotification(wait)
		quiet := wait.Err() == context.DeadlineExceeded
		l.interrupt()
		if quiet && !conn.IsClosed() {
			err = bounded(ctx, pingTimeout, conn.Ping)
		}
		if conn.IsClosed() || ctx.Err() != nil {
			return true, err
		}
	}
}

// next returns the next call, or a context for a wait that a call interrupts.
func (l *Listener) next(ctx context.Context) (*call, context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) > 0 {
		c := l.calls[0]
		l.calls = l.calls[1:]
		return &c, nil
	}
	ctx, l.interrupt = context.WithTimeout(ctx, l.Idle)
	return nil, ctx
}

func (l *Listener) change(up bool) {
	l.mu.Lock()
	l.up, l.interrupt = up, func() {}
	for _, c := range l.calls {
		c.done <- ErrDown
	}
	l.calls = nil
	l.mu.Unlock()
	l.OnChange(up)
}

func bounded(ctx context.Context, limit time.Duration, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return fn(ctx)
}
