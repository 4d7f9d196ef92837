package tests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestBadInputIsRefusedWithAnErrorOfOurOwnAndNothingIsStored(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	long := strings.Repeat("q", 10240)
	before := s.contents()
	for _, c := range []struct{ sql, code string }{
		{"select jobmachine.send(null)", "JM001"},
		{"select jobmachine.send('')", "JM001"},
		{"select jobmachine.send('" + long + "')", "JM001"},
		{"select jobmachine.send(repeat('ü', 256))", "JM001"},
		{"select jobmachine.send('gl.*')", "JM001"},
		{"select jobmachine.send('*')", "JM001"},
		{"select jobmachine.send('q', priority => -1)", "JM001"},
		{"select jobmachine.send('q', priority => 10)", "JM001"},
		{"select jobmachine.send('q', priority => 2147483647)", "JM001"},
		{"select jobmachine.send('q', priority => 2147483648)", "42883"},
		{"select jobmachine.send('q', max_attempts => 0)", "JM001"},
		{"select jobmachine.send('q', max_attempts => 10001)", "JM001"},
		{"select jobmachine.send('q', run_at => 'infinity')", "JM001"},
		{"select jobmachine.send('q', run_at => '-infinity')", "JM001"},
		{"select jobmachine.send('q', run_at => '9999-01-01')", "JM001"},
		{"select jobmachine.send('q', delay => '-1 s')", "JM001"},
		{"select jobmachine.send('q', delay => '1000 years')", "JM001"},
		{"select jobmachine.send('q', delay => '1 s', run_at => now())", "JM001"},
		{"select jobmachine.send('q', timeout => '-1 s')", "JM001"},
		{"select jobmachine.send('q', expires_in => '0')", "JM001"},
		{"select jobmachine.send('q', unique_key => '')", "JM001"},
		{"select jobmachine.send('q', unique_key => '" + long + "')", "JM001"},
		{"select jobmachine.send('q', unique_for => '1 s')", "JM001"},
		{"select jobmachine.send('q', unique_key => 'k', unique_for => '-1 s')", "JM001"},
		{"select jobmachine.send('q', headers => '[]')", "JM001"},
		{"select jobmachine.send('q', headers => '1')", "JM001"},
		{`select jobmachine.send('q', headers => '{"a": {}}')`, "JM001"},
		{"select jobmachine.send('q', headers => jsonb_build_object('a', repeat('x', 8192)))", "JM002"},
		{"select jobmachine.send('q', to_jsonb(repeat('x', 1048577)))", "JM002"},
		{"select jobmachine.send('q', reply_to => '')", "JM001"},
		{"select jobmachine.send('q', reply_to => 'a*')", "JM001"},
		{"select jobmachine.send('q', '{')", "22P02"},
		{`select jobmachine.send('q', '"\u0000"')`, "22P05"},
		{"select jobmachine.send('q', colour => 'red')", "42883"},
		{"select jobmachine.send_many('q', null)", "JM001"},
		{"select jobmachine.send_many(null, '{}')", "JM001"},
		{"select jobmachine.send_many('q', array[['1', '2'], ['3', '4']]::jsonb[])", "JM001"},
		{"select jobmachine.send_many('q', array['1']::jsonb[], unique_keys => array['a', 'b'])", "JM001"},
		{"select jobmachine.send_many('q', array['1', '2']::jsonb[], unique_keys => array['a', ''])", "JM001"},
		{"select jobmachine.send_many('q', array['1', to_jsonb(repeat('x', 1048577))]::jsonb[])", "JM002"},
		{"select jobmachine.claim(null)", "JM001"},
		{"select jobmachine.claim('')", "JM001"},
		{"select jobmachine.claim('q', 0)", "JM001"},
		{"select jobmachine.claim('q', -1)", "JM001"},
		{"select jobmachine.claim('q', 2147483647)", "JM001"},
		{"select jobmachine.claim('q', ttl => '-1 s')", "JM001"},
		{"select jobmachine.claim('q', lease_id => 4711)", "JM004"},
		{"select jobmachine.claim('q', worker => '')", "JM001"},
		{"select jobmachine.claim('q', worker => repeat('w', 256))", "JM001"},
		{"select jobmachine.claim_many('{}', 1)", "JM001"},
		{"select jobmachine.claim_many(array['q', null], 1)", "JM001"},
		{"select jobmachine.claim_many(array['q'], 1, array[1, 2])", "JM001"},
		{"select jobmachine.complete(null, 1)", "JM001"},
		{"select jobmachine.complete(1, null)", "JM001"},
		{"select jobmachine.complete(1, 1, to_jsonb(repeat('x', 1048577)))", "JM002"},
		{"select jobmachine.fail(1, 1, 'e', retry_in => '-1 s')", "JM001"},
		{"select jobmachine.fail(1, 1, 'e', retry_in => '1000 years')", "JM001"},
		{"select jobmachine.snooze(1, 1, null)", "JM001"},
		{"select jobmachine.snooze(1, 1, '-1 s')", "JM001"},
		{"select jobmachine.reply(1, 1, null)", "JM001"},
		{"select jobmachine.settle(array[1], array[1, 2], array['complete'])", "JM001"},
		{"select jobmachine.settle(null, null, null)", "JM001"},
		{"select jobmachine.open_lease(null)", "JM001"},
		{"select jobmachine.open_lease('')", "JM001"},
		{"select jobmachine.open_lease('w', '0')", "JM001"},
		{"select jobmachine.open_lease('w', queues => array[null])", "JM001"},
		{"select jobmachine.open_lease('w', queues => array['q', ''])", "JM001"},
		{"select jobmachine.open_lease('w', queues => array_fill('q'::text, array[1001]))", "JM001"},
		{"select jobmachine.renew(4711)", "JM004"},
		{"select jobmachine.renew(null)", "JM004"},
		{"select jobmachine.renew(1, array[1], '{}')", "JM001"},
		{"select jobmachine.hold_lease(null)", "JM004"},
		{"select jobmachine.park(null)", "JM001"},
		{"select jobmachine.park(array[''])", "JM001"},
		{"select jobmachine.check(null)", "JM001"},
		{"select jobmachine.pause(null)", "JM001"},
		{"select jobmachine.pause('gl.*')", "JM001"},
		{"select jobmachine.resume('')", "JM001"},
		{"select jobmachine.configure('q', max_attempts => 0)", "JM001"},
		{"select jobmachine.configure('q', backoff_factor => 'NaN')", "JM001"},
		{"select jobmachine.configure('q', backoff_factor => 'Infinity')", "JM001"},
		{"select jobmachine.configure('q', backoff_factor => 0.5)", "JM001"},
		{"select jobmachine.configure('q', retention => '-1 day')", "JM001"},
		{"select jobmachine.retry(1, 'infinity')", "JM001"},
		{"call jobmachine.call('q', '{}', within => '-1 s')", "JM001"},
		{"call jobmachine.call('', '{}')", "JM001"},
	} {
		if got := s.code(c.sql); got != c.code {
			t.Errorf("%.90s: %s, want %s", c.sql, got, c.code)
		}
	}
	if s.contents() != before {
		t.Error("something is stored")
	}
	equal(t, "check of no job", s.code("select jobmachine.check(4711)"), "JM001")
}

func TestWhatDoesNotExistIsUnknown(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	for _, id := range []any{nil, int64(-1), int64(0), int64(1) << 62} {
		for _, f := range []string{"cancel", "retry", "remove"} {
			equal(t, fmt.Sprint(f, id), one[string](s, "select jobmachine."+f+"($1)", id), "unknown")
		}
		equal(t, "rows", one[int64](s, "select (select count(*) from jobmachine.status($1)) + (select count(*) from jobmachine.receive($1)) + (select count(*) from jobmachine.replies($1))", id), 0)
	}
}

func TestAnyTextOfUpTo255CharactersIsAQueueName(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s, sleeper := connect(t, db), connect(t, db)
	names := []string{
		"a", " ", "*a", "mail.welcome", "Gl.Accounting", `'; drop table jobmachine.job; --`, `"quoted"`, `back\slash`, "{a,b}", "%s%I$1",
		"Ünïcödé 队列 🚀", "a\nb\tc", strings.Repeat("x", 255), strings.Repeat("队", 255), "jobmachine.tick", "reply1", "null", "a*b",
	}
	for _, q := range names {
		var wait float64
		pgtest.Eventually(t, "park", func() bool { wait = one[float64](sleeper, "select jobmachine.park(array[$1])", q); return wait > 0.1 })
		id := one[int64](s, "select jobmachine.send($1)", q)
		channel := one[string](s, "select jobmachine._channel($1)", q)
		if !woken(t, sleeper, s, channel) {
			t.Errorf("%.40q: the sleeper is not woken", q)
		}
		if r := s.claim(q, 5, nil); len(r) != 1 || r[0].ID != id {
			t.Errorf("%.40q: claimed %v, want job %d", q, r, id)
		}
		s.exec("select * from jobmachine.configure($1, max_attempts => 3)", q)
	}
	equal(t, "queues", one[int64](s, "select count(*) from jobmachine.queues where max_attempts = 3"), int64(len(names)))
}

func TestDeepAndOddPayloads(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	deep := strings.Repeat("[", 10000) + strings.Repeat("]", 10000)
	switch code := s.code("select jobmachine.send('q', $1::text::jsonb)", deep); code {
	case "": // stored: then it must come back whole
		equal(t, "length", one[int64](s, "select length(payload::text) from jobmachine.claim('q')"), 20000)
	case "54001": // PostgreSQL's own: stack depth limit exceeded
	default:
		t.Errorf("10,000 levels: %s", code)
	}
	for _, p := range []string{"null", "true", "0", `""`, "[]", `{"a": null}`, "1e308", `"\u20ac 🚀"`} {
		s.exec("select jobmachine.send('p', $1::text::jsonb)", p)
		equal(t, p, one[bool](s, "select payload = $1::text::jsonb from jobmachine.claim('p')", p), true)
	}
	s.exec("select jobmachine.send('p', null)")
	equal(t, "a null payload is {}", one[string](s, "select payload::text from jobmachine.claim('p')"), "{}")
}

func TestErrorsAreCutAt16kB(t *testing.T) {
	t.Parallel()
	s := connect(t, pgtest.New(t))
	s.exec("select jobmachine.send('q')")
	r := s.claimOne("q")
	equal(t, "verdict", one[string](s, "select jobmachine.fail($1, $2, repeat('x', 100000), permanent => true)", r.ID, r.Receipt), "ok")
	equal(t, "length", one[int64](s, "select length(error) from jobmachine.status($1)", r.ID), 16384)
	s.exec("select jobmachine.send('q')")
	r = s.claimOne("q")
	equal(t, "a null error", one[string](s, "select jobmachine.fail($1, $2, null)", r.ID, r.Receipt), "ok")
}
