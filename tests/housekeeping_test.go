package tests

import (
	"fmt"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, timeout string
		past          time.Duration
	}{
		{"a short timeout", "10 s", 11 * time.Second},
		{"the default", "", 31 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			db.SetClock(0)
			s := connect(t, db)
			id := one[int64](s, "select jobmachine.send('q', timeout => nullif($1, '')::interval)", c.timeout)
			lease := one[int64](s, "select jobmachine.open_lease('w', '1 day')")
			s.claim("q", 1, lease)
			s.exec("select jobmachine.tick()")
			equal(t, "in time", s.state(id), "running")
			db.Advance(c.past)
			// Other work goes on: leases of bare claims come and go.
			s.exec("select jobmachine.send('other')")
			s.claimOne("other")
			s.exec("select jobmachine.complete(job_id, receipt) from jobmachine.running where queue = 'other'")
			s.exec("update jobmachine.meta set swept_at = jobmachine._now()")
			s.exec("select jobmachine.tick()")
			equal(t, "past its time", s.state(id), "scheduled")
			equal(t, "reason", one[string](s, "select reason from jobmachine.attempts where job_id = $1", id), "timeout")
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		db.SetClock(0)
		s := connect(t, db)
		id := one[int64](s, "select jobmachine.send('q', timeout => '0')")
		s.claim("q", 1, one[int64](s, "select jobmachine.open_lease('w', '10 days')"))
		db.Advance(5 * 24 * time.Hour)
		s.exec("select jobmachine.tick()")
		equal(t, "state", s.state(id), "running")
	})
}

func TestWhatHasNotStartedInTimeFailsAsExpired(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	pending := one[int64](s, "select jobmachine.send('q', expires_in => '1 min', unique_key => 'k')")
	later := one[int64](s, "select jobmachine.send('q', delay => '1 h', expires_in => '1 min')")
	started := one[int64](s, "select jobmachine.send('r', expires_in => '1 min')")
	r := s.claimOne("r")
	s.exec("select jobmachine.fail($1, $2, 'no', retry_in => '5 min')", r.ID, r.Receipt)
	db.Advance(61 * time.Second)
	equal(t, "claim of what has expired", len(s.claim("q", 9, nil)), 0)
	// tick ran within the claim, or runs now.
	s.exec("select jobmachine.tick()")
	for _, id := range []int64{pending, later} {
		equal(t, "row", one[string](s, "select concat_ws(' ', state, reason, error) from jobmachine.status($1)", id), "failed expired not started in time")
	}
	equal(t, "a job that has been tried", s.state(started), "scheduled")
	equal(t, "the key is free", one[int64](s, "select jobmachine.send('q', unique_key => 'k')") != pending, true)
}

func TestDueJobsMoveInTheOrderTheyFellDue(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	second := one[int64](s, "select jobmachine.send('q', delay => '20 s')")
	first := one[int64](s, "select jobmachine.send('q', delay => '10 s')")
	wait := one[float64](s, "select jobmachine.tick()")
	equal(t, "tick comes back within 5 s", wait <= 5, true)
	equal(t, "nothing is due", len(s.claim("q", 9, nil)), 0)
	db.Advance(8 * time.Second)
	if wait := one[float64](s, "select jobmachine.tick()"); wait > 2 {
		t.Errorf("tick wants to come back in %v s, but a job is due in less than 2", wait)
	}
	db.Advance(30 * time.Second)
	s.exec("select jobmachine.tick()")
	runs := s.claim("q", 9, nil)
	equal(t, "order", fmt.Sprint(runs[0].ID, runs[1].ID), fmt.Sprint(first, second))
}

func TestASendThatIsDueSoonWakesTheTicker(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, sleeper := connect(t, db), connect(t, db)
	sleeper.parked("q")
	s.exec("select jobmachine.send('q', delay => '1 h')")
	equal(t, "woken by what is due in an hour", woken(t, sleeper, s, "jobmachine.tick*"), false)
	s.exec("select jobmachine.send('q', delay => '3 s')")
	equal(t, "woken by what is due in 3 s", woken(t, sleeper, s, "jobmachine.tick*"), true)
}

func TestAClaimTicksWhenNobodyElseDoes(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	s.claim("q", 1, nil)
	s.exec("select jobmachine.send('q', delay => '10 s')")
	db.Advance(11 * time.Second)
	pgtest.Eventually(t, "a claim that ticks", func() bool { return len(s.claim("q", 1, nil)) == 1 })
}

func TestAClaimInsideATransactionDoesNotTakeTheHousekeepersLock(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	open, s := connect(t, db), connect(t, db)
	s.exec("select jobmachine.send('q', delay => '1 ms')")
	open.exec("begin")
	open.exec("select pg_sleep(0.2)")
	equal(t, "claimed", len(open.claim("q", 1, nil)), 0)
	pgtest.Eventually(t, "tick by another session", func() bool {
		s.exec("select jobmachine.tick()")
		return one[int64](s, "select count(*) from jobmachine.pending") == 1
	})
}

func TestOneBrokenPartOfTickDoesNotStopTheRest(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec(`create or replace function jobmachine._tick_expired() returns double precision language plpgsql as $$ begin raise 'broken'; end $$`)
	id := one[int64](s, "select jobmachine.send('q', delay => '1 ms')")
	pgtest.Eventually(t, "the due job", func() bool { s.exec("select jobmachine.tick()"); return s.state(id) == "pending" })
}

func TestBackoffGrowsToItsLimit(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	for attempt, want := range map[int]float64{1: 1, 2: 2, 5: 16, 12: 2048, 13: 3600, 200: 3600, 10000: 3600} {
		got := one[float64](s, "select extract(epoch from jobmachine._backoff($1, '1 s', 2, '1 h'))::float8", attempt)
		if got < 0.9*want-0.001 || got > 1.1*want+0.001 {
			t.Errorf("attempt %d waits %v s, want %v s +- 10 %%", attempt, got, want)
		}
	}
}

func TestConfigureOverridesTheDefaultsByQueue(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	s.exec("select jobmachine.configure('*', max_attempts => 4, backoff => '1 min', backoff_factor => 1)")
	equal(t, "row", one[string](s, "select concat_ws(' ', max_attempts, backoff, backoff_factor, backoff_max) from jobmachine.configure('q', max_attempts => 2)"), "2 00:01:00 1 01:00:00")
	id := one[int64](s, "select jobmachine.send('q')")
	r := s.claimOne("q")
	s.exec("select jobmachine.fail($1, $2, 'no')", r.ID, r.Receipt)
	wait := one[float64](s, "select extract(epoch from run_at - jobmachine._now())::float8 from jobmachine.status($1)", id)
	if wait < 50 || wait > 67 {
		t.Errorf("the backoff is %v s, want a minute", wait)
	}
	db.Advance(2 * time.Minute)
	s.exec("select jobmachine.tick()")
	r = s.claimOne("q")
	s.exec("select jobmachine.fail($1, $2, 'no')", r.ID, r.Receipt)
	equal(t, "state", s.state(id), "failed")
	equal(t, "retry grants one more", one[string](s, "select jobmachine.retry($1)", id), "ok")
	r = s.claimOne("q")
	equal(t, "attempt", one[int64](s, "select attempt from jobmachine.status($1)", id), 3)
	s.exec("select jobmachine.fail($1, $2, 'no')", r.ID, r.Receipt)
	equal(t, "state", s.state(id), "failed")
	equal(t, "history", one[int64](s, "select count(*) from jobmachine.attempts where job_id = $1", id), 3)
}

func TestOnlyTheLastTwentyFailedAttemptsAreKept(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	id := one[int64](s, "select jobmachine.send('q', max_attempts => 100)")
	for range 25 {
		r := s.claimOne("q")
		s.exec("select jobmachine.fail($1, $2, 'no', retry_in => '0')", r.ID, r.Receipt)
	}
	equal(t, "attempts", one[string](s, "select count(*) || ' from ' || min(attempt) from jobmachine.attempts where job_id = $1", id), "20 from 6")
}

func TestRetentionRemovesFinishedJobsAndNeverUnfinishedOnes(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	s.exec("select jobmachine.configure('short', retention => '1 h')")
	s.exec("select jobmachine.configure('none', retention => '0')")
	ids := map[string]int64{}
	for _, q := range []string{"default", "short", "none"} {
		ids[q] = one[int64](s, "select jobmachine.send($1, unique_key => 'k')", q)
		failed := s.claimOne(q)
		s.exec("select jobmachine.fail($1, $2, 'once', retry_in => '0')", failed.ID, failed.Receipt)
		r := s.claimOne(q)
		s.exec("select jobmachine.reply($1, $2, '1')", r.ID, r.Receipt)
		equal(t, "verdict", one[string](s, "select jobmachine.complete($1, $2, '2')", r.ID, r.Receipt), "ok")
		ids[q+" unfinished"] = one[int64](s, "select jobmachine.send($1)", q)
	}
	state := func(after time.Duration) {
		db.Advance(after)
		s.exec("update jobmachine.meta set purged_at = '-infinity', purge_cursor = 0")
		s.exec("select jobmachine.tick()")
		for _, q := range []string{"default", "short", "none"} {
			equal(t, q+" unfinished", s.state(ids[q+" unfinished"]), "pending")
		}
	}
	state(0)
	equal(t, "retention 0", s.state(ids["none"]), "unknown")
	equal(t, "retention 1 h", s.state(ids["short"]), "completed")
	state(61 * time.Minute)
	equal(t, "retention 1 h", s.state(ids["short"]), "unknown")
	equal(t, "30 days", s.state(ids["default"]), "completed")
	state(30 * 24 * time.Hour)
	equal(t, "30 days", s.state(ids["default"]), "unknown")
	equal(t, "replies left", one[int64](s, "select count(*) from jobmachine.reply"), 0)
	equal(t, "failed attempts left", one[int64](s, "select count(*) from jobmachine.failed_attempt"), 0)
	equal(t, "keys left", one[int64](s, "select count(*) from jobmachine.unique_key"), 0)
}

func TestOldSegmentsAreDroppedAndTheirUnfinishedJobsKept(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s, reader := connect(t, db), connect(t, db)
	nextSegment := func(n int64) int64 {
		s.exec("select setval('jobmachine.position', $1)", n*50_000_000)
		id := one[int64](s, "select jobmachine.send('q')")
		s.exec("update jobmachine.meta set segments_checked_at = '-infinity', retired_at = '-infinity'")
		s.exec("select jobmachine.tick()")
		return id
	}
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[10]), timeout => '0')")
	runs := s.claim("q", 9, one[int64](s, "select jobmachine.open_lease('w', '99 days')"))
	for _, r := range runs[:7] {
		s.exec("select jobmachine.complete($1, $2)", r.ID, r.Receipt)
	}
	s.exec("select jobmachine.release($1, $2)", runs[7].ID, runs[7].Receipt) // pending again
	for n := int64(1); n <= 3; n++ {
		nextSegment(n)
	}
	segments := func() string {
		return one[string](s, `select string_agg(c.relname, ' ' order by c.relname) from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'jobmachine.job'::regclass`)
	}
	equal(t, "segments ahead", segments(), "job_1 job_150000001 job_2 job_200000001 job_250000001 job_3")
	db.Advance(31 * 24 * time.Hour)
	s.exec("update jobmachine.meta set retired_at = now() + interval '99 days'")
	s.exec("select setval('jobmachine.position', 200000000)")
	s.exec("select jobmachine.send('q')")
	s.exec("update jobmachine.meta set segments_checked_at = '-infinity'")
	s.exec("select jobmachine.tick()")

	reader.exec("begin isolation level repeatable read")
	reader.exec("select count(*) from jobmachine.jobs")
	s.exec("update jobmachine.meta set retired_at = '-infinity'")
	s.exec("select jobmachine.tick()")
	equal(t, "while somebody reads", segments(), "job_1 job_150000001 job_2 job_200000001 job_250000001 job_3 job_300000001")
	reader.exec("commit")
	s.exec("update jobmachine.meta set retired_at = '-infinity'")
	s.exec("select jobmachine.tick()")
	equal(t, "afterwards", segments(), "job_150000001 job_200000001 job_250000001 job_300000001 job_to_150000001")
	equal(t, "what is left", one[string](s, "select string_agg(id || state, ' ' order by id) from jobmachine.jobs"),
		"8pending 9running 10pending 50000001pending 100000001pending 150000001pending 200000001pending")
	equal(t, "a job of a retired segment ends", one[string](s, "select jobmachine.complete($1, $2)", runs[8].ID, runs[8].Receipt), "ok")
	equal(t, "others are claimed", len(s.claim("q", 100, nil)), 6)
}

func TestClaimsStayCheapUnderAHeldSnapshot(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, holder := connect(t, db), connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w', '1 h')")
	holder.exec("begin isolation level repeatable read")
	holder.exec("select count(*) from jobmachine.jobs")
	claim := func() int64 { return s.buffersOfClaim(1, lease) }
	churn := func(n int) {
		for range n {
			s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[1000]))")
			s.exec(`do $$ declare ids bigint[]; receipts bigint[]; begin
				select array_agg(id), array_agg(receipt) into ids, receipts from jobmachine.claim('q', 1000, ` + fmt.Sprint(lease) + `);
				perform jobmachine.settle(ids, receipts, array_fill('complete'::text, array[1000])); end $$`)
		}
	}
	settle := func() {
		for range 2 {
			s.exec("update jobmachine.meta set low_water_checked_at = '-infinity'")
			s.exec("select jobmachine.tick()")
		}
	}
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[1000]))")
	settle()
	claim()
	start := claim()
	for range 20 {
		churn(10)
		settle()
	}
	if end := claim(); end > 2*start {
		t.Errorf("a claim touches %d buffers after 200,000 jobs under a held snapshot, %d at the start", end, start)
	} else {
		t.Logf("%d buffers at the start, %d after 200,000 jobs", start, end)
	}

	// Without the marks it is another story; if not, the test above shows nothing.
	s.exec("update jobmachine.low_water set position = 0")
	if end := claim(); end < 10*start {
		t.Errorf("without low-water marks a claim touches %d buffers, %d at the start: the test is blind", end, start)
	}
}

func TestAnInFlightSenderWithALowPositionIsNeverSkipped(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, slow := connect(t, db), connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w', '1 h')")
	settle := func() {
		for range 3 {
			s.exec("update jobmachine.meta set low_water_checked_at = '-infinity'")
			s.exec("select jobmachine.tick()")
		}
	}
	mark := func() int64 {
		return one[int64](s, "select coalesce(max(position), 0) from jobmachine.low_water where queue = 'q'")
	}
	slow.exec("begin")
	low := one[int64](slow, "select jobmachine.send('q')")
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[5000]))")
	s.claim("q", 5000, lease)
	settle()
	if mark() > low {
		t.Errorf("the mark is at %d, but position %d has not committed", mark(), low)
	}
	slow.exec("commit")
	settle()
	if r := s.claim("q", 1, lease); len(r) != 1 || r[0].ID != low {
		t.Errorf("claimed %v, want job %d", r, low)
	}
	settle()
	if mark() < 5000 {
		t.Errorf("the mark stays at %d after the sender has ended", mark())
	}
	// The protection taken out: the mark passes the sender, and its job is not found.
	s.exec("create or replace function jobmachine._pending_writers() returns text[] language sql as $$ select '{}'::text[] $$")
	slow.exec("begin")
	low = one[int64](slow, "select jobmachine.send('q')")
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[5000]))")
	s.claim("q", 5000, lease)
	settle()
	slow.exec("commit")
	if mark() <= low || len(s.claim("q", 1, lease)) != 0 {
		t.Error("without the look at writers the job is found all the same: the test is blind")
	}
	s.exec("update jobmachine.meta set low_water_verified_at = '-infinity'")
	settle()
	equal(t, "found after the check that runs once a minute", len(s.claim("q", 1, lease)), 1)
}

func TestAReaderDoesNotHoldTheMarksBack(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, dump := connect(t, db), connect(t, db)
	dump.exec("begin isolation level repeatable read")
	dump.exec("lock table jobmachine.pending in access share mode")
	dump.exec("select count(*) from jobmachine.pending")
	lease := one[int64](s, "select jobmachine.open_lease('w', '1 h')")
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[5000]))")
	s.claim("q", 5000, lease)
	for range 3 {
		s.exec("update jobmachine.meta set low_water_checked_at = '-infinity'")
		s.exec("select jobmachine.tick()")
	}
	if m := one[int64](s, "select max(position) from jobmachine.low_water"); m < 5000 {
		t.Errorf("the mark stays at %d while a dump reads", m)
	}
}

// A retry that is open while the purge comes by must not lose its job.
func TestThePurgeLeavesAJobThatIsBeingRetried(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s, operator := connect(t, db), connect(t, db)
	s.exec("select jobmachine.configure('q', retention => '1 h')")
	id := one[int64](s, "select jobmachine.send('q')")
	r := s.claimOne("q")
	s.exec("select jobmachine.complete($1, $2)", r.ID, r.Receipt)
	db.Advance(2 * time.Hour)
	operator.exec("begin")
	equal(t, "retry", one[string](operator, "select jobmachine.retry($1)", id), "ok")
	s.exec("update jobmachine.meta set purged_at = '-infinity', purge_cursor = 0")
	watcher, ticked := connect(t, db), make(chan struct{})
	pid := s.PgConn().PID()
	go func() { defer close(ticked); s.exec("select jobmachine.tick()") }()
	pgtest.Eventually(t, "a tick that has ended, or waits for the retry", func() bool {
		select {
		case <-ticked:
			return true
		default:
			return one[bool](watcher, "select cardinality(pg_blocking_pids($1)) > 0", pid)
		}
	})
	operator.exec("commit")
	<-ticked
	equal(t, "claimed", len(s.claim("q", 1, nil)), 1)
}

func TestAPatternStaysCheapUnderAHeldSnapshot(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, holder := connect(t, db), connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w', '1 h')")
	holder.exec("begin isolation level repeatable read")
	holder.exec("select count(*) from jobmachine.jobs")
	s.exec("select jobmachine.send_many('gl.a', array_fill('{}'::jsonb, array[10000])) from generate_series(1, 5)")
	for range 5 {
		s.claim("gl.a", 10000, lease)
	}
	for range 3 {
		s.exec("update jobmachine.meta set low_water_checked_at = '-infinity'")
		s.exec("select jobmachine.tick()")
	}
	buffers := func() int64 {
		s.exec("select jobmachine.claim('gl.*', 1, $1)", lease)
		plan := one[[]struct {
			Plan struct {
				Hit int64 `json:"Shared Hit Blocks"`
			}
		}](s, fmt.Sprintf("explain (analyze, buffers, format json) select * from jobmachine.claim('gl.*', 1, %d)", lease))
		return plan[0].Plan.Hit
	}
	if n := buffers(); n > 200 {
		t.Errorf("a claim of a pattern touches %d buffers after 50,000 jobs under a held snapshot, want under 200", n)
	}
	s.exec("select jobmachine.send('gl.a'), jobmachine.send('gl.0'), jobmachine.send('gl.b')")
	equal(t, "found by pattern", len(s.claim("gl.*", 10, lease)), 3)
}

// A claim does the housekeeping, so a job may become due while it is under way: it must not start before that.
func TestAJobThatBecomesDueWithinAClaimDoesNotStartEarly(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("create sequence jobmachine.seconds")
	s.exec("create or replace function jobmachine._now() returns timestamptz language sql volatile as $$ select timestamptz '2030-01-01' + pg_catalog.nextval('jobmachine.seconds') * interval '1 s' $$")
	s.exec("select jobmachine.send('q', delay => n * interval '7 s') from generate_series(10, 29) n")
	s.exec("create temp table due as select job_id, due_at from jobmachine.scheduled")
	for range 400 {
		s.exec("select jobmachine.claim('q', 10)")
		if one[int64](s, "select count(*) from jobmachine.running") == 20 {
			break
		}
	}
	equal(t, "started", one[int64](s, "select count(*) from jobmachine.running"), 20)
	equal(t, "early", one[int64](s, "select count(*) from jobmachine.running r join due d using (job_id) where r.started_at < d.due_at"), 0)
}
