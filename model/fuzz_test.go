package model

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// Every function that takes text or jsonb is given whatever there is. It answers, or refuses with an error of our own; what
// PostgreSQL cannot even read it refuses before the function runs. No other error comes from inside, whatever was stored can
// be read and does not break the housekeeping, and the queue goes on working. "make fuzz" runs each target for 20 s; the
// tests run the seeds.

// An input is the arguments with separators between them; one that is missing, or null, is null.
const (
	separator = "\x1e"
	null      = "\x1d"
)

func input(args ...string) string { return strings.Join(args, separator) }

// Texts and JSON that have broken something somewhere.
var (
	texts = []string{
		"", " ", "*", "**", "a*", "*a", "g.*", "a.b", `'; drop table jobmachine.job; --`, `"quoted"`, `back\slash`, "{a,b}", "%s%I$1", "NULL", "null",
		"nul\x00byte", "\x00", "invalid \xff\xfe utf-8", "half a rune \xe2\x82", "\xed\xa0\x80 surrogate", "\u202eright to left", "Ünïcödé 队列 🚀", "a\nb\tc\r",
		"\x01", "\u007f", "\U0010ffff", "\ufeff", strings.Repeat("q", 255), strings.Repeat("q", 256), strings.Repeat("🚀", 255), strings.Repeat("x", 10240),
		strings.Repeat("*", 255), strings.Repeat("*", 256), "tick*", "reply1*", "jobmachine.tick", "lease1*", "infinity", "-infinity", "NaN",
	}
	jsons = []string{
		"{}", "null", "[]", `""`, "0", "-0", "1e308", "1e-400", "1" + strings.Repeat("0", 1000), "1e131071", "1e131072", "-1E+999999", `"\u0000"`, `{"\u0000": 1}`,
		`"\ud800"`, `"\udc00\ud800"`, `{"a": 1, "a": 2}`, `{"": null}`, `{"a": {}}`, `{"a": []}`, `{"a": "x"}`, `{"a": 1e131071}`, "{", "[1,", "nul", `"unterminated`,
		"\"raw \x00 nul\"", "\"\xff\"", "", " ", "\ufeff{}", `{"job_id": 1}`, strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10000),
		strings.Repeat(`{"a":`, 6000) + "1" + strings.Repeat("}", 6000), `"` + strings.Repeat("x", 1<<20) + `"`, `"` + strings.Repeat("x", 9000) + `"`,
		`{"a": "` + strings.Repeat("x", 9000) + `"}`,
	}
	lengths = []string{
		"0", "1 s", "-1 s", "100 years", "100 years 1 s", "infinity", "-infinity", "1 us", "178000000 years", "-178000000 years",
		"9223372036854775807 us", "1 mon -30 days", "4000000 mons -119999999 days", "-4000000 mons 120000001 days", "P1Y", "1:2:3:4", "x", "",
	}
	times   = []string{"infinity", "-infinity", "294276-12-31 23:59:59Z", "4713-01-01 00:00 BC", "2000-01-01", "now", "tomorrow", "2030-02-30", "x", ""}
	numbers = []string{"0", "1", "-1", "9", "10", "2147483647", "-2147483648", "2147483648", "9223372036854775808", "1e3", "NaN", "", "x"}
)

// fuzzed is what a target needs: a connection, and the warnings of the housekeeper on it.
type fuzzed struct {
	conn     *pgx.Conn
	warnings []string
	calls    int
}

func newFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	db := pgtest.New(f)
	z := &fuzzed{}
	config, err := pgx.ParseConfig(db.URL)
	if err != nil {
		f.Fatal(err)
	}
	config.RuntimeParams["jit"] = "off"
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity == "WARNING" && strings.HasPrefix(n.Message, "jobmachine") {
			z.warnings = append(z.warnings, n.Message)
		}
	}
	if z.conn, err = pgx.ConnectConfig(context.Background(), config); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { z.conn.Close(context.Background()) })
	return z
}

// exec sends the arguments as the bytes they are.
func (z *fuzzed) exec(sql string, args ...[]byte) ([][][]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	r := z.conn.PgConn().ExecParams(ctx, sql, args, nil, nil, nil).Read()
	return r.Rows, r.Err
}

func (z *fuzzed) must(t *testing.T, sql string, args ...[]byte) [][][]byte {
	t.Helper()
	rows, err := z.exec(sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// fixed runs a statement that is always the same, prepared.
func (z *fuzzed) fixed(t *testing.T, sql string) [][][]byte {
	t.Helper()
	prepared, err := z.conn.Prepare(context.Background(), sql, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	r := z.conn.PgConn().ExecPrepared(context.Background(), prepared.Name, nil, nil, nil).Read()
	if r.Err != nil {
		t.Fatalf("%s: %v", sql, r.Err)
	}
	return r.Rows
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// arguments splits an input into as many as the statement has parameters.
func arguments(sql, in string) [][]byte {
	n := 0
	for _, p := range parameter.FindAllStringSubmatch(sql, -1) {
		var i int
		fmt.Sscan(p[1], &i)
		n = max(n, i)
	}
	args := make([][]byte, n)
	for i, arg := range strings.SplitN(in, separator, n) {
		if arg != null {
			args[i] = []byte(arg)
		}
	}
	return args
}

// check judges the error of a call.
func check(t *testing.T, sql string, err error) {
	t.Helper()
	var pe *pgconn.PgError
	switch {
	case err == nil:
	case !errors.As(err, &pe):
		t.Fatalf("%s: %v", sql, err)
	case strings.HasPrefix(pe.Code, "JM00"):
		if pe.Detail == "" || pe.Hint == "" {
			t.Errorf("%s: %s %s: without a detail or a hint", sql, pe.Code, pe.Message)
		}
	case strings.Contains(pe.Where, "jobmachine."), strings.HasPrefix(pe.Code, "XX"), strings.HasPrefix(pe.Code, "42"):
		t.Errorf("%s: %s %s comes from inside:\n%s", sql, pe.Code, pe.Message, pe.Where)
	}
}

// fuzz runs a statement in a transaction that is rolled back. In it :id and :receipt stand for a running job; then says what
// else must hold, and is run if the statement has succeeded.
func fuzz(f *testing.F, sql string, seeds []string, then ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, in string) {
		z.warnings = nil
		z.must(t, "begin")
		defer func() { z.must(t, "rollback") }()
		z.fixed(t, "select jobmachine.send_many('fuzz', array['1', '2']::jsonb[])")
		run := z.fixed(t, "select min(id), min(receipt::text) filter (where n = 1), max(id), min(receipt::text) filter (where n = 2) from (select c.*, row_number() over (order by id) n from jobmachine.claim('fuzz', 2) c) c")[0]
		fill := func(sql string) string {
			return strings.NewReplacer(":id2", string(run[2]), ":receipt2", string(run[3]), ":id", string(run[0]), ":receipt", string(run[1])).Replace(sql)
		}
		z.must(t, "savepoint before")
		args := arguments(sql, in)
		_, err := z.exec(fill(sql), args...)
		check(t, sql, err)
		if err != nil {
			z.must(t, "rollback to before")
		} else {
			for _, sql := range then {
				used := arguments(sql, in) // the first arguments only, if it has fewer parameters
				for i := range used {
					used[i] = args[i]
				}
				if rows := z.must(t, fill(sql), used...); len(rows) != 1 || string(rows[0][0]) != "t" {
					t.Errorf("it does not hold that %s", sql)
				}
			}
		}
		if z.calls++; err == nil || z.calls%10 == 0 { // a refusal leaves nothing behind
			z.works(t)
		}
	})
}

// works tells that all views can be read, the housekeeper has nothing to complain of, and a job goes its way.
func (z *fuzzed) works(t *testing.T) {
	t.Helper()
	z.fixed(t, `select count(v) from (select v::text from jobmachine.jobs v union all select v::text from jobmachine.queues v union all
		select v::text from jobmachine.answers v union all select v::text from jobmachine.attempts v union all select v::text from jobmachine.workers v) v (v)`)
	z.fixed(t, "update jobmachine.meta set ticked_at = '-infinity', swept_at = '-infinity', deadlines_swept_at = '-infinity', purged_at = '-infinity'")
	z.fixed(t, "select jobmachine.tick()")
	if len(z.warnings) > 0 {
		t.Errorf("the housekeeper met errors: %s", strings.Join(z.warnings, "; "))
	}
	z.fixed(t, "select jobmachine.resume('*'), jobmachine.send('alive')")
	rows := z.fixed(t, "select jobmachine.complete(c.id, c.receipt) from jobmachine.claim('alive') c")
	if len(rows) != 1 || string(rows[0][0]) != "ok" {
		t.Errorf("the queue does not work any more: %s", rows)
	}
}

// each puts every value into one place of an input that is else good.
func each(good []string, place int, values []string) []string {
	var out []string
	for _, v := range values {
		args := slices.Clone(good)
		args[place] = v
		out = append(out, input(args...))
	}
	return out
}

func FuzzSend(f *testing.F) {
	good := []string{"q", `{"n": 1}`, null, null, null, null, null, null, null, null, null, null}
	seeds := slices.Concat(each(good, 0, texts), each(good, 1, jsons), each(good, 2, numbers), each(good, 3, times), each(good, 4, lengths), each(good, 5, numbers),
		each(good, 6, lengths), each(good, 7, lengths), each(good, 8, texts), each(good, 10, jsons), each(good, 11, texts),
		each([]string{"q", "1", null, null, null, null, null, null, "k", null, null, null}, 9, lengths))
	fuzz(f, `select jobmachine.send($1, $2::jsonb, $3::integer, $4::timestamptz, $5::interval, $6::integer, $7::interval, $8::interval, $9, $10::interval, $11::jsonb, $12)`, seeds,
		`select payload = coalesce($2::jsonb, '{}') and queue = $1 from jobmachine.jobs where queue <> 'fuzz'`)
}

// What can be sent can be claimed by its name, and ends in every way.
func FuzzSendAndRun(f *testing.F) {
	good := []string{"q", "1", null, "r", "0"}
	seeds := slices.Concat(each(good, 0, texts), each(good, 1, jsons), each(good, 2, texts), each(good, 3, texts), each(good, 4, lengths))
	fuzz(f, `select jobmachine.send($1, $2::jsonb, unique_key => $3, reply_to => $4, timeout => $5::interval)`, seeds,
		`select count(*) = 1 from jobmachine.claim($1)`,
		`select jobmachine.release(r.job_id, r.receipt) = 'ok' from jobmachine.running r where r.queue = $1 and r.queue <> 'fuzz'`,
		`select jobmachine.fail(c.id, c.receipt, $2, permanent => true) = 'ok' from jobmachine.claim($1) c`)
}

func FuzzSendMany(f *testing.F) {
	good := []string{"q", "1", "2", null, null, null, null}
	seeds := slices.Concat(each(good, 0, texts), each(good, 1, jsons), each(good, 2, jsons), each(good, 3, texts), each(good, 4, texts), each(good, 5, lengths), each(good, 6, jsons))
	fuzz(f, `select jobmachine.send_many($1, array[$2, $3]::jsonb[], unique_keys => array[$4, $5]::text[], unique_for => $6::interval, headers => $7::jsonb)`, seeds)
}

func FuzzInsert(f *testing.F) {
	good := []string{"q", "1", null, null, null, null, null}
	seeds := slices.Concat(each(good, 0, texts), each(good, 1, jsons), each(good, 2, numbers), each(good, 3, times), each(good, 4, numbers), each(good, 5, texts), each(good, 6, jsons))
	fuzz(f, `insert into jobmachine.jobs (queue, payload, priority, run_at, max_attempts, unique_key, headers)
		values ($1, $2::jsonb, $3::integer, $4::timestamptz, $5::integer, $6, $7::jsonb) returning id`, seeds)
}

func FuzzClaim(f *testing.F) {
	good := []string{"q", null, null, null, null}
	seeds := slices.Concat(each(good, 0, texts), each(good, 1, numbers), each(good, 2, numbers), each(good, 3, lengths), each(good, 4, texts))
	fuzz(f, `select * from jobmachine.claim($1, $2::integer, $3::bigint, $4::interval, $5)`, seeds)
}

func FuzzClaimMany(f *testing.F) {
	good := []string{"q", "r", "1", null, null, null}
	seeds := slices.Concat(each(good, 0, texts), each(good, 1, texts), each(good, 2, numbers), each(good, 3, numbers), each(good, 4, lengths), each(good, 5, texts))
	// With something to be claimed: every name that can be a queue is one.
	fuzz(f, `select * from jobmachine.claim_many(array[$1, $2, 'fuzz', '*'], $3::integer, limits => array[$4, null, null, 1]::integer[], ttl => $5::interval, worker => $6)`, seeds)
}

func FuzzComplete(f *testing.F) {
	fuzz(f, `select jobmachine.complete(:id, :receipt, $1::jsonb)`, each([]string{null}, 0, jsons),
		`select reply is not distinct from $1::jsonb from jobmachine.status(:id)`, `select payload is not distinct from $1::jsonb from jobmachine.receive(:id)`)
}

func FuzzFail(f *testing.F) {
	good := []string{"e", null, null, null}
	seeds := slices.Concat(each(good, 0, texts), each(good, 1, jsons), each(good, 2, lengths), each(good, 3, []string{"t", "f", "x", ""}))
	fuzz(f, `select jobmachine.fail(:id, :receipt, $1, $2::jsonb, $3::interval, $4::boolean)`, seeds,
		`select error = left(coalesce($1, ''), 16384) from jobmachine.attempts where job_id = :id`)
}

func FuzzSnooze(f *testing.F) {
	fuzz(f, `select jobmachine.snooze(:id, :receipt, $1::interval)`, each([]string{null}, 0, lengths))
}

func FuzzReply(f *testing.F) {
	fuzz(f, `select jobmachine.reply(:id, :receipt, $1::jsonb)`, each([]string{null}, 0, jsons), `select payload = $1::jsonb from jobmachine.receive(:id)`)
}

// The other element of the batch is done whatever this one is.
func FuzzSettle(f *testing.F) {
	good := []string{"fail", null, "e", null}
	seeds := slices.Concat(each(good, 0, append(texts, "complete", "discard", "snooze", "release", "cancel")), each([]string{"complete", null, null, null}, 1, jsons),
		each(good, 2, texts), each(good, 3, lengths), each([]string{"snooze", null, null, null}, 3, lengths), each([]string{"cancel", null, null, null}, 2, texts))
	fuzz(f, `select jobmachine.settle(array[:id, :id2], array[:receipt, :receipt2], array['complete', $1], array['1', $2], array[null, $3], array[null, $4::interval])`, seeds,
		`select state = 'completed' and reply = '1' from jobmachine.status(:id)`, `select state <> 'running' from jobmachine.status(:id2)`)
}

func FuzzOpenLease(f *testing.F) {
	good := []string{"w", null, "q", null}
	seeds := slices.Concat(each(good, 0, texts), each(good, 1, lengths), each(good, 2, texts), each(good, 3, texts))
	fuzz(f, `select jobmachine.open_lease($1, $2::interval, array[$3, $4])`, seeds,
		`select worker = $1 from jobmachine.workers order by lease_id desc limit 1`,
		`select count(*) = 0 from jobmachine.workers w, jobmachine.renew(w.lease_id) r`)
}

func FuzzCancel(f *testing.F) {
	fuzz(f, `select jobmachine.cancel(:id, $1)`, each([]string{null}, 0, texts), `select jobmachine.release(:id, :receipt) = 'cancelled'`)
}

func FuzzRetry(f *testing.F) {
	fuzz(f, `select jobmachine.complete(:id, :receipt), jobmachine.retry(:id, $1::timestamptz)`, each([]string{null}, 0, times))
}

// With its settings a job of the queue can fail, and be tried again.
func FuzzConfigure(f *testing.F) {
	good := []string{"q", null, null, null, null, null, null}
	seeds := slices.Concat(each(good, 0, texts), each(good, 1, numbers), each(good, 2, lengths), each(good, 3, append(numbers, "Infinity", "1e308", "100")), each(good, 4, lengths),
		each(good, 5, lengths), each(good, 6, lengths), []string{input("q", "10000", "100 years", "100", "100 years", "100 years", "100 years")})
	fuzz(f, `select * from jobmachine.configure($1, $2::integer, $3::interval, $4::double precision, $5::interval, $6::interval, $7::interval)`, seeds,
		`select jobmachine.send(case when $1 = '*' then 'q' else $1 end) > 0`,
		`select count(*) = 1 from jobmachine.claim(case when $1 = '*' then 'q' else $1 end)`,
		`select jobmachine.fail(r.job_id, r.receipt, 'e') = 'ok' from jobmachine.running r where r.queue = case when $1 = '*' then 'q' else $1 end`)
}

func FuzzPause(f *testing.F) {
	fuzz(f, `select jobmachine.pause($1)`, each([]string{null}, 0, texts), `select jobmachine.resume($1)::text = ''`)
}

func FuzzResume(f *testing.F) {
	fuzz(f, `select jobmachine.pause('*'), jobmachine.resume($1)`, each([]string{null}, 0, texts))
}

// park and call work in transactions of their own.

func FuzzPark(f *testing.F) {
	for _, seed := range slices.Concat(each([]string{"q", "r"}, 0, texts), each([]string{"q", "r"}, 1, texts)) {
		f.Add(seed)
	}
	z := newFuzzed(f)
	const sql = "select jobmachine.park(array[$1, $2])"
	f.Fuzz(func(t *testing.T, in string) {
		for range 2 { // the first only LISTENs
			_, err := z.exec(sql, arguments(sql, in)...)
			check(t, sql, err)
		}
		z.must(t, "select jobmachine.unpark()")
		z.must(t, "unlisten *")
		if rows := z.must(t, "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"); string(rows[0][0]) != "0" {
			t.Errorf("%s locks are left over", rows[0][0])
		}
		z.must(t, "begin")
		z.works(t)
		z.must(t, "rollback")
	})
}

func FuzzCall(f *testing.F) {
	good := []string{"q", "1", "0"}
	for _, seed := range slices.Concat(each(good, 0, texts), each(good, 1, jsons), each(good, 2, lengths)) {
		f.Add(seed)
	}
	z := newFuzzed(f)
	const sql = "call jobmachine.call($1, $2::jsonb, $3::interval)"
	f.Fuzz(func(t *testing.T, in string) {
		z.must(t, "set statement_timeout = '100ms'")
		_, err := z.exec(sql, arguments(sql, in)...)
		var pe *pgconn.PgError
		if !errors.As(err, &pe) || pe.Code != "57014" { // it would have waited
			check(t, sql, err)
		}
		z.must(t, "set statement_timeout = 0")
		z.must(t, "begin")
		z.works(t)
		z.must(t, "rollback")
	})
}
