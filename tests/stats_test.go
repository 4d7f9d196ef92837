package tests

import (
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// The planner takes a room for empty that was empty when it was last analyzed. What looks for one job must not
// read all of pending even then.
func TestOneJobIsFoundThoughStatisticsAreOld(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w', '1 h')")
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[3000]))")
	s.exec(`select jobmachine.settle(array_agg(c.id), array_agg(c.receipt), array_agg('complete'::text)) from jobmachine.claim('q', 3000, $1) c`, lease)
	s.exec("alter table jobmachine.pending set (autovacuum_enabled = off)")
	s.exec("vacuum (analyze)")
	equal(t, "pages of pending that are there for nothing", one[bool](s, "select relpages > 0 and reltuples = 0 from pg_class where oid = 'jobmachine.pending'::regclass"), true)
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[20000]))")
	done := one[int64](s, "select max(job_id) from jobmachine.finished")
	for _, sql := range []string{
		"select * from jobmachine.status($1)",         // of one that is over
		"select * from jobmachine.status($1 + 10000)", // and of one that is pending
		"select jobmachine.cancel($1 + 10001 + trunc(random() * 5000)::bigint)",
		"select jobmachine.remove($1 + 15002 + trunc(random() * 4000)::bigint)",
		"select jobmachine.retry($1 - trunc(random() * 1000)::bigint)",
		"insert into jobmachine.jobs (queue) values ('q' || $1::bigint)",
	} {
		if pages := s.buffers(sql, done); pages > 100 {
			t.Errorf("%s reads %.0f pages", sql, pages)
		}
	}
}
