package tests

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestSixteenClaimersTakeEachOfTwentyThousandJobsOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	const jobs = 20000
	sender := connect(t, db)
	sender.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[$1::int]))", jobs)
	var mu sync.Mutex
	seen := map[int64]int{}
	var claimers sync.WaitGroup
	for range 16 {
		s := connect(t, db)
		claimers.Go(func() {
			lease := one[int64](s, "select jobmachine.open_lease('c', '10 min')")
			for n := 1; ; n = n%97 + 1 {
				runs := s.claim("q", n, lease)
				if len(runs) == 0 && one[int64](s, "select count(*) from jobmachine.pending") == 0 {
					return
				}
				mu.Lock()
				for _, r := range runs {
					seen[r.ID]++
				}
				mu.Unlock()
			}
		})
	}
	claimers.Wait()
	equal(t, "different jobs claimed", len(seen), jobs)
	for id, n := range seen {
		if n != 1 {
			t.Errorf("job %d was claimed %d times", id, n)
		}
	}
	equal(t, "running", one[int64](sender, "select count(*) from jobmachine.running"), jobs)
}

func TestClaimTakesJobsByPriorityThenInTheOrderSent(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	var want []int64
	for _, p := range []int{9, 5, 0, 5} {
		want = append(want, one[int64](s, "select jobmachine.send('q', priority => $1)", p))
	}
	var got []int64
	for _, r := range s.claim("q", 10, nil) {
		got = append(got, r.ID)
	}
	if w := []int64{want[2], want[1], want[3], want[0]}; !slices.Equal(got, w) {
		t.Errorf("got %v, want %v", got, w)
	}
}

func TestClaimReturnsNothingFromAPausedQueue(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("select jobmachine.send('gl.a'), jobmachine.send('gl.b')")
	s.exec("select jobmachine.pause('gl.a'), jobmachine.pause('gl.a')")
	equal(t, "from the paused queue", len(s.claim("gl.a", 9, nil)), 0)
	equal(t, "by pattern", len(s.claim("gl.*", 9, nil)), 1)
	equal(t, "state", one[string](s, "select state from jobmachine.queues where name = 'gl.a'"), "paused")
	s.exec("select jobmachine.pause('*'), jobmachine.resume('gl.a')")
	equal(t, "while all are paused", len(s.claim("*", 9, nil)), 0)
	s.exec("select jobmachine.resume('*')")
	equal(t, "after the pause", len(s.claim("*", 9, nil)), 1)
}

func TestResumeWakesSleepers(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, sleeper := connect(t, db), connect(t, db)
	s.exec("select jobmachine.pause('q')")
	s.exec("select jobmachine.send('q')")
	sleeper.parked("q")
	s.exec("select jobmachine.resume('q')")
	equal(t, "woken", woken(t, sleeper, s, "jobmachine.q"), true)
}

func TestAPatternClaimsInTurnFromItsQueues(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	for _, q := range []string{"gl.a", "gl.b", "gl.c", "gm"} {
		s.exec("select jobmachine.send_many($1, array_fill('{}'::jsonb, array[5]))", q)
	}
	var turn []string
	for range 6 {
		turn = append(turn, one[string](s, "select queue from jobmachine.claim('gl.*')"))
	}
	equal(t, "turns", strings.Join(turn, " "), "gl.a gl.b gl.c gl.a gl.b gl.c")
	equal(t, "the rest of the pattern", len(s.claim("gl.*", 100, nil)), 9)
	equal(t, "others", len(s.claim("*", 100, nil)), 5)
}

func TestClaimManyKeepsTheOrderOfQueuesAndTheirLimits(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	for _, q := range []string{"a", "b", "c"} {
		s.exec("select jobmachine.send_many($1, array_fill('{}'::jsonb, array[5]))", q)
	}
	got := column[string](s, "select queue || count(*) from jobmachine.claim_many(array['c', 'a', 'b'], 8, array[2, null, 5]) group by queue order by 1")
	equal(t, "claimed", strings.Join(got, " "), "a5 b1 c2")
}

// Marks at some priorities must neither hide tickets of the others nor change the order; what is below a mark is not looked at.
func TestAClaimGoesFromMarkToMark(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	for range 2 {
		s.exec("select jobmachine.send('q', priority => 9 - n) from generate_series(0, 9) n") // ids 1 to 10, 11 to 20
	}
	s.exec("insert into jobmachine.low_water (queue, priority, position) values ('q', 2, 9), ('q', 5, 0), ('q', 9, 11), ('p', 0, 100)")
	want := "0 0 1 1 2 3 3 4 4 5 5 6 6 7 7 8 8 9" // of priority 2 is 8 below the mark, of 9 is 1
	got := column[string](s, "select j.priority::text from jobmachine.claim('q', 100) with ordinality c (id, a, b, c, d, e, f, g, h, i, j, n) join jobmachine.job j using (id) order by n")
	equal(t, "priorities", strings.Join(got, " "), want)
}

func TestAClaimPassesOverWhatOthersHoldAndTakesWhatTheyGiveBack(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, other := connect(t, db), connect(t, db)
	ids := one[[]int64](s, "select jobmachine.send_many('q', array_fill('{}'::jsonb, array[300]))")
	claimed := func(want []int64) {
		t.Helper()
		var got []int64
		for _, r := range s.claim("q", 90, nil) {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("claimed %v, want %v", got, want)
		}
	}
	other.exec("begin")
	other.claim("q", 60, nil)
	claimed(ids[60:150])
	other.exec("rollback")
	claimed(slices.Concat(ids[:60], ids[150:180]))
}

// A ticket that a name has found is found again by the pattern that covers it, which must not cost the claim another one.
func TestClaimManyFillsUpThoughQueuesOverlap(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	for _, q := range []string{"gl.a", "gl.b"} {
		s.exec("select jobmachine.send_many($1, array_fill('{}'::jsonb, array[5]))", q)
	}
	got := column[string](s, "select queue || count(*) from jobmachine.claim_many(array['gl.b', 'gl.*', 'gl.b', '*'], 9, array[3, 4, null, null]) group by queue order by 1")
	equal(t, "claimed", strings.Join(got, " "), "gl.a4 gl.b5")
}

// The housekeeping of a claim may find that what the claim has just locked has expired.
func TestATicketMayExpireWithinItsClaim(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("create sequence jobmachine.seconds")
	s.exec("create or replace function jobmachine._now() returns timestamptz language sql volatile as $$ select timestamptz '2030-01-01' + pg_catalog.nextval('jobmachine.seconds') * interval '10 s' $$")
	for n := range 40 {
		s.exec("select jobmachine.send('q', timeout => '0 s', expires_in => $1::int * interval '1 s')", 15+2*n)
		s.exec("select jobmachine.claim('q', ttl => '1 day')")
	}
	for range 20 {
		s.exec("select jobmachine.claim('q', ttl => '1 day')")
	}
	equal(t, "claimed or expired", one[int64](s, "select count(*) from jobmachine.jobs where state = 'running' or reason = 'expired'"), 40)
}

func TestABareClaimOpensALeaseOnlyWhenThereIsAJob(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.claim("q", 1, nil)
	equal(t, "leases", one[int64](s, "select count(*) from jobmachine.lease"), 0)
	s.exec("select jobmachine.send('q')")
	s.exec("select jobmachine.claim('q', ttl => '7 min', worker => 'me')")
	equal(t, "lease", one[string](s, "select worker || ttl from jobmachine.lease"), "me00:07:00")
	s.exec("select jobmachine.tick()")
	equal(t, "leases while the job runs", one[int64](s, "select count(*) from jobmachine.lease"), 1)
	s.exec("select jobmachine.complete(job_id, receipt) from jobmachine.running")
	s.exec("select jobmachine.tick()")
	equal(t, "leases after its last job", one[int64](s, "select count(*) from jobmachine.lease"), 0)
}

// The plan of a session that made it while the queue was empty must not scan and sort the backlog later.
func TestAPlanMadeOnAnEmptyQueueIsGoodForABacklog(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w', '10 min')")
	s.exec("vacuum analyze jobmachine.pending")
	s.exec("vacuum analyze jobmachine.running")
	for range 10 {
		s.claim("q", 100, lease)
	}
	connect(t, db).exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[100000])) from generate_series(1, 3)")
	if touched := s.buffersOfClaim(100, lease); touched > 5000 {
		t.Errorf("a claim of 100 from 300,000 touched %d buffers, want under 5,000", touched)
	}
	equal(t, "claimed", one[int64](s, "select count(*) from jobmachine.running"), 100)
}

// buffersOfClaim claims n jobs of the queue q and counts the buffers that it takes.
func (s session) buffersOfClaim(n int, lease int64) int64 {
	s.t.Helper()
	plan := one[[]struct {
		Plan struct {
			Hit  int64 `json:"Shared Hit Blocks"`
			Read int64 `json:"Shared Read Blocks"`
		}
	}](s, fmt.Sprintf("explain (analyze, buffers, format json) select * from jobmachine.claim('q', %d, %d)", n, lease))
	return plan[0].Plan.Hit + plan[0].Plan.Read
}

func TestAnAsynchronousClaimOfAJobWithOneAttemptIsDurable(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	lease := one[int64](s, "select jobmachine.open_lease('w', '10 min')")
	s.exec("set synchronous_commit = off")
	for _, jobs := range []int{1, 3} { // one goes another way than many
		s.exec("select jobmachine.send('often'), jobmachine.send('once') from generate_series(2, $1)", jobs)
		s.exec("select jobmachine.send('often'), jobmachine.send('once', max_attempts => 1)")
		s.exec("begin")
		equal(t, "often", len(s.claim("often", jobs, lease)), jobs)
		equal(t, "after a claim that may be lost", one[string](s, "show synchronous_commit"), "off")
		equal(t, "once", len(s.claim("once", jobs, lease)), jobs)
		equal(t, "after a claim that may not", one[string](s, "show synchronous_commit"), "on")
		s.exec("commit")
	}
}

// However many tickets it finds, and also if it is its own housekeeping that finds the lease expired.
func TestNothingStartsUnderALeaseThatIsGone(t *testing.T) {
	t.Parallel()
	for jobs := range 3 {
		for _, gone := range []string{"unknown", "expired", "found expired by the claim"} {
			t.Run(fmt.Sprintf("%s, %d jobs", gone, jobs), func(t *testing.T) {
				t.Parallel()
				db := pgtest.New(t)
				s := connect(t, db)
				lease := int64(4711)
				if gone != "unknown" {
					lease = one[int64](s, "select jobmachine.open_lease('w', '30 s', queues => array['q'])")
					s.exec("select jobmachine.tick()")
					db.Advance(time.Minute)
				}
				if gone == "expired" {
					s.exec("select jobmachine.tick()")
				}
				for range jobs {
					s.exec("select jobmachine.send('q')")
				}
				equal(t, "claim", s.code("select jobmachine.claim('q', 10, $1)", lease), "JM004")
				equal(t, "pending", one[int64](s, "select count(*) from jobmachine.jobs where state = 'pending'"), int64(jobs))
			})
		}
	}
}
