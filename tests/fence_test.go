package tests

import (
	"fmt"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// Every verb that shows a receipt.
var verbs = map[string]string{
	"complete": "select jobmachine.complete($1, $2, '1')",
	"fail":     "select jobmachine.fail($1, $2, 'no')",
	"discard":  "select jobmachine.fail($1, $2, 'no', permanent => true)",
	"snooze":   "select jobmachine.snooze($1, $2, '1 h')",
	"release":  "select jobmachine.release($1, $2)",
	"reply":    "select jobmachine.reply($1, $2, '1')",
	"settle":   "select (jobmachine.settle(array[$1::bigint], array[$2::bigint], array['complete'], array['1']))[1]",
	"cancel":   "select (jobmachine.settle(array[$1::bigint], array[$2::bigint], array['cancel']))[1]",
}

func TestALostReceiptIsStaleAndChangesNothing(t *testing.T) {
	t.Parallel()
	for verb, sql := range verbs {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			db.SetClock(0)
			s := connect(t, db)
			s.exec("select jobmachine.send('q', timeout => '1 min')")
			lease := one[int64](s, "select jobmachine.open_lease('w', '1 h')")
			old := s.claim("q", 1, lease)[0]
			db.Advance(2 * time.Minute)
			s.exec("select jobmachine.tick()")
			db.Advance(time.Minute)
			s.exec("select jobmachine.tick()")
			// The same worker, under the same lease, has the job again: the older run must not end it.
			again := s.claim("q", 1, lease)[0]
			equal(t, "job", again.ID, old.ID)
			before := s.contents()
			equal(t, "verdict", one[string](s, sql, old.ID, old.Receipt), "stale")
			if s.contents() != before {
				t.Error("a stale verb has changed something")
			}
			equal(t, "verdict on the job that runs", one[string](s, sql, again.ID, again.Receipt), "ok")
		})
	}
}

func TestTheReceiptOfARunThatWasTakenAwayStaysStaleWhenTheJobIsOver(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.SetClock(0)
	s := connect(t, db)
	s.exec("select jobmachine.send('q', timeout => '1 min', max_attempts => 1)")
	r := s.claimOne("q")
	db.Advance(2 * time.Minute)
	s.exec("select jobmachine.tick()")
	equal(t, "state", s.state(r.ID), "failed")
	for verb, sql := range verbs {
		equal(t, verb, one[string](s, sql, r.ID, r.Receipt), "stale")
	}
}

func TestAVerbThatIsRepeatedIsAlreadyDone(t *testing.T) {
	t.Parallel()
	for verb, sql := range verbs {
		if verb == "reply" {
			continue // each is a new answer
		}
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			s := connect(t, pgtest.New(t))
			s.exec("select jobmachine.send('q')")
			r := s.claimOne("q")
			equal(t, "first", one[string](s, sql, r.ID, r.Receipt), "ok")
			before := s.contents()
			equal(t, "second", one[string](s, sql, r.ID, r.Receipt), "already")
			for other, sql := range verbs {
				equal(t, "then "+other, one[string](s, sql, r.ID, r.Receipt), "already")
			}
			if s.contents() != before {
				t.Error("a repeated verb has changed something")
			}
		})
	}
}

func TestAFailRepeatedDuringTheNextRunIsAlreadyDone(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("select jobmachine.send('q')")
	r := s.claimOne("q")
	s.exec("select jobmachine.fail($1, $2, 'no', retry_in => '0')", r.ID, r.Receipt)
	next := s.claimOne("q")
	equal(t, "fail", one[string](s, "select jobmachine.fail($1, $2, 'no')", r.ID, r.Receipt), "already")
	equal(t, "complete", one[string](s, "select jobmachine.complete($1, $2)", next.ID, next.Receipt), "ok")
}

func TestAReceiptOfNoJobIsUnknown(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	for verb, sql := range verbs {
		equal(t, verb, one[string](s, sql, 4711, 1), "unknown")
	}
}

func TestSettleGivesEachItsVerdict(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[9]))")
	r := s.claim("q", 9, nil)
	s.exec("select jobmachine.cancel($1)", r[6].ID)
	got := one[string](s, `select jobmachine.settle($1, $2,
		array['complete', 'fail', 'discard', 'snooze', 'release', 'cancel', 'fail', 'complete', 'complete', 'complete'],
		replies => array['{"n": 1}', null, null, null, null, null, null, '', null, null],
		errors => array[null, 'e1', 'e2', null, '', 'enough', 'e6', null, null, null],
		delays => array[null, null, null, '1 h', null, null, null, null, null, null]::interval[])::text`,
		[]int64{r[0].ID, r[1].ID, r[2].ID, r[3].ID, r[4].ID, r[5].ID, r[6].ID, r[7].ID, r[8].ID, r[0].ID},
		[]int64{r[0].Receipt, r[1].Receipt, r[2].Receipt, r[3].Receipt, r[4].Receipt, r[5].Receipt, r[6].Receipt, r[7].Receipt, 1, r[0].Receipt})
	equal(t, "verdicts", got, "{ok,ok,ok,ok,ok,ok,cancelled,ok,stale,already}")
	equal(t, "rows", one[string](s, "select string_agg(concat_ws(' ', state, attempt, reply, error, reason), ', ' order by id) from jobmachine.jobs"),
		`completed 1 {"n": 1}, scheduled 1 e1 failed, failed 1 e2 failed, scheduled 0, pending 0, cancelled 1 enough, cancelled 1 cancelled, completed 1, running 1`)
}

func TestAPoisonedElementOfSettleFailsAloneAndWithItsReason(t *testing.T) {
	t.Parallel()
	poisons := []struct{ name, outcome, reply, delay string }{
		{"malformed JSON", "complete", `{"a":`, ""},
		{"a NUL", "complete", `"a\u0000b"`, ""},
		{"a reply over 1 MB", "complete", `"` + string(make1MB()) + `"`, ""},
		{"an unknown outcome", "finish", "", ""},
		{"a snooze without a delay", "snooze", "", ""},
		{"a negative delay", "fail", "", "-1 s"},
	}
	for _, p := range poisons {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := connect(t, pgtest.New(t))
			s.exec("select jobmachine.send_many('q', array_fill('{}'::jsonb, array[3]))")
			r := s.claim("q", 3, nil)
			got := one[string](s, `select jobmachine.settle($1, $2, array['complete', $3, 'fail'], array['1', $4, ''], array['', 'e', 'e'], array[null, nullif($5, '')::interval, null])::text`,
				[]int64{r[0].ID, r[1].ID, r[2].ID}, []int64{r[0].Receipt, r[1].Receipt, r[2].Receipt}, p.outcome, p.reply, p.delay)
			equal(t, "verdicts", got, "{ok,invalid,ok}")
			equal(t, "states", fmt.Sprint(s.state(r[0].ID), s.state(r[1].ID), s.state(r[2].ID)), fmt.Sprint("completed", "scheduled", "scheduled"))
			if e := one[string](s, "select error from jobmachine.attempts where job_id = $1", r[1].ID); len(e) < 40 {
				t.Errorf("the attempt's error does not say why: %q", e)
			}
		})
	}
}

func make1MB() []byte {
	b := make([]byte, 1<<20)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

func TestCompleteCommitsWithTheHandlersRows(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("create table effect (job_id bigint primary key)")
	s.exec("select jobmachine.send('q')")
	r := s.claimOne("q")
	for _, end := range []string{"rollback", "commit"} {
		s.exec("begin")
		s.exec("insert into effect values ($1)", r.ID)
		equal(t, "verdict", one[string](s, "select jobmachine.complete($1, $2)", r.ID, r.Receipt), "ok")
		s.exec(end)
	}
	equal(t, "state", s.state(r.ID), "completed")
	equal(t, "effects", one[int64](s, "select count(*) from effect"), 1)
}

// As when a crash has undone an asynchronous claim: the ticket is where it was, and the lease lives on.
func TestAClaimThatWasUndoneLeavesNoReceiptBehind(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("select jobmachine.send('q')")
	lease := one[int64](s, "select jobmachine.open_lease('w')")
	s.exec("begin")
	lost := s.claim("q", 1, lease)[0]
	s.exec("rollback")
	again := s.claim("q", 1, lease)[0]
	equal(t, "job", again.ID, lost.ID)
	equal(t, "verdict on the lost receipt", one[string](s, "select jobmachine.complete($1, $2)", lost.ID, lost.Receipt), "stale")
	equal(t, "verdict", one[string](s, "select jobmachine.complete($1, $2)", again.ID, again.Receipt), "ok")
}

// Arrays that do not begin at 1, or have more dimensions than one, are what they hold.
func TestSettleReadsArraysOfAnyShape(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	for _, replies := range []string{`{"{\"a\": 1}"}`, `[0:0]={"{\"a\": 1}"}`, `{{"{\"a\": 1}"}}`} {
		id := one[int64](s, "select jobmachine.send('q')")
		got := one[string](s, "select jobmachine.settle(array[id], array[receipt], '{complete}', $1::text::text[])::text from jobmachine.claim('q')", replies)
		equal(t, "verdict with "+replies, got, "{ok}")
		equal(t, "reply with "+replies, one[string](s, "select coalesce(reply::text, 'none') from jobmachine.status($1)", id), `{"a": 1}`)
	}
}
