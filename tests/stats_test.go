package tests

import (
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// The planner takes a room for empty that was empty when it was last analyzed, however many tickets have come since. What
// looks for one job must not read all of a room even then.
func TestOneJobIsFoundThoughStatisticsAreOld(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := connect(t, db)
	lease := one[int64](s, "select jobmachine.open_lease('w', '1 h')")
	rooms := []string{"pending", "running", "scheduled", "finished", "job", "reply", "failed_attempt"}
	fill := func(jobs int) {
		send := func(queue, options string) { // and start them, unless they are for later
			s.exec("select jobmachine.send_many($1, array_fill('{}'::jsonb, array[$2::int])"+options+")", queue, jobs)
			if options == "" {
				equal(t, "claimed", one[int](s, "select count(*) from jobmachine.claim($1, $2, $3)", queue, jobs, lease), jobs)
			}
		}
		settle := `select jobmachine.settle(array_agg(r.job_id), array_agg(r.receipt), array_agg($2::text), delays => array_agg('1 h'::interval))
			from jobmachine.running r where r.queue = $1`
		send("done", "")
		s.exec("select jobmachine.reply(r.job_id, r.receipt, '1') from jobmachine.running r")
		s.exec(settle, "done", "complete")
		send("again", "")
		s.exec(settle, "again", "fail")
		send("later", ", delay => '1 h'")
		send("busy", "")
		s.exec("select jobmachine.send_many('wait', array_fill('{}'::jsonb, array[$1::int]))", 2*jobs)
	}
	for _, room := range rooms[:3] {
		s.exec("alter table jobmachine." + room + " set (autovacuum_enabled = off)")
	}
	fill(1000)
	for _, room := range rooms {
		s.exec("delete from jobmachine." + room)
	}
	s.exec("vacuum (analyze)")
	for _, room := range rooms[:3] {
		equal(t, room+" has pages for nothing", one[bool](s, "select relpages > 0 and reltuples = 0 from pg_class where oid = ('jobmachine.' || $1)::regclass", room), true)
	}
	fill(5000)
	inQueue := `select t.job_id from (select job_id, queue from jobmachine.pending union all select job_id, queue from jobmachine.running
		union all select job_id, queue from jobmachine.scheduled union all select job_id, queue from jobmachine.finished) t
		where t.queue = $1 order by random() limit 1`
	for _, call := range []struct{ queue, sql string }{
		{"done", "select * from jobmachine.status($1)"},
		{"wait", "select * from jobmachine.status($1)"},
		{"later", "select * from jobmachine.status($1)"},
		{"busy", "select * from jobmachine.status($1)"},
		{"wait", "select jobmachine.cancel($1)"},
		{"later", "select jobmachine.cancel($1)"},
		{"busy", "select jobmachine.cancel($1)"},
		{"wait", "select jobmachine.remove($1)"},
		{"later", "select jobmachine.remove($1)"},
		{"done", "select jobmachine.remove($1)"},
		{"done", "select jobmachine.retry($1)"},
		{"again", "select jobmachine.retry($1)"},
		{"wait", "select jobmachine.retry($1)"},
		{"done", "select * from jobmachine.receive($1)"},
		{"done", "select * from jobmachine.replies($1)"},
		{"wait", "select * from jobmachine.check($1)"},
		{"busy", "select jobmachine.complete($1, (select receipt from jobmachine.running where job_id = $1))"},
		{"busy", "select jobmachine.fail($1, (select receipt from jobmachine.running where job_id = $1), 'no')"},
		{"busy", "select jobmachine.release($1, (select receipt from jobmachine.running where job_id = $1))"},
		{"busy", "select jobmachine.snooze($1, (select receipt from jobmachine.running where job_id = $1), '1 h')"},
		{"busy", "select jobmachine.reply($1, (select receipt from jobmachine.running where job_id = $1), '1')"},
		{"busy", "select jobmachine.settle(array[$1::bigint], array(select receipt from jobmachine.running where job_id = $1), array['complete'])"},
		{"done", "select jobmachine.complete($1, 1)"},
		{"wait", "select * from jobmachine.claim('wait', lease_id => (select min(id) from jobmachine.lease where $1 > 0))"},
		{"wait", "select jobmachine.send('q' || $1::bigint, unique_key => 'k')"},
		{"wait", "insert into jobmachine.jobs (queue) values ('q' || $1::bigint)"},
	} {
		// The same call for two jobs: the first one plans.
		pages := 0.0
		for range 2 {
			pages = s.pages(call.sql, one[int64](s, inQueue, call.queue))
		}
		if pages > 60 {
			t.Errorf("%s of one that is %s reads %.0f pages", call.sql, call.queue, pages)
		}
	}
}
