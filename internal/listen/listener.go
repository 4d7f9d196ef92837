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

// Listener keeps one LISTEN connection. Set the fields, then call Run.
type Listener struct {
	Dialer *pg.Dialer
	Schema string
	Idle   time.Duration // a connection that was quiet for so long is pinged; default 10 s
	Log    *slog.Logger

	OnNotify func(channel string) // a notification came; must not block
	OnChange func(up bool)        // it works, or it is lost; must not block

	mu        sync.Mutex
	up        bool
	calls     []call
	interrupt context.CancelFunc
}

type call struct {
	fn   func(ctx context.Context, q *gen.Queries) error
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
func (l *Listener) Do(ctx context.Context, fn func(ctx context.Context, q *gen.Queries) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := l.Go(fn)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Ask is Do for a call that answers.
func Ask[T any](ctx context.Context, l *Listener, fn func(ctx context.Context, q *gen.Queries) (T, error)) (T, error) {
	answer := make(chan T, 1) // fn may end after Do
	err := l.Do(ctx, func(ctx context.Context, q *gen.Queries) error {
		v, err := fn(ctx, q)
		answer <- v
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return <-answer, nil
}

// Go is Do without waiting for the end. Calls run in the order in which they were given.
func (l *Listener) Go(fn func(ctx context.Context, q *gen.Queries) error) <-chan error {
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
	complain := true // once per outage
	for ctx.Err() == nil {
		pause := backoff.Next
		wasUp, err := l.listen(ctx, !complain)
		if wasUp {
			backoff.Reset()
			complain = true
		}
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errDeaf) {
			pause = func() time.Duration { return pg.Jitter(deafPause, 0.2) }
		}
		if complain {
			l.Log.Warn("not listening, polling instead", "error", err)
			complain = false
		}
		pg.Sleep(ctx, pause())
	}
}

// listen is the life of one connection.
func (l *Listener) listen(ctx context.Context, again bool) (wasUp bool, err error) {
	var echo echo
	conn, err := l.Dialer.Connect(ctx, func(channel string) {
		if !echo.heard(channel) {
			l.OnNotify(channel)
		}
	})
	if err != nil {
		return false, err
	}
	defer pg.Close(conn)
	if err := l.selfTest(ctx, conn, &echo); err != nil {
		return false, err
	}
	q := gen.New(schema.DB(conn, l.Schema))
	if again {
		l.Log.Info("listening again")
	}
	l.change(true)
	defer l.change(false)
	for {
		calls, wait := l.next(ctx)
		for i, c := range calls {
			err := bounded(ctx, callTimeout, func(ctx context.Context) error { return c.fn(ctx, q) })
			c.done <- err
			if err != nil && pg.Lost(conn, err) {
				for _, c := range calls[i+1:] {
					c.done <- ErrDown
				}
				return true, err
			}
		}
		if len(calls) > 0 {
			continue
		}
		err := conn.PgConn().WaitForNotification(wait)
		quiet := wait.Err() == context.DeadlineExceeded
		l.interrupt()
		if ctx.Err() != nil {
			return true, ctx.Err()
		}
		if err != nil && conn.IsClosed() {
			return true, err
		}
		if quiet {
			if err := bounded(ctx, pingTimeout, conn.Ping); err != nil {
				return true, err
			}
		}
	}
}

// next returns the calls to be run, or a context for a wait that the next call interrupts.
func (l *Listener) next(ctx context.Context) ([]call, context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	if len(calls) > 0 {
		return calls, nil
	}
	idle := l.Idle
	if idle == 0 {
		idle = 10 * time.Second
	}
	ctx, l.interrupt = context.WithTimeout(ctx, idle)
	return nil, ctx
}

func (l *Listener) change(up bool) {
	l.mu.Lock()
	l.up, l.interrupt = up, func() {}
	calls := l.calls
	l.calls = nil
	l.mu.Unlock()
	for _, c := range calls {
		c.done <- ErrDown
	}
	if l.OnChange != nil {
		l.OnChange(up)
	}
}

func bounded(ctx context.Context, limit time.Duration, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return fn(ctx)
}
