package tests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// What list says must be what the view says, which is slow.
func TestListIsTheViewNewestFirst(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	for _, queue := range []string{"q", "r"} {
		for _, end := range []string{
			"",
			"select jobmachine.complete($1, $2, '1')",
			"select jobmachine.fail($1, $2, 'no')",
			"select jobmachine.fail($1, $2, 'no', permanent => true)",
			"select jobmachine.release($1, $2)",
			"select jobmachine.complete($1, $2)",
		} {
			s.exec("select jobmachine.send($1, '{\"a\": 1}', priority => 3)", queue)
			if r := s.claimOne(queue); end != "" {
				s.exec(end, r.ID, r.Receipt)
			}
			if strings.Contains(end, "release") {
				s.exec("select jobmachine.cancel($1)", one[int64](s, "select max(job_id) from jobmachine.pending"))
			}
		}
		s.exec("select jobmachine.send($1)", queue)
		s.exec("select jobmachine.send($1, delay => '1 h')", queue)
	}
	middle := one[int64](s, "select min(id) + 5 from jobmachine.jobs")
	seen := map[string]bool{}
	for _, queue := range []any{nil, "q", "r", "none"} {
		for _, state := range []any{nil, "scheduled", "pending", "running", "completed", "failed", "cancelled"} {
			for _, before := range []any{nil, middle, 1} {
				for _, n := range []int{1, 2, 1000} {
					got := column[string](s, "select l::text from jobmachine.list($1, $2, $3, $4) l", queue, state, n, before)
					want := column[string](s, `select j::text from jobmachine.jobs j where ($1::text is null or j.queue = $1) and ($2::text is null or j.state = $2)
						and ($4::bigint is null or j.id < $4) order by j.id desc limit $3`, queue, state, n, before)
					equal(t, fmt.Sprintf("queue %v, state %v, n %d, before %v", queue, state, n, before), strings.Join(got, "\n"), strings.Join(want, "\n"))
					seen[fmt.Sprint(state)] = seen[fmt.Sprint(state)] || len(want) > 0
				}
			}
		}
	}
	for state, some := range seen {
		equal(t, "there are jobs in state "+state, some, true)
	}
	equal(t, "50 are the default", one[int](s, "select count(*) from jobmachine.list(n => null)"), one[int](s, "select least(50, count(*)) from jobmachine.jobs"))
	equal(t, "a state that is none", s.code("select jobmachine.list(state => 'done')"), "JM001")
	equal(t, "no rows asked for", s.code("select jobmachine.list(n => 0)"), "JM001")
}

// Thirty times as many jobs must not cost more: one more level of an index here and there.
func TestListDoesNotReadAllThatIsKept(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w', '1 h')")
	work := func(jobs int) {
		for range jobs / 1000 {
			s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[1000]))")
			s.exec(`select jobmachine.settle(array_agg(c.id), array_agg(c.receipt), array_agg('complete'::text)) from jobmachine.claim('q', 1000, $1) c`, lease)
		}
		for range 5 {
			s.exec("select jobmachine.send('q')")
			r := s.claimOne("q")
			s.exec("select jobmachine.fail($1, $2, 'no', permanent => true)", r.ID, r.Receipt)
		}
		s.exec("vacuum (analyze)")
	}
	calls := []string{"n => 5", "state => 'completed', n => 5", "state => 'failed', n => 5", "queue => 'q', n => 5", "state => 'pending', queue => 'none'", "n => 5, before => 900"}
	few := map[string]float64{}
	work(1000)
	for _, call := range calls {
		few[call] = s.buffers("select * from jobmachine.list(" + call + ")")
	}
	work(30000)
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[10000]))")
	for _, call := range calls {
		if many := s.buffers("select * from jobmachine.list(" + call + ")"); many > 1.5*few[call] {
			t.Errorf("list(%s) reads %.0f pages with 41,000 jobs, %.0f with 1,000", call, many, few[call])
		}
	}
}
