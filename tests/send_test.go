package tests

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestSendManyReturnsIDsInInputOrder(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	ids := one[[]int64](s, "select jobmachine.send_many('q', array(select to_jsonb(n) from generate_series(1, 10000) n))")
	equal(t, "ids", len(ids), 10000)
	equal(t, "jobs whose payload is not their place", one[int64](s,
		"select count(*) from unnest($1::bigint[]) with ordinality i (id, n) join jobmachine.jobs j using (id) where j.payload <> to_jsonb(i.n)", ids), 0)
	equal(t, "an empty array", len(one[[]int64](s, "select jobmachine.send_many('q', '{}')")), 0)
}

func TestEveryOptionOfSendArrives(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	id := one[int64](s, `select jobmachine.send('q', '{"a": 1}', priority => 3, delay => '1 h', max_attempts => 7, timeout => '1 min',
		expires_in => '2 h', unique_key => 'k', headers => '{"trace": "x"}', reply_to => 'back')`)
	equal(t, "row", one[string](s, `select concat_ws(' ', state, payload, priority, max_attempts, headers, unique_key, run_at - created_at between '59 min' and '61 min')
		from jobmachine.status($1)`, id), `scheduled {"a": 1} 3 7 {"trace": "x"} k t`)
	equal(t, "scheduled", one[int64](s, "select scheduled from jobmachine.queues where name = 'q'"), 1)
	equal(t, "retry brings it forward", one[string](s, "select jobmachine.retry($1)", id), "ok")
	equal(t, "claimed", one[string](s, "select concat_ws(' ', headers, reply_to, attempt, max_attempts, deadline_at is not null) from jobmachine.claim('q')"), `{"trace": "x"} back 1 7 t`)
}

func TestAPastTimeMeansNow(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	equal(t, "state", s.state(one[int64](s, "select jobmachine.send('q', run_at => '1999-12-31')")), "pending")
	equal(t, "state", s.state(one[int64](s, "select jobmachine.send('q', delay => '0')")), "pending")
}

func TestADuplicateGetsTheIDOfTheFirst(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	first := one[int64](s, "select jobmachine.send('q', unique_key => 'k')")
	equal(t, "duplicate", one[int64](s, "select jobmachine.send('q', unique_key => 'k')"), first)
	equal(t, "scheduled duplicate", one[int64](s, "select jobmachine.send('q', unique_key => 'k', delay => '1 h')"), first)
	if one[int64](s, "select jobmachine.send('r', unique_key => 'k')") == first {
		t.Error("the key of another queue counts")
	}
	ids := one[[]int64](s, "select jobmachine.send_many('q', array_fill('{}'::jsonb, array[5]), unique_keys => array['x', 'k', 'x', null, null])")
	if ids[0] != ids[2] || ids[1] != first || ids[3] == ids[4] {
		t.Errorf("ids of the batch: %v, the first job is %d", ids, first)
	}
	equal(t, "jobs", one[int64](s, "select count(*) from jobmachine.jobs"), 5)

	r := s.claimOne("q")
	equal(t, "while it runs", one[int64](s, "select jobmachine.send('q', unique_key => 'k')"), first)
	equal(t, "retried", one[string](s, "select jobmachine.fail($1, $2, 'no')", r.ID, r.Receipt), "ok")
	equal(t, "while it waits", one[int64](s, "select jobmachine.send('q', unique_key => 'k')"), first)
	equal(t, "cancelled", one[string](s, "select jobmachine.cancel($1)", first), "cancelled")
	if second := one[int64](s, "select jobmachine.send('q', unique_key => 'k')"); second == first {
		t.Error("the key of a job that is over still counts")
	} else {
		equal(t, "a retry of the first", s.code("select jobmachine.retry($1)", first), "JM003")
		equal(t, "its state", s.state(first), "cancelled")
		equal(t, "removed", one[string](s, "select jobmachine.remove($1)", second), "ok")
		equal(t, "a retry with the key free", one[string](s, "select jobmachine.retry($1)", first), "ok")
	}
}

func TestUniqueForHoldsFinishedOrNot(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	first := one[int64](s, "select jobmachine.send('q', unique_key => 'k', unique_for => '1 h')")
	r := s.claimOne("q")
	s.exec("select jobmachine.complete($1, $2)", r.ID, r.Receipt)
	equal(t, "within the hour", one[int64](s, "select jobmachine.send('q', unique_key => 'k', unique_for => '1 h')"), first)
	db.Advance(61 * time.Minute)
	second := one[int64](s, "select jobmachine.send('q', unique_key => 'k', unique_for => '1 h')")
	if second == first {
		t.Fatal("the key holds longer than unique_for")
	}
	db.Advance(61 * time.Minute)
	if third := one[int64](s, "select jobmachine.send('q', unique_key => 'k', unique_for => '1 h')"); third == second {
		t.Error("an unfinished job holds the key longer than unique_for")
	}
}

func TestTwoSendersOfOneKeyStoreOneJob(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"commit", "rollback"} {
		t.Run("the first does "+end, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			a, b, ctl := connect(t, db), connect(t, db), connect(t, db)
			a.exec("begin")
			first := one[int64](a, "select jobmachine.send('q', unique_key => 'k')")
			second := make(chan int64)
			go func() { second <- one[int64](b, "select jobmachine.send('q', unique_key => 'k')") }()
			db.WaitBlocked(b.PgConn().PID())
			a.exec(end)
			if id := <-second; (id == first) != (end == "commit") {
				t.Errorf("the second got %d, the first %d", id, first)
			}
			equal(t, "jobs", one[int64](ctl, "select count(*) from jobmachine.jobs"), 1)
		})
	}
}

func TestAnOpenDuplicateDoesNotHoldUpTheWorker(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, open := connect(t, db), connect(t, db)
	s.exec("select jobmachine.send('q', unique_key => 'k')")
	r := s.claimOne("q")
	open.exec("begin")
	equal(t, "duplicate", one[int64](open, "select jobmachine.send('q', unique_key => 'k')"), r.ID)
	s.exec("set lock_timeout = '10 s'")
	equal(t, "verdict", one[string](s, "select jobmachine.complete($1, $2)", r.ID, r.Receipt), "ok")
}

func TestAPlainInsertIsASend(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	row := one[string](s, `insert into jobmachine.jobs (queue, payload, priority, run_at, unique_key, headers) values ('q', '{"a": 1}', 2, now() + interval '1 h', 'k', '{"h": 1}')
		returning concat_ws(' ', id > 0, queue, state, payload, priority, attempt, max_attempts, run_at > created_at, unique_key, headers)`)
	equal(t, "row", row, `t q scheduled {"a": 1} 2 0 25 t k {"h": 1}`)
	first := one[int64](s, "insert into jobmachine.jobs (queue) values ('r') returning id")
	equal(t, "state", s.state(first), "pending")
	equal(t, "a duplicate", one[int64](s, "insert into jobmachine.jobs (queue, unique_key) values ('q', 'k') returning id"), first-1)
	equal(t, "no queue", s.code("insert into jobmachine.jobs (payload) values ('{}')"), "JM001")
	equal(t, "an id", s.code("insert into jobmachine.jobs (id, queue) values (1, 'q')"), "JM001")
	n, err := s.CopyFrom(t.Context(), []string{"jobmachine", "jobs"}, []string{"queue", "payload"}, &rows{n: 100})
	if err != nil || n != 100 {
		t.Errorf("COPY: %d rows, %v", n, err)
	}
	equal(t, "jobs copied", one[int64](s, "select count(*) from jobmachine.jobs where queue = 'copied'"), 100)
}

type rows struct{ n int }

func (r *rows) Next() bool             { r.n--; return r.n >= 0 }
func (r *rows) Values() ([]any, error) { return []any{"copied", map[string]int{"n": r.n}}, nil }
func (r *rows) Err() error             { return nil }

func TestReplyToGetsAJobWhenTheJobIsOver(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	for range 4 {
		s.exec("select jobmachine.send('q', reply_to => 'back', max_attempts => 1)")
	}
	r := s.claim("q", 3, nil)
	s.exec("select jobmachine.complete($1, $2, '42')", r[0].ID, r[0].Receipt)
	s.exec("select jobmachine.fail($1, $2, 'broken')", r[1].ID, r[1].Receipt)
	s.exec("select jobmachine.settle(array[$1::bigint], array[$2::bigint], array['cancel'], errors => array['not needed'])", r[2].ID, r[2].Receipt)
	s.exec("select jobmachine.cancel($1, 'by hand')", r[2].ID+1)
	got := column[string](s, "select payload::text from jobmachine.claim('back', 10)")
	for i, want := range []string{
		`"reply": 42, "state": "completed"`, `"error": "broken"`, `"error": "not needed"`, `"error": "by hand"`,
	} {
		if i >= len(got) || !strings.Contains(got[i], want) {
			t.Errorf("job %d: %v, want %s in it", i, got, want)
		}
	}
}

func TestALargeReplyPassesOnThroughReplyTo(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("select jobmachine.send('q', reply_to => 'back')")
	r := s.claimOne("q")
	equal(t, "verdict", one[string](s, "select jobmachine.complete($1, $2, to_jsonb(repeat('x', 1048000)))", r.ID, r.Receipt), "ok")
	equal(t, "length", one[int64](s, "select length(payload ->> 'reply') from jobmachine.claim('back')"), 1048000)
}

func TestIDsBeyondFourBillion(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("select setval('jobmachine.position', 149999999)")
	var last int64
	for range 3 {
		last = one[int64](s, "select jobmachine.send('q')")
		s.exec("select jobmachine.tick()")
		s.exec("update jobmachine.meta set segments_checked_at = '-infinity'")
	}
	s.exec("select setval('jobmachine.position', 5000000000)")
	s.exec("select jobmachine.tick()")
	id := one[int64](s, "select jobmachine.send('q')")
	equal(t, "state", s.state(id), "pending")
	equal(t, "state", s.state(last), "pending")
	equal(t, "claimed", fmt.Sprint(len(s.claim("q", 10, nil))), "4")
}

func TestACompressedPayloadCannotPassTheLimit(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("create table big as select to_jsonb(repeat('x', 20000000)) as payload")
	equal(t, "send", s.code("select jobmachine.send('q', payload) from big"), "JM002")
	equal(t, "send_many", s.code("select jobmachine.send_many('q', array[payload]) from big"), "JM002")
}

func TestCollationsOfTheCallersDoNotMatter(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec(`create table k (v text collate "C.utf8", w text collate "POSIX")`)
	s.exec("insert into k values ('gl.a', 'gl.*')")
	for _, sql := range []string{
		"select jobmachine.send(v, unique_key => w) from k", "select jobmachine.send_many(v, array['1']::jsonb[], unique_keys => array[w]) from k",
		"select jobmachine.claim(w) from k", "select jobmachine.claim_many(array[w, 'x'], 1) from k", "select jobmachine.park(array[w]) from k", "select jobmachine.park(array[w]) from k",
		"select jobmachine.pause(v) from k", "select jobmachine.resume(v) from k", "select jobmachine.configure(v, max_attempts => 2) from k",
	} {
		equal(t, sql, s.code(sql), "")
	}
}
