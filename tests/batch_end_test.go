package tests

import (
	"fmt"
	"sync"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// Who claims a batch begins where the last one ended, and looks behind it if there is not enough, and now and then.

// at stops the clock.
func (s session) at(moment string) {
	s.exec("create or replace function jobmachine._now() returns timestamptz language sql volatile as $$ select timestamptz '2030-01-01 00:00:" + moment + "' $$")
}

func TestABatchIsNotInTheWayOfOthers(t *testing.T) {
	t.Parallel()
	pages := func(mutant string) int64 {
		db := pgtest.New(t)
		s := connect(t, db)
		s.exec(mutant)
		s.at("10")
		lease := one[int64](s, "select jobmachine.open_lease('w', '1 day')")
		s.exec("select jobmachine.send_many('q', array_fill('1'::jsonb, array[4000]))")
		s.buffersOfClaim(100, lease) // the plans are made
		other := connect(t, db)
		other.exec("begin")
		equal(t, "claimed", one[int64](other, "select count(*) from jobmachine.claim('q', 3000, $1)", lease), 3000)
		n := s.buffersOfClaim(100, lease)
		equal(t, "the first one behind the other's", one[int64](s, "select max(job_id) from jobmachine.running"), 3200)
		return n
	}
	beside := pages("")
	through := pages(`create or replace function jobmachine._collect_batch(queue text, n integer, now timestamptz) returns tid[] language sql
		as 'select jobmachine._collect(queue, n, now)'`)
	if beside > 1500 || through < beside+3000 {
		t.Errorf("a claim of 100 beside an open one of 3,000 touches %d buffers, and %d if it begins at the front", beside, through)
	}
}

func TestABatchLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	first := "select jobmachine.send_many('q', array_fill('1'::jsonb, array[100]))"
	for name, hidden := range map[string]struct{ before, by, end string }{ // the first hundred jobs: the first batch does not see them
		"sent, and committed late": {"", first, "commit"},
		"claimed, and given back":  {first, "select jobmachine.claim('q', 100)", "rollback"},
	} {
		for _, later := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, later %v", name, later), func(t *testing.T) {
				t.Parallel()
				db := pgtest.New(t)
				s, other := connect(t, db), connect(t, db)
				s.at("10")
				lease := one[int64](s, "select jobmachine.open_lease('w', '1 day')")
				expect := func(what string, first, n int) {
					t.Helper()
					ids := column[int](s, "select id from jobmachine.claim('q', 100, $1)", lease)
					if len(ids) != n || n > 0 && ids[0] != first {
						t.Fatalf("%s: the jobs are %v, want %d from %d on", what, ids, n, first)
					}
				}
				s.exec(hidden.before)
				other.exec("begin")
				other.exec(hidden.by)
				s.exec("select jobmachine.send_many('q', array_fill('1'::jsonb, array[450]))")
				expect("at the front, as far as one sees", 101, 100)
				other.exec(hidden.end)
				expect("where the last one ended", 201, 100)
				s.exec("select jobmachine.send_many('q', array_fill('1'::jsonb, array[100]), priority => 0::smallint)")
				expect("what is urgent", 551, 100)
				expect("further", 301, 100)
				if later {
					s.at("11")
					expect("a second later at the front", 1, 100)
					expect("further", 401, 100)
				} else {
					expect("further", 401, 100)
					expect("at the front, as there is not enough behind", 1, 100)
				}
				expect("the rest", 501, 50)
				expect("nothing", 0, 0)
			})
		}
	}
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
