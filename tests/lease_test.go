package tests

import (
	"context"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestAJobGoesBackWhenItsLeaseExpires(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	s.exec("select jobmachine.send('q', max_attempts => 3)")
	lost := func() { db.Advance(6 * time.Minute); s.exec("select jobmachine.tick()") }

	r := s.claimOne("q") // a bare claim: its lease lasts 5 min
	lost()
	equal(t, "after the first loss, at once", s.state(r.ID), "pending")
	s.claimOne("q")
	lost()
	equal(t, "after the second loss, with a backoff", s.state(r.ID), "scheduled")
	db.Advance(10 * time.Second)
	s.exec("select jobmachine.tick()")
	s.claimOne("q")
	lost()
	equal(t, "after the last attempt", s.state(r.ID), "failed")
	equal(t, "reason", one[string](s, "select reason || attempt from jobmachine.status($1)", r.ID), "crashed3")
	equal(t, "attempts", one[int64](s, "select count(*) from jobmachine.attempts where job_id = $1 and reason = 'crashed' and worker like 'pid %'", r.ID), 3)
}

func TestRenewKeepsTheJobsOfALeaseAndSaysWhichShouldStop(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w', '30 s')")
	s.exec("select jobmachine.send('q', timeout => '35 s'), jobmachine.send('q'), jobmachine.send('q'), jobmachine.send('q')")
	r := s.claim("q", 4, lease)
	ids, receipts := []int64{r[0].ID, r[1].ID, r[2].ID, r[3].ID}, []int64{r[0].Receipt, r[1].Receipt, 1, r[3].Receipt}
	renew := func() string {
		return one[string](s, "select coalesce(string_agg(job_id || reason, ' ' order by job_id), '') from jobmachine.renew($1, $2, $3)", lease, ids, receipts)
	}
	equal(t, "a receipt that is not in force", renew(), "3stale")
	db.Advance(20 * time.Second)
	s.exec("select jobmachine.cancel($1)", r[3].ID)
	equal(t, "a cancel", renew(), "3stale 4cancelled")
	db.Advance(20 * time.Second)
	equal(t, "past its time", renew(), "1timeout 3stale 4cancelled")
	s.exec("select jobmachine.tick()")
	equal(t, "taken away", renew(), "1timeout 3stale 4cancelled")
	equal(t, "still running", s.state(r[1].ID), "running")
	db.Advance(31 * time.Second)
	s.exec("select jobmachine.tick()")
	equal(t, "not renewed", s.state(r[1].ID), "pending")
	equal(t, "a cancelled job of a lost lease", s.state(r[3].ID), "cancelled")
	equal(t, "renew", s.code("select jobmachine.renew($1)", lease), "JM004")
	equal(t, "claim", s.code("select jobmachine.claim('q', 1, $1)", lease), "JM004")
	equal(t, "hold", s.code("select jobmachine.hold_lease($1)", lease), "JM004")
	equal(t, "close", one[int64](s, "select jobmachine.close_lease($1)", lease), 0)
}

func TestCloseLeaseGivesTheAttemptsBack(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	lease := one[int64](s, "select jobmachine.open_lease('w')")
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[3]))")
	r := s.claim("q", 2, lease)
	equal(t, "released", one[int64](s, "select jobmachine.close_lease($1)", lease), 2)
	equal(t, "row", one[string](s, "select state || attempt from jobmachine.status($1)", r[0].ID), "pending0")
	equal(t, "leases", one[int64](s, "select count(*) from jobmachine.workers"), 0)
}

// A claim that was under way while its lease ended shows up late; it must not run for ever.
func TestAClaimThatCommitsAfterItsLeaseEndedGoesBack(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, other := connect(t, db), connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w')")
	id := one[int64](s, "select jobmachine.send('q')")
	s.exec("begin")
	s.claim("q", 1, lease)
	other.exec("select jobmachine.close_lease($1)", lease)
	s.exec("commit")
	equal(t, "state", other.state(id), "running")
	other.exec("update jobmachine.meta set swept_at = '-infinity'")
	other.exec("select jobmachine.tick()")
	equal(t, "state", other.state(id), "pending")
}

// waitPastRestartGuard waits until the server is old enough for tick to believe that a missing session means a dead worker.
func waitPastRestartGuard(t *testing.T, db *pgtest.DB) {
	t.Helper()
	s := connect(t, db)
	deadline := time.Now().Add(time.Minute)
	for one[bool](s, "select pg_postmaster_start_time() > clock_timestamp() - interval '30 s'") {
		if time.Now().After(deadline) {
			t.Fatal("the server does not get older")
		}
		s.exec("select pg_sleep(1)")
	}
}

// held opens a lease, holds it on a session of its own and claims a job under it.
func held(t *testing.T, db *pgtest.DB, worker string) (holder session, lease int64, r run) {
	t.Helper()
	waitPastRestartGuard(t, db)
	holder = connect(t, db)
	lease = one[int64](holder, "select jobmachine.open_lease($1)", worker)
	holder.exec("select jobmachine.hold_lease($1)", lease)
	holder.exec("select jobmachine.hold_lease($1)", lease)
	holder.exec("select jobmachine.send('q')")
	return holder, lease, holder.claim("q", 1, lease)[0]
}

func TestALeaseWhoseSessionIsGoneExpiresAtTheSecondLook(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	holder, _, r := held(t, db, "w")
	s := connect(t, db)
	s.exec("select jobmachine.tick()")
	pid := holder.PgConn().PID()
	holder.Close(context.Background())
	pgtest.Eventually(t, "the end of the session", func() bool {
		return one[int64](s, "select count(*) from pg_locks where pid = $1", pid) == 0
	})
	equal(t, "tick wants to look again in a second", one[float64](s, "select jobmachine.tick()") <= 1.02, true)
	equal(t, "after one look", s.state(r.ID), "running")
	db.Advance(time.Second)
	s.exec("select jobmachine.tick()")
	equal(t, "after two", s.state(r.ID), "pending")
}

func TestALeaseThatIsRenewedSurvivesTheLossOfItsListener(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	holder, lease, r := held(t, db, "w")
	s := connect(t, db)
	pid := holder.PgConn().PID()
	s.exec("select pg_terminate_backend($1)", pid)
	pgtest.Eventually(t, "the end of the session", func() bool {
		return one[int64](s, "select count(*) from pg_locks where pid = $1", pid) == 0
	})
	for range 5 {
		s.exec("select jobmachine.tick()")
		db.Advance(time.Second)
		s.exec("select jobmachine.renew($1)", lease)
	}
	equal(t, "state", s.state(r.ID), "running")
	s.exec("select jobmachine.hold_lease($1)", lease)
	s.exec("select jobmachine.tick()")
	equal(t, "unseen", one[int64](s, "select count(*) from jobmachine.lease where unseen_since is not null"), 0)
}

func TestNoLeaseExpiresEarlyWhileMostAreUnseen(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	var holders []session
	for _, w := range []string{"a", "b", "c"} {
		h, _, _ := held(t, db, w)
		holders = append(holders, h)
	}
	for _, h := range holders[:2] {
		pid := h.PgConn().PID()
		h.Close(context.Background())
		pgtest.Eventually(t, "the end of the session", func() bool { return one[int64](s, "select count(*) from pg_locks where pid = $1", pid) == 0 })
	}
	for range 3 {
		s.exec("select jobmachine.tick()")
		db.Advance(2 * time.Second)
	}
	equal(t, "running", one[int64](s, "select count(*) from jobmachine.running"), 3)
	db.Advance(30 * time.Second)
	s.exec("select jobmachine.tick()")
	equal(t, "running after the ttl", one[int64](s, "select count(*) from jobmachine.running"), 0)
}

func TestCancelTellsTheListeningWorker(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	holder := connect(t, db)
	lease := one[int64](holder, "select jobmachine.open_lease('w')")
	holder.exec("select jobmachine.hold_lease($1)", lease)
	s.exec("select jobmachine.send('q')")
	r := s.claim("q", 1, lease)[0]
	equal(t, "cancel", one[string](s, "select jobmachine.cancel($1, 'why not')", r.ID), "stopping")
	equal(t, "again", one[string](s, "select jobmachine.cancel($1)", r.ID), "stopping")
	equal(t, "reason seen", one[string](s, "select reason from jobmachine.status($1)", r.ID), "stopping")
	equal(t, "notified", woken(t, holder, s, "jobmachine.lease"+one[string](s, "select $1::bigint::text", lease)+"*"), true)
	equal(t, "fail", one[string](s, "select jobmachine.fail($1, $2, 'stopped')", r.ID, r.Receipt), "cancelled")
	equal(t, "row", one[string](s, "select state || ' ' || reason from jobmachine.status($1)", r.ID), "cancelled why not")
	equal(t, "cancel", one[string](s, "select jobmachine.cancel($1)", r.ID), "finished")

	s.exec("select jobmachine.send('q')")
	r = s.claim("q", 1, lease)[0]
	s.exec("select jobmachine.cancel($1)", r.ID)
	equal(t, "complete wins", one[string](s, "select jobmachine.complete($1, $2)", r.ID, r.Receipt), "ok")
	equal(t, "state", s.state(r.ID), "completed")
}
