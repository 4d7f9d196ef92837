package listen

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// echoTimeout is how long a notification may take.
const echoTimeout = 2 * time.Second

var errDeaf = errors.New("LISTEN does not deliver on this connection, probably through a pooler: give a direct connection (ListenURL, --listen-url)")

// echo notes the notification of the self-test. It is used by one goroutine.
type echo struct {
	channel string
	came    bool
}

func (e *echo) heard(channel string) bool {
	if e.channel == "" || channel != e.channel {
		return false
	}
	e.came = true
	return true
}

// selfTest proves that notifications arrive. They are sent through another connection, because a
// pooler may pass on what comes while a statement of ours is running. It goes before everything that
// takes session locks: left behind in a pooler's session, they would stay.
func (l *Listener) selfTest(ctx context.Context, conn *pgx.Conn, e *echo) error {
	e.channel = fmt.Sprintf("jobmachine.selftest%x*", rand.Uint64())
	name := pgx.Identifier{e.channel}.Sanitize()
	if err := bounded(ctx, pingTimeout, func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "listen "+name)
		return err
	}); err != nil {
		return err
	}
	if err := bounded(ctx, pingTimeout, func(ctx context.Context) error {
		other, err := l.Dialer.Connect(ctx, nil)
		if err != nil {
			return err
		}
		defer pg.Close(other)
		return gen.New(other).Notify(ctx, e.channel)
	}); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, echoTimeout)
	defer cancel()
	for !e.came {
		if err := conn.PgConn().WaitForNotification(wait); err != nil {
			if wait.Err() != nil && !conn.IsClosed() {
				return errDeaf
			}
			return err
		}
	}
	return bounded(ctx, pingTimeout, func(ctx context.Context) error {
		_, err := conn.Exec(ctx, "unlisten "+name)
		return err
	})
}
