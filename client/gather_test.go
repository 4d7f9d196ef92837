package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/tracelog"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// gathering has a client that gathers sends. One whose payload has a key "hold" hangs until the test lets it go; one with a key
// "refuse" is refused.
type gathering struct {
	*bench
	client *client.Client
}

const held = "from pg_locks where locktype = 'advisory' and objid = 4711 and not granted and database = (select oid from pg_database where datname = current_database())"

// together is true when a transaction of several sends hangs, and the one before has gone.
const together = "select count(*) = 1 and coalesce(bool_and((select query like '%send_many%' from pg_stat_activity a where a.pid = pg_locks.pid)), false) " + held

func newGathering(t *testing.T) *gathering {
	t.Helper()
	g := &gathering{bench: newBench(t)}
	var err error
	if g.client, err = client.New(g.Pool, client.Config{Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	g.Exec("create sequence tries")
	g.Exec(`create function hold() returns trigger language plpgsql as $$
		begin
		  if new.payload ? 'hold' then
		    perform pg_advisory_xact_lock_shared(4711);
		  elsif new.payload ? 'refuse' then
		    raise exception 'refused the % time', nextval('public.tries');
		  end if;
		  return new;
		end $$`)
	g.Exec("create trigger hold before insert on jobmachine.job for each row execute function hold()")
	return g
}

// hold keeps the sends that want it, until let is called.
func (g *gathering) hold() (let func()) {
	conn := g.Connect()
	if _, err := conn.Exec(g.Context(), "select pg_advisory_lock(4711)"); err != nil {
		g.Fatal(err)
	}
	return func() {
		if _, err := conn.Exec(g.Context(), "select pg_advisory_unlock(4711)"); err != nil {
			g.Error(err)
		}
	}
}

type sent struct {
	id  int64
	err error
}

// send sends in the background.
func (g *gathering) send(ctx context.Context, payload string, o ...client.Options) <-chan sent {
	done := make(chan sent, 1)
	go func() {
		id, err := g.client.Send(ctx, "q", json.RawMessage(payload), o...)
		done <- sent{id, err}
	}()
	return done
}

// line puts sends in line behind one that hangs, in the order of the payloads.
func (g *gathering) line(payloads ...string) (head <-chan sent, line []<-chan sent) {
	g.Helper()
	let := g.hold()
	head = g.send(g.Context(), `{"hold": 0}`)
	g.Eventually("select count(*) = 1 " + held)
	for i, p := range payloads {
		line = append(line, g.send(g.Context(), p))
		g.inLine(i + 1)
	}
	let()
	return head, line
}

func (g *gathering) inLine(n int) {
	g.Helper()
	pgtest.Eventually(g.T, fmt.Sprint(n, " sends in line"), func() bool { return g.client.InLine("q") == n })
}

func TestGatheredSendsShareATransaction(t *testing.T) {
	g := newGathering(t)
	payloads := make([]string, 150)
	for i := range payloads {
		payloads[i] = fmt.Sprintf(`{"n": %d}`, i)
	}
	head, line := g.line(payloads...)
	if s := pgtest.Receive(t, head); s.err != nil {
		t.Error(s.err)
	}
	last := int64(0)
	for i, done := range line {
		s := pgtest.Receive(t, done)
		if s.err != nil || s.id <= last {
			t.Fatalf("send %d after %d: %v", s.id, last, s.err)
		}
		if got := pgtest.Get[string](g.DB, "select payload::text from jobmachine.job where id = $1", s.id); got != payloads[i] {
			t.Errorf("job %d has the payload %s, want %s", s.id, got, payloads[i])
		}
		last = s.id
	}
	if got := fmt.Sprint(pgtest.All[int](g.DB, "select count(*)::int from jobmachine.job group by xmin order by min(id)")); got != "[1 100 50]" {
		t.Errorf("jobs per transaction %s, want the first alone, and 100 at most", got)
	}
}

func TestGatheredSendsAreRefusedOneByOne(t *testing.T) {
	g := newGathering(t)
	_, line := g.line(`{"n": 1}`, `{"nul": "\u0000"}`, `{"n": 3}`, `1e999999`)
	for i, why := range []string{"", "unsupported Unicode escape sequence", "", "numeric"} {
		s := pgtest.Receive(t, line[i])
		if why == "" && (s.err != nil || s.id == 0) || why != "" && (s.err == nil || s.id != 0 || !strings.Contains(s.err.Error(), why)) {
			t.Errorf("send %d: ticket %d, error %v, want %q", i, s.id, s.err, why)
		}
	}
	if n := pgtest.Get[int](g.DB, "select count(*)::int from jobmachine.job"); n != 3 {
		t.Errorf("%d jobs, want 3", n)
	}
}

func TestOneInLineIsRefusedOnce(t *testing.T) {
	g := newGathering(t)
	_, line := g.line(`{"refuse": 1}`)
	if s := pgtest.Receive(t, line[0]); s.err == nil || !strings.Contains(s.err.Error(), "refused the 1 time") {
		t.Error(s.err)
	}
}

// shares reports whether a client's sends that come while one is under way share a transaction.
func (g *gathering) shares(c *client.Client) bool {
	g.Helper()
	g.client = c
	let := g.hold()
	heads := []<-chan sent{g.send(g.Context(), `{"hold": 1}`), g.send(g.Context(), `{"hold": 2}`, client.Options{})}
	var line int
	pgtest.Eventually(g.T, "both sends to hang, or one to be in line", func() bool {
		line = c.InLine("q")
		return pgtest.Get[int](g.DB, "select count(*)::int "+held)+line == 2
	})
	let()
	for _, head := range heads {
		if s := pgtest.Receive(g.T, head); s.err != nil {
			g.Error(s.err)
		}
	}
	return line > 0
}

// A role per request or a trace looks at the ctx of a call, which is that of one of those who share it.
func TestWhoGathers(t *testing.T) {
	g := newGathering(t)
	open, err := client.Open(t.Context(), g.URL, client.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	alone, err := client.Open(t.Context(), g.URL, client.Config{Logger: quiet, SendAlone: true})
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	with := func(change func(*pgxpool.Config)) *client.Client {
		config := g.Pool.Config()
		change(config)
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		c, err := client.New(pool, client.Config{Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, c := range []struct {
		name   string
		client *client.Client
		want   bool
	}{
		{"a pool", g.client, true},
		{"Open", open, true},
		{"SendAlone", alone, false},
		{"a pool that looks at ctx", with(func(c *pgxpool.Config) {
			c.PrepareConn = func(context.Context, *pgx.Conn) (bool, error) { return true, nil }
		}), false},
		//lint:ignore SA1019 a pool may still have one
		{"one of old that does", with(func(c *pgxpool.Config) { c.BeforeAcquire = func(context.Context, *pgx.Conn) bool { return true } }), false},
		{"one that pings by ctx", with(func(c *pgxpool.Config) {
			c.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
		}), false},
		{"a tracer", with(func(c *pgxpool.Config) { c.ConnConfig.Tracer = &tracelog.TraceLog{LogLevel: tracelog.LogLevelNone} }), false},
	} {
		if got := g.shares(c.client); got != c.want {
			t.Errorf("%s: shares a transaction %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAGatheredSendCanBeGivenUpInLine(t *testing.T) {
	g := newGathering(t)
	let := g.hold()
	head := g.send(t.Context(), `{"hold": 0}`)
	g.Eventually("select count(*) = 1 " + held)
	ctx, giveUp := context.WithCancel(t.Context())
	gone := g.send(ctx, `{}`)
	g.inLine(1)
	giveUp()
	if s := pgtest.Receive(t, gone); !errors.Is(s.err, context.Canceled) {
		t.Error(s.err)
	}
	g.inLine(0)
	let()
	if s := pgtest.Receive(t, head); s.err != nil {
		t.Error(s.err)
	}
	if n := pgtest.Get[int](g.DB, "select count(*)::int from jobmachine.job"); n != 1 {
		t.Errorf("%d jobs, want one", n)
	}
}

// A call goes on as long as one of them waits for it.
func TestAGatheredSendCanBeGivenUpOnItsWay(t *testing.T) {
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprint("all of them ", all), func(t *testing.T) {
			g := newGathering(t)
			let := g.hold()
			ctx, giveUpHead := context.WithCancel(t.Context())
			head := g.send(ctx, `{"hold": 0}`)
			g.Eventually("select count(*) = 1 " + held)
			one, giveUpOne := context.WithCancel(t.Context())
			first := g.send(one, `{"hold": 1}`)
			g.inLine(1)
			two, giveUpTwo := context.WithCancel(t.Context())
			second := g.send(two, `{"hold": 2}`)
			g.inLine(2)
			giveUpHead()
			if s := pgtest.Receive(t, head); !errors.Is(s.err, context.Canceled) {
				t.Error("the one before them:", s.err)
			}
			g.Eventually(together)
			giveUpOne()
			if s := pgtest.Receive(t, first); !errors.Is(s.err, context.Canceled) {
				t.Error("the one that was given up:", s.err)
			}
			if all {
				giveUpTwo()
				if s := pgtest.Receive(t, second); !errors.Is(s.err, context.Canceled) {
					t.Error("the other one that was given up:", s.err)
				}
				g.Eventually("select count(*) = 0 " + held)
			}
			let()
			if !all {
				if s := pgtest.Receive(t, second); s.err != nil {
					t.Error("the other one:", s.err)
				}
			}
			giveUpTwo()
			if n, want := pgtest.Get[int](g.DB, "select count(*)::int from jobmachine.job"), map[bool]int{false: 2, true: 0}[all]; n != want {
				t.Errorf("%d jobs, want %d", n, want)
			}
		})
	}
}

// A lost connection leaves open whether the transaction was committed, so nothing of it may be sent again.
func TestGatheredSendsThatAreLostAreNotRepeated(t *testing.T) {
	g := newGathering(t)
	let := g.hold()
	defer let()
	ctx, giveUp := context.WithCancel(t.Context())
	head := g.send(ctx, `{"hold": 0}`)
	g.Eventually("select count(*) = 1 " + held)
	line := []<-chan sent{g.send(t.Context(), `{"hold": 1}`)}
	g.inLine(1)
	line = append(line, g.send(t.Context(), `{"n": 2}`))
	g.inLine(2)
	giveUp()
	pgtest.Receive(t, head)
	g.Eventually(together)
	g.Exec("select pg_terminate_backend(pid) " + held)
	for _, done := range line {
		if s := pgtest.Receive(t, done); s.err == nil || s.id != 0 {
			t.Errorf("ticket %d of a lost connection", s.id)
		}
	}
	if n := pgtest.Get[int](g.DB, "select count(*)::int from jobmachine.job"); n != 0 {
		t.Errorf("%d jobs, want none", n)
	}
}

func TestASendDoesNotWaitForOneThatHangs(t *testing.T) {
	g := newGathering(t)
	g.client.SetPatience(1)
	let := g.hold()
	head := g.send(t.Context(), `{"hold": 0}`)
	g.Eventually("select count(*) = 1 " + held)
	if s := pgtest.Receive(t, g.send(t.Context(), `{"n": 1}`)); s.err != nil {
		t.Error(s.err)
	}
	let()
	if s := pgtest.Receive(t, head); s.err != nil {
		t.Error(s.err)
	}
}

func TestWhatIsNotGathered(t *testing.T) {
	g := newGathering(t)
	let := g.hold()
	head := g.send(t.Context(), `{"hold": 0}`)
	g.Eventually("select count(*) = 1 " + held)
	if s := pgtest.Receive(t, g.send(t.Context(), `{}`, client.Options{UniqueKey: "k"})); s.err != nil {
		t.Error("with options:", s.err)
	}
	if s := pgtest.Receive(t, g.send(t.Context(), `"`+strings.Repeat("x", 16<<10)+`"`)); s.err != nil {
		t.Error("large:", s.err)
	}
	tx, err := g.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := g.must(g.client.SendTx(t.Context(), tx, "q", nil))
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := pgtest.Get[int](g.DB, "select count(*)::int from jobmachine.job where id = $1", id); n != 0 {
		t.Error("the job of a transaction that was rolled back is there")
	}
	let()
	pgtest.Receive(t, head)
}
