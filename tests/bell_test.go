package tests

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// parked makes the session a sleeper and returns when it may sleep long.
func (s session) parked(queue string) {
	s.t.Helper()
	pgtest.Eventually(s.t, "a park that may sleep", func() bool { return one[float64](s, "select jobmachine.park(array[$1])", queue) > 0.5 })
}

func TestASendThatIsRolledBackIsInvisibleAndWakesNobody(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	sender, sleeper := connect(t, db), connect(t, db)
	sleeper.parked("q")
	sender.exec("begin")
	id := one[int64](sender, "select jobmachine.send('q')")
	equal(t, "state seen by others", sleeper.state(id), "unknown")
	sender.exec("rollback")
	equal(t, "state after the rollback", sleeper.state(id), "unknown")
	equal(t, "woken", woken(t, sleeper, sender, "jobmachine.q"), false)
}

func TestASavepointThatIsRolledBackLeavesTheOuterSend(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	sender, sleeper := connect(t, db), connect(t, db)
	one[float64](sleeper, "select jobmachine.park(array['q'])")
	// Sent before the sleeper parks, so the sender has found nobody; the rollback must not give its flag up.
	sender.exec("begin")
	sender.exec("select jobmachine.send('q')")
	sender.exec("savepoint s")
	sender.exec("select jobmachine.send('q')")
	sender.exec("rollback to savepoint s")
	if wait := one[float64](sleeper, "select jobmachine.park(array['q'])"); wait > 0.5 {
		t.Errorf("park says %v s although a sender is under way", wait)
	}
	sender.exec("commit")
	equal(t, "park after the commit", one[float64](sleeper, "select jobmachine.park(array['q'])"), 0)
	equal(t, "jobs", len(sleeper.claim("q", 10, nil)), 1)
}

func TestASenderThatStaysOpenMakesASleeperLookTwiceASecond(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	sender, sleeper := connect(t, db), connect(t, db)
	one[float64](sleeper, "select jobmachine.park(array['q'])")
	sender.exec("begin")
	sender.exec("select jobmachine.send('q')")
	var waits []float64
	for range 12 {
		waits = append(waits, one[float64](sleeper, "select jobmachine.park(array['q'])"))
	}
	if waits[0] > 0.01 || waits[0] == 0 {
		t.Errorf("the first look is after %v s, want a few ms", waits[0])
	}
	for _, w := range waits[9:] {
		equal(t, "later looks every", w, 0.5)
	}
	// Whoever parks now is found by later senders, in spite of the one that is open.
	connect(t, db).exec("select jobmachine.send('q')")
	equal(t, "woken", woken(t, sleeper, connect(t, db), "jobmachine.q"), true)
}

func TestAnOpenClaimMakesASleeperLookTwiceASecond(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	other, sleeper := connect(t, db), connect(t, db)
	one[float64](sleeper, "select jobmachine.park(array['q'])")
	other.exec("select jobmachine.send('q')")
	other.exec("begin")
	other.claimOne("q")
	var wait float64
	for range 12 {
		equal(t, "jobs to be had", len(sleeper.claim("q", 1, nil)), 0)
		wait = one[float64](sleeper, "select jobmachine.park(array['q'])")
	}
	equal(t, "looks every", wait, 0.5)
	other.exec("rollback")
	equal(t, "jobs after the rollback", len(sleeper.claim("q", 1, nil)), 1)
}

func TestTenThousandQueuesInOneTransaction(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	sender, sleeper, wide := connect(t, db), connect(t, db), connect(t, db)
	sleeper.parked("many.9999")
	wide.parked("many.*")
	sender.exec("begin")
	equal(t, "sent", one[int64](sender, "select count(jobmachine.send('many.' || n)) from generate_series(1, 10000) n"), 10000)
	if locks := one[int64](sender, "select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'"); locks > 1024 {
		t.Errorf("the sender holds %d advisory locks, want at most 1024", locks)
	}
	sender.exec("commit")
	equal(t, "the sleeper on one queue is woken", woken(t, sleeper, sender, "jobmachine.many.9999"), true)
	equal(t, "the sleeper on a pattern is woken", woken(t, wide, sender, "jobmachine.*"), true)
}

// Of many tickets that come in at once only one of each queue rings.
func TestTicketsThatComeInTogetherWakeTheSleepersOfEveryQueue(t *testing.T) {
	t.Parallel()
	const four = `select jobmachine.send(q) from unnest('{b,a,b,a}'::text[]) q`
	for name, step := range map[string]struct{ before, comeIn string }{
		"sent":   {"", four},
		"due":    {`select jobmachine.send_many(q, '{"{}","{}"}', delay => '1 ms') from unnest('{b,a,b,a}'::text[]) q; select pg_sleep(0.002)`, `select jobmachine.tick()`},
		"unique": {"", `select jobmachine.send_many(q, '{"{}","{}"}', unique_keys => '{x,y}') from unnest('{b,a}'::text[]) q`},
		"released": {four + `; create temp table run as select q.n, c.id, c.receipt from unnest('{b,a}'::text[]) with ordinality q (name, n), jobmachine.claim(q.name, 2) c`,
			`select jobmachine.settle(array_agg(id order by n), array_agg(receipt order by n), array_agg('release'::text)) from run`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			a, b, sender := connect(t, db), connect(t, db), connect(t, db)
			for _, statement := range strings.Split(step.before, "; ") {
				sender.exec(statement)
			}
			// No parked here: it ticks, and what is due must come in later.
			a.exec("listen \"jobmachine.a\"")
			b.exec("listen \"jobmachine.b\"")
			a.exec("select jobmachine._sleep_on('{a}')")
			b.exec("select jobmachine._sleep_on('{b}')")
			sender.exec(step.comeIn)
			equal(t, "a is woken", woken(t, a, sender, "jobmachine.a"), true)
			equal(t, "b is woken", woken(t, b, sender, "jobmachine.b"), true)
		})
	}
}

func TestASessionThatIsParkedItselfWakesItself(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	s.parked("q")
	s.exec("select jobmachine.send('q')")
	equal(t, "woken", woken(t, s, connect(t, db), "jobmachine.q"), true)
}

func TestParkIsIdempotentAndUnparkLetsGo(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	held := func() int64 {
		return one[int64](s, "select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'")
	}
	for range 5 {
		s.parked("q")
	}
	equal(t, "locks: A and B of q and of the ticker", held(), 4)
	one[float64](s, "select jobmachine.park(array['r'])")
	s.parked("r")
	equal(t, "locks after parking on another queue", held(), 4)
	s.exec("select jobmachine.unpark()")
	equal(t, "locks after unpark", held(), 0)
	connect(t, db).exec("select jobmachine.send('r')")
	equal(t, "notified when awake", woken(t, s, connect(t, db), "jobmachine.r"), false)
}

func TestARolledBackParkHoldsNothingThatSendersTrust(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	s.exec("begin")
	one[float64](s, "select jobmachine.park(array['q'])")
	s.exec("rollback")
	equal(t, "locks", one[int64](s, "select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'"), 0)
	equal(t, "the next park LISTENs and says look again", one[float64](s, "select jobmachine.park(array['q'])"), 0)
}

// A busy worker is awake, so senders do not notify: commits with a NOTIFY go one at a time.
func TestABusyWorkerCausesHardlyAnyNotify(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	const senders, each = 8, 12500
	ctx, stop := context.WithCancel(t.Context())
	counter := connect(t, db)
	counter.exec(`listen "jobmachine.q"`)
	notifies := make(chan int)
	go func() {
		n := 0
		for {
			if _, err := counter.WaitForNotification(ctx); err != nil {
				notifies <- n
				return
			}
			n++
		}
	}()

	var sending sync.WaitGroup
	for range senders {
		s := connect(t, db)
		sending.Go(func() {
			s.exec("do $$ begin for i in 1.." + "12500" + " loop perform jobmachine.send('q'); commit; end loop; end $$")
		})
	}
	worker := connect(t, db)
	lease := one[int64](worker, "select jobmachine.open_lease('busy', '10 min')")
	done, empty := 0, 0
	for done < senders*each {
		runs := worker.claim("q", 500, lease)
		if len(runs) == 0 {
			// As the Go worker does: spin a little, then park and sleep.
			if empty++; empty < 10 {
				continue
			}
			wait := one[float64](worker, "select jobmachine.park(array['q'])")
			short, cancel := context.WithTimeout(ctx, time.Duration(wait*float64(time.Second)))
			_, _ = worker.WaitForNotification(short)
			cancel()
			continue
		}
		if empty >= 10 {
			worker.exec("select jobmachine.unpark()")
		}
		empty = 0
		ids, receipts := make([]int64, len(runs)), make([]int64, len(runs))
		outcomes := make([]string, len(runs))
		for i, r := range runs {
			ids[i], receipts[i], outcomes[i] = r.ID, r.Receipt, "complete"
		}
		worker.exec("select jobmachine.settle($1, $2, $3)", ids, receipts, outcomes)
		done += len(runs)
	}
	sending.Wait()
	stop()
	if n := <-notifies; n >= 500 {
		t.Errorf("%d sends caused %d NOTIFYs, want fewer than 500", senders*each, n)
	} else {
		t.Logf("%d sends, %d NOTIFYs", senders*each, n)
	}
}
