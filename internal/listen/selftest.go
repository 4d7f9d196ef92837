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

// selfTest proves that notifications arrive. They are sent through another connection, because a
// pooler may pass on what comes while a statement of ours is running. It goes before everything that
// takes session locks: left behind in a pooler's session, they would stay.
type selfTest struct {
	channel string
	came    bool
}

func newSelfTest() *selfTest {
	return &selfTest{channel: fmt.Sprintf("jobmachine.selftest%x*", rand.Uint64())}
}

func (t *selfTest) heard(channel string) bool {
	t.came = t.came || channel == t.channel
	return channel == t.channel
}

func (t *selfTest) run(ctx context.Context, conn *pgx.Conn, d *pg.Dialer) error {
	err := bounded(ctx, pingTimeout, func(ctx context.Context) error {
		if _, err := conn.Exec(ctx, "listen "+pgx.Identifier{t.channel}.Sanitize()); err != nil {
			return err
		}
		other, err := d.Connect(ctx, nil)
		if err != nil {
			return err
		}
		defer pg.Close(other)
		return gen.New(other).Notify(ctx, t.channel)
	})
	for err == nil && !t.came {
		err = bounded(ctx, echoTimeout, conn.PgConn().WaitForNotification)
		if err != nil && !conn.IsClosed() {
			return errDeaf
		}
	}
	return err
}
