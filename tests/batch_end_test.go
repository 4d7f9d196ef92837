package tests

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// Who claims a batch begins where the last one ended, and now and then at the front.

// at stops the clock.
func (s session) at(moment string) {
	s.exec("create or replace function jobmachine._now() returns timestamptz language sql volatile as $$ select timestamptz '2030-01-01 00:00:" + moment + "' $$")
}

// fill sends to q.
func (s session) fill(n, priority int) {
	s.exec("select jobmachine.send_many('q', array_fill('1'::jsonb, array[$1::int]), priority => $2)", n, priority)
}

// batch claims a hundred jobs, and tells which as ranges: 1-50 301-350.
func (s session) batch(queue string) string {
	s.t.Helper()
	ids := column[int](s, "select id from jobmachine.claim($1, 100, ttl => '1 day')", queue)
	var ranges []string
	for i, first := 0, 0; i < len(ids); i++ {
		if i == len(ids)-1 || ids[i+1] != ids[i]+1 {
			ranges, first = append(ranges, fmt.Sprintf("%d-%d", ids[first], ids[i])), i+1
		}
	}
	return strings.Join(ranges, " ")
}

func TestABatchIsNotInTheWayOfOthers(t *testing.T) {
	t.Parallel()
	pages := func(mutant string) int64 {
		db := pgtest.New(t)
		s := connect(t, db)
		s.exec(mutant)
		s.at("10")
		lease := one[int64](s, "select jobmachine.open_lease('w', '1 day')")
		s.fill(4000, 5)
		s.buffersOfClaim(100, lease) // the plans are made, and the front is looked at
		other := connect(t, db)
		other.exec("begin")
		equal(t, "claimed", one[int64](other, "select count(*) from jobmachine.claim('q', 3000, $1)", lease), 3000)
		n := s.buffersOfClaim(100, lease)
		equal(t, "the last one, beyond the other's", one[int64](s, "select max(job_id) from jobmachine.running"), 3200)
		return n
	}
	beside := pages("")
	through := pages(`create or replace function jobmachine._collect_batch(queue text, n integer, now timestamptz) returns tid[] language sql
		as 'select jobmachine._collect(queue, n, now, null)'`)
	if through < 3*beside {
		t.Errorf("a claim of 100 beside an open one of 3,000 touches %d buffers, and %d if it begins at the front", beside, through)
	}
}

func TestABatchLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	send := "select jobmachine.send_many('q', array_fill('1'::jsonb, array[100]))"
	for name, hidden := range map[string]struct{ before, by, end string }{ // the first hundred jobs: the first batch does not see them
		"sent, and committed late": {"select", send, "commit"},
		"claimed, and given back":  {send, "select jobmachine.claim('q', 100)", "rollback"},
	} {
		for _, later := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, later %v", name, later), func(t *testing.T) {
				t.Parallel()
				db := pgtest.New(t)
				s, other := connect(t, db), connect(t, db)
				s.at("10")
				s.exec(hidden.before)
				other.exec("begin")
				other.exec(hidden.by)
				s.fill(450, 5)
				equal(t, "at the front, as far as one sees", s.batch("q"), "101-200")
				other.exec(hidden.end)
				equal(t, "where the last one ended", s.batch("q"), "201-300")
				s.fill(100, 0)
				equal(t, "what is urgent", s.batch("q"), "551-650")
				equal(t, "further", s.batch("q"), "301-400")
				if later {
					s.at("11")
					equal(t, "a second later at the front", s.batch("q"), "1-100")
					equal(t, "further", s.batch("q"), "401-500")
					equal(t, "the rest", s.batch("q"), "501-550")
				} else {
					equal(t, "further", s.batch("q"), "401-500")
					equal(t, "the rest, and what lies before", s.batch("q"), "1-50 501-550")
					equal(t, "the rest", s.batch("q"), "51-100")
				}
				equal(t, "nothing", s.batch("q"), "")
			})
		}
	}
}

// What is not returned is not locked either, or nobody would have it until the transaction ends.
func TestABatchLocksWhatItTakes(t *testing.T) {
	t.Parallel()
	for name, claim := range map[string]string{
		"what lies before":            "select jobmachine.claim('q', 100)",
		"a queue that is named twice": "select jobmachine.claim_many(array['q*', 'q'], 240, array[120, 120])",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			s, other, late := connect(t, db), connect(t, db), connect(t, db)
			s.at("10")
			late.exec("begin")
			late.fill(100, 5)
			s.fill(350, 5)
			equal(t, "at the front", s.batch("q"), "101-200")
			equal(t, "where it ended", s.batch("q"), "201-300")
			late.exec("commit")
			s.exec("begin")
			s.exec(claim)
			n := one[int](s, "select count(*) from jobmachine.pending")
			equal(t, "claimed by others: what is left", one[int](other, "select count(*) from jobmachine.claim('q', 1000)"), n)
		})
	}
}

// A session that always fails must not keep the others from the front, nor itself.
func TestABatchThatIsRolledBackIsClaimedNext(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, other := connect(t, db), connect(t, db)
	s.at("10")
	s.fill(1000, 5)
	for range 2 {
		s.exec("begin")
		equal(t, "rolled back", s.batch("q"), "1-100")
		s.exec("rollback")
	}
	equal(t, "claimed by another", other.batch("q"), "1-100")
	equal(t, "claimed by another, further", other.batch("q"), "101-200")
	equal(t, "claimed by the same", s.batch("q"), "201-300")
	equal(t, "claimed by the same, further", s.batch("q"), "301-400")
}

// A claim that is under way when the second ends must not move the hint of the next one.
func TestABatchThatIsLateMovesNoHint(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, slow, stop := connect(t, db), connect(t, db), connect(t, db)
	s.replace("_collect_batch", "  if cardinality(v_tickets) = _collect_batch.n then", `  if current_setting('test.slow', true) = 'on' then
		perform pg_advisory_xact_lock_shared(4711);
	end if;
	if cardinality(v_tickets) = _collect_batch.n then`)
	s.at("10")
	s.fill(2000, 5)
	equal(t, "at the front", slow.batch("q"), "1-100")
	stop.exec("begin")
	stop.exec("select jobmachine.claim('q', 1000)") // 101 to 1100, and back
	stop.exec("rollback")
	stop.exec("select pg_advisory_lock(4711)")
	late := make(chan string, 1)
	slow.exec("set test.slow = on")
	go func() { late <- slow.batch("q") }()
	pgtest.Eventually(t, "the slow claim has its jobs", func() bool {
		return one[bool](s, "select exists (select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted)")
	})
	s.at("11")
	equal(t, "a second later at the front", s.batch("q"), "101-200")
	stop.exec("select pg_advisory_unlock(4711)")
	equal(t, "late", pgtest.Receive(t, late), "1101-1200")
	equal(t, "where the last one of this second ended", s.batch("q"), "201-300")
}

// Low-water marks of other priorities are kept, and so is the order of priorities.
func TestABatchKeepsThePrioritiesInOrder(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, late := connect(t, db), connect(t, db)
	s.at("10")
	s.exec("select setval('jobmachine.position', 1000)")
	s.exec("insert into jobmachine.low_water (queue, priority, position) values ('q', 0, 900), ('q', 5, 950), ('q', 8, 990)")
	late.exec("begin")
	late.fill(30, 5)
	s.fill(150, 5)
	s.fill(100, 8)
	s.fill(200, 9)
	equal(t, "at the front", s.batch("q"), "1031-1130")
	late.exec("commit")
	s.fill(20, 0)
	s.fill(10, 3)
	equal(t, "urgent, further, before", s.batch("q"), "1481-1510 1001-1020 1131-1180")
	equal(t, "before, less urgent", s.batch("q"), "1021-1030 1181-1270")
	equal(t, "less urgent, least urgent", s.batch("q"), "1271-1370")
}

func TestABatchBeginsWhereTheLastOneOfItsQueueEnded(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.at("10")
	for _, queue := range []string{"r", "q", "q", "r"} {
		s.exec("select jobmachine.send_many($1, array_fill('1'::jsonb, array[150]))", queue)
	}
	equal(t, "q", s.batch("q"), "151-250")
	equal(t, "q", s.batch("q"), "251-350")
	equal(t, "r", s.batch("r"), "1-100")
	equal(t, "q", s.batch("q"), "351-450")
	equal(t, "r", s.batch("r"), "101-150 451-500")
}

func TestQueuesAreDrainedInBatchesSideBySide(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w', '1 h')")
	const each = 6000
	var all, sending sync.WaitGroup
	sent := make(chan struct{})
	for _, queue := range []string{"q", "r"} {
		sending.Go(func() {
			s := connect(t, db)
			for range each / 60 {
				s.exec("select jobmachine.send_many($1, array_fill('1'::jsonb, array[60]), priority => (random() * 2)::smallint)", queue)
			}
		})
		for range 3 {
			all.Go(func() {
				s := connect(t, db)
				for last := false; !last; {
					select {
					case <-sent:
						last = true
					default:
					}
					for one[int](s, "select count(*) from jobmachine.claim($1, 100 + (random() * 200)::int, $2)", queue, lease) > 0 {
						last = false
					}
				}
			})
		}
	}
	sending.Wait()
	close(sent)
	all.Wait()
	equal(t, "running, each once", one[int](s, "select count(distinct job_id) from jobmachine.running"), 2*each)
	equal(t, "pending", one[int](s, "select count(*) from jobmachine.pending"), 0)
}
