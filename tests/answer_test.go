package tests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestTenRepliesToOneJobArriveInOrder(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	id := one[int64](s, "select jobmachine.send('q')")
	equal(t, "answers before", one[int64](s, "select count(*) from jobmachine.receive($1)", id), 0)
	r := s.claimOne("q")
	for n := range 10 {
		equal(t, "verdict", one[string](s, "select jobmachine.reply($1, $2, to_jsonb($3::int))", r.ID, r.Receipt, n), "ok")
	}
	equal(t, "latest", one[string](s, "select concat_ws(' ', seq, state, payload) from jobmachine.receive($1)", id), "10 running 9")
	s.exec(`select jobmachine.complete($1, $2, '"done"')`, r.ID, r.Receipt)
	equal(t, "all", one[string](s, "select string_agg(concat(seq, payload), ' ' order by ordinality) from jobmachine.replies($1) with ordinality", id),
		`10 21 32 43 54 65 76 87 98 109 11"done"`)
	equal(t, "after 9", one[int64](s, "select count(*) from jobmachine.replies($1, after_seq => 9)", id), 2)
	equal(t, "latest", one[string](s, "select concat_ws(' ', seq, state, payload) from jobmachine.receive($1)", id), `11 completed "done"`)
}

func TestRepliesAtTheSameMomentAreNumberedWithoutGaps(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	a, b := connect(t, db), connect(t, db)
	id := one[int64](a, "select jobmachine.send('q')")
	r := a.claimOne("q")
	a.exec("begin")
	a.exec("select jobmachine.reply($1, $2, '1')", r.ID, r.Receipt)
	done := make(chan string)
	go func() { done <- one[string](b, "select jobmachine.reply($1, $2, '2')", r.ID, r.Receipt) }()
	db.WaitBlocked(b.PgConn().PID())
	a.exec("commit")
	equal(t, "verdict", <-done, "ok")
	equal(t, "answers", one[string](a, "select string_agg(concat(seq, ':', payload), ' ') from jobmachine.replies($1)", id), "1:1 2:2")
}

// A job that nobody reported an error of has a reason.
func TestTheLastAnswerSaysWhyAJobFailed(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	expired := one[int64](s, "select jobmachine.send('q', expires_in => '1 h')")
	s.exec("update jobmachine.pending set expires_at = now() - interval '1 s'")
	s.exec("select jobmachine.tick()")
	cancelled := one[int64](s, "select jobmachine.send('q')")
	s.exec("select jobmachine.cancel($1, reason => 'ordered twice')", cancelled)
	failed := one[int64](s, "select jobmachine.send('q')")
	r := s.claimOne("q")
	s.exec("select jobmachine.fail($1, $2, 'no such host', permanent => true)", r.ID, r.Receipt)
	for _, by := range []string{"replies", "receive"} {
		answer := "select string_agg(concat_ws(' ', seq, state, error), ', ') from jobmachine." + by + "($1)"
		equal(t, by, one[string](s, answer, expired), "1 failed not started in time")
		equal(t, by, one[string](s, answer, cancelled), "1 cancelled ordered twice")
		equal(t, by, one[string](s, answer, failed), "1 failed no such host")
	}
}

func TestAReplyOverEightKilobytesWakesItsWaiter(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, waiter := connect(t, db), connect(t, db)
	id := one[int64](s, "select jobmachine.send('q')")
	r := s.claimOne("q")
	pgtest.Eventually(t, "a check that may wait", func() bool { return one[float64](waiter, "select jobmachine.check($1)", id) > 0.5 })
	s.exec("select jobmachine.complete($1, $2, to_jsonb(repeat('x', 100000)))", r.ID, r.Receipt)
	equal(t, "woken", woken(t, waiter, s, "jobmachine.reply1*"), true)
	equal(t, "length", one[int64](waiter, "select length(payload::text) from jobmachine.receive($1)", id), 100002)
	equal(t, "check", one[float64](waiter, "select jobmachine.check($1)", id), 0)
	waiter.exec("select jobmachine.uncheck($1)", id)
	equal(t, "locks", one[int64](waiter, "select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'"), 0)
}

func TestCheckTellsOfEachInterimAnswerOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, waiter := connect(t, db), connect(t, db)
	id := one[int64](s, "select jobmachine.send('q')")
	r := s.claimOne("q")
	check := func() float64 { return one[float64](waiter, "select jobmachine.check($1)", id) }
	pgtest.Eventually(t, "a check that may wait", func() bool { return check() > 0.5 })
	for range 3 {
		s.exec("select jobmachine.reply($1, $2, '1')", r.ID, r.Receipt)
		equal(t, "look now", check(), 0)
		equal(t, "then wait", check(), 10)
	}
}

func TestAWaiterIsWokenWhateverTheEnd(t *testing.T) {
	t.Parallel()
	// What the claim returned is in the table run; tick does what is left to it.
	for name, c := range map[string]struct{ before, end string }{
		"completed":            {end: "select jobmachine.complete(id, receipt) from run"},
		"settled alone":        {end: "select jobmachine.settle(array[id], array[receipt], array['complete']) from run"},
		"settled with another": {end: "select jobmachine.settle(array[id, 4711], array[receipt, 1], array['complete', 'complete']) from run"},
		"settled with errors":  {end: "select jobmachine.settle(array[id, 4711], array[receipt, 1], array['complete', 'fail']) from run"},
		"failed":               {end: "select jobmachine.fail(id, receipt, 'no', permanent => true) from run"},
		"discarded":            {end: "select jobmachine.settle(array[id], array[receipt], array['discard']) from run"},
		"interim":              {end: "select jobmachine.reply(id, receipt, '1') from run"},
		"kept nowhere":         {"select jobmachine.configure('q', retention => '0')", "select jobmachine.complete(id, receipt) from run"},
		"many kept nowhere":    {"select jobmachine.configure('q', retention => '0')", "select jobmachine.settle(array[id, 4711], array[receipt, 1], array['complete', 'complete']) from run"},
		"cancelled, running":   {"select jobmachine.cancel(1)", "select jobmachine.fail(id, receipt, 'stopped') from run"},
		"cancelled, pending":   {end: "select jobmachine.cancel(1) from (select jobmachine.release(id, receipt) from run) r"},
		"cancelled, scheduled": {end: "select jobmachine.cancel(1) from (select jobmachine.snooze(id, receipt, '1 h') from run) r"},
		"timeout":              {"select jobmachine.configure('q', max_attempts => 1)", "update jobmachine.running set deadline_at = now() - interval '1 s'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			s, waiter := connect(t, db), connect(t, db)
			id := one[int64](s, "select jobmachine.send('q', timeout => '1 min')")
			s.exec("create table run as select * from jobmachine.claim('q')")
			if c.before != "" {
				s.exec(c.before)
			}
			pgtest.Eventually(t, "a check that may wait", func() bool { return one[float64](waiter, "select jobmachine.check($1)", id) > 0.5 })
			s.exec(c.end)
			s.exec("select jobmachine.tick()")
			equal(t, "woken", woken(t, waiter, s, "jobmachine.reply1*"), true)
		})
	}
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		s, waiter := connect(t, db), connect(t, db)
		id := one[int64](s, "select jobmachine.send('q', expires_in => '1 h')")
		pgtest.Eventually(t, "a check that may wait", func() bool { return one[float64](waiter, "select jobmachine.check($1)", id) > 0.5 })
		s.exec("update jobmachine.pending set expires_at = now() - interval '1 s'")
		s.exec("select jobmachine.tick()")
		equal(t, "woken", woken(t, waiter, s, "jobmachine.reply1*"), true)
	})
	t.Run("a retry wakes nobody", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		s, waiter := connect(t, db), connect(t, db)
		id := one[int64](s, "select jobmachine.send('q')")
		r := s.claimOne("q")
		pgtest.Eventually(t, "a check that may wait", func() bool { return one[float64](waiter, "select jobmachine.check($1)", id) > 0.5 })
		s.exec("select jobmachine.fail($1, $2, 'no')", r.ID, r.Receipt)
		equal(t, "woken", woken(t, waiter, s, "jobmachine.reply1*"), false)
	})
}

func TestCheckLooksAgainSoonWhileAnAnswerIsUnderWay(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, waiter := connect(t, db), connect(t, db)
	id := one[int64](s, "select jobmachine.send('q')")
	r := s.claimOne("q")
	one[float64](waiter, "select jobmachine.check($1)", id)
	s.exec("begin")
	s.exec("select jobmachine.complete($1, $2, '1')", r.ID, r.Receipt)
	if wait := one[float64](waiter, "select jobmachine.check($1)", id); wait > 0.5 || wait == 0 {
		t.Errorf("check says %v s while a completion is under way", wait)
	}
	s.exec("commit")
	equal(t, "check", one[float64](waiter, "select jobmachine.check($1)", id), 0)
}

// Whoever settles a batch looks at the wide bell of answers first, which every waiter holds. Each order of the two is safe,
// and is not when its protection is taken out.
func TestABatchOfAnswersWakesItsWaiters(t *testing.T) {
	t.Parallel()
	const settle = "select jobmachine.settle(array_agg(id), array_agg(receipt), array_agg('complete'::text)) from run"
	for _, order := range []struct {
		name, function, protection, without string
		safe                                func(s, waiter session, id int64) bool
	}{
		{"the waiter is first", "jobmachine._wait_on(integer,boolean)", "perform pg_advisory_lock_shared(v_class, v_wide)", "null",
			func(s, waiter session, id int64) bool {
				s.exec(settle)
				return woken(t, waiter, s, fmt.Sprintf("jobmachine.reply%d*", id))
			}},
		{"the batch is first", "jobmachine.check(bigint)", "array[v_bell, 'reply*']", "array[v_bell]",
			func(s, waiter session, id int64) bool {
				waiter.exec("select jobmachine.uncheck($1)", id)
				s.exec("begin")
				s.exec(settle)
				wait := one[float64](waiter, "select jobmachine.check($1)", id)
				s.exec("commit")
				return wait <= 0.5 && one[float64](waiter, "select jobmachine.check($1)", id) == 0
			}},
	} {
		for _, protected := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, protected %v", order.name, protected), func(t *testing.T) {
				t.Parallel()
				db := pgtest.New(t)
				s, waiter := connect(t, db), connect(t, db)
				if !protected {
					source := one[string](s, "select pg_get_functiondef($1::text::regprocedure)", order.function)
					if !strings.Contains(source, order.protection) {
						t.Fatalf("%s is not in %s", order.protection, order.function)
					}
					s.exec(strings.ReplaceAll(source, order.protection, order.without))
				}
				s.exec("select jobmachine.send('q') from generate_series(1, 40)")
				s.exec("create table run as select * from jobmachine.claim('q', 40)")
				id := one[int64](s, "select max(id) from run")
				pgtest.Eventually(t, "a check that may wait", func() bool { return one[float64](waiter, "select jobmachine.check($1)", id) > 0.5 })
				equal(t, "safe", order.safe(s, waiter, id), protected)
			})
		}
	}
}

func TestCallSendsAndWaits(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, worker := connect(t, db), connect(t, db)
	done := make(chan string)
	go func() {
		var id int64
		var state string
		var reply *string
		err := s.QueryRow(t.Context(), "call jobmachine.call('q', '1', within => '20 s')").Scan(&id, &state, &reply)
		if err != nil {
			done <- err.Error()
			return
		}
		done <- state + " " + *reply
	}()
	var r []run
	pgtest.Eventually(t, "the job", func() bool { r = worker.claim("q", 1, nil); return len(r) == 1 })
	worker.exec(`select jobmachine.complete($1, $2, '{"a": 1}')`, r[0].ID, r[0].Receipt)
	equal(t, "answer", <-done, `completed {"a": 1}`)
	equal(t, "when the time is up", one[string](s, "select state from jobmachine.jobs where id = $1", func() int64 {
		var id int64
		var state string
		var reply *string
		if err := s.QueryRow(t.Context(), "call jobmachine.call('q', '1', within => '1 ms')").Scan(&id, &state, &reply); err != nil || state != "pending" || reply != nil {
			t.Errorf("state %q, %v", state, err)
		}
		return id
	}()), "pending")
}

func TestCallInsideATransactionFailsAtOnceAndHasDoneNothing(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("begin")
	equal(t, "code", s.code("call jobmachine.call('q', '1')"), "2D000")
	s.exec("rollback")
	equal(t, "jobs", one[int64](s, "select count(*) from jobmachine.jobs"), 0)
}

func TestRemoveAndRetryOfJobsInEveryRoom(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	pending := one[int64](s, "select jobmachine.send('p')")
	scheduled := one[int64](s, "select jobmachine.send('q', delay => '1 h')")
	running := one[int64](s, "select jobmachine.send('r')")
	r := s.claimOne("r")
	equal(t, "retry of a pending job", one[string](s, "select jobmachine.retry($1)", pending), "live")
	equal(t, "retry of a running job", one[string](s, "select jobmachine.retry($1)", running), "live")
	equal(t, "remove of a running job", one[string](s, "select jobmachine.remove($1)", running), "running")
	s.exec("select jobmachine.complete($1, $2, '1')", r.ID, r.Receipt)
	equal(t, "retry of a completed job, for later", one[string](s, "select jobmachine.retry($1, now() + interval '1 h')", running), "ok")
	equal(t, "state", s.state(running), "scheduled")
	equal(t, "its last answer", one[int64](s, "select count(*) from jobmachine.receive($1)", running), 0)
	for _, id := range []int64{pending, scheduled, running} {
		equal(t, "remove", one[string](s, "select jobmachine.remove($1)", id), "ok")
		equal(t, "state", s.state(id), "unknown")
	}
	equal(t, "jobs", one[int64](s, "select count(*) from jobmachine.job"), 0)
}

// A ticket that moves while cancel searches the rooms must be found.
func TestCancelFindsAJobThatIsBeingClaimed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	worker, operator := connect(t, db), connect(t, db)
	id := one[int64](worker, "select jobmachine.send('q')")
	worker.exec("begin")
	worker.claimOne("q")
	done := make(chan string)
	go func() { done <- one[string](operator, "select jobmachine.cancel($1)", id) }()
	db.WaitBlocked(operator.PgConn().PID())
	worker.exec("commit")
	equal(t, "verdict", <-done, "stopping")
}

// Session locks outlive a rollback, what the session remembers does not.
func TestARolledBackUncheckIsNoticed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, waiter := connect(t, db), connect(t, db)
	id := one[int64](s, "select jobmachine.send('q')")
	r := s.claimOne("q")
	check := func() bool { return one[float64](waiter, "select jobmachine.check($1)", id) > 0.5 }
	pgtest.Eventually(t, "a check that may wait", check)
	waiter.exec("begin")
	waiter.exec("select jobmachine.uncheck($1)", id)
	waiter.exec("rollback")
	pgtest.Eventually(t, "a check that holds the bell again", func() bool {
		return check() && one[int64](waiter, "select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'") == 3
	})
	s.exec("select jobmachine.complete($1, $2)", r.ID, r.Receipt)
	equal(t, "woken", woken(t, waiter, s, "jobmachine.reply1*"), true)
}

// What check remembers of a job goes with the bell, or a session that waits for streams would grow for ever.
func TestUncheckForgetsTheJobsOfItsBell(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	var ids []int64
	for len(ids) < 65 { // the first and the last have one bell
		ids = append(ids, one[int64](s, "select jobmachine.send('q')"))
	}
	for _, r := range s.claim("q", 65, nil) {
		s.exec("select jobmachine.reply($1, $2, '1')", r.ID, r.Receipt)
	}
	for _, id := range []int64{ids[0], ids[1], ids[64]} {
		s.exec("select jobmachine.check($1)", id) // LISTENs
		s.exec("select jobmachine.check($1)", id)
	}
	s.exec("select jobmachine.uncheck($1)", ids[0])
	equal(t, "remembered", one[string](s, "select current_setting('jobmachine_session.seen')"), fmt.Sprintf(`{"%d": 1}`, ids[1]))
}
