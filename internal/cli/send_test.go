package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestSend(t *testing.T) {
	t.Parallel()
	t.Run("prints the ticket number of a job that has every option", func(t *testing.T) {
		s, db := newDB(t)
		id := s.ok("send", "mail", `{"to": "a@b.c"}`, "--priority", "0", "--run-at", "2099-01-31 08:00", "--max-attempts", "3", "--timeout", "1h30m",
			"--expires-in", "2d", "--unique-key", "k1", "--unique-for", "1w", "--header", "trace=abc", "--header", "empty=", "--reply-to", "inbox")
		equal(t, "ticket", id, "1")
		got := pgtest.Get[string](db, `select concat_ws(' | ', j.queue, j.payload, j.priority, j.max_attempts, j.timeout, round(extract(epoch from j.expires_at - j.created_at) / 60),
			j.unique_key, round(extract(epoch from u.until - j.created_at) / 60), j.headers, j.reply_to, s.due_at at time zone 'utc')
			from jobmachine.job j join jobmachine.scheduled s on s.job_id = j.id join jobmachine.unique_key u on u.job_id = j.id`)
		equal(t, "job", got, `mail | {"to": "a@b.c"} | 0 | 3 | 01:30:00 | 2880 | k1 | 10080 | {"empty": "", "trace": "abc"} | inbox | 2099-01-31 08:00:00`)
		equal(t, "a duplicate", s.ok("send", "mail", "--unique-key", "k1"), "1")
	})

	t.Run("leaves to the queue what is not given", func(t *testing.T) {
		s, db := newDB(t)
		s.ok("send", "mail")
		equal(t, "payload", pgtest.Get[string](db, "select payload::text from jobmachine.jobs"), "{}")
		equal(t, "options", pgtest.Get[int](db, "select num_nulls(max_attempts, timeout, expires_at, unique_key, headers, reply_to) from jobmachine.job"), 6)
		s.ok("send", "mail", "--timeout", "0", "--delay", "1h")
		equal(t, "no limit", pgtest.Get[string](db, "select timeout::text from jobmachine.job where id = 2"), "00:00:00")
	})

	t.Run("takes the payload from the argument, a file or stdin", func(t *testing.T) {
		s, db := newDB(t)
		if err := os.WriteFile(filepath.Join(s.home, "order.json"), []byte("[1,\n2]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.ok("send", "q", "null")
		s.ok("send", "q", "@order.json")
		equal(t, "stdin", s.pipe("\"text\"\n", "send", "q", "-").stdout, "3\n")
		got := pgtest.Get[string](db, "select string_agg(payload::text, ' ' order by id) from jobmachine.jobs")
		equal(t, "payloads", got, `null [1, 2] "text"`)
	})

	t.Run("refuses what is wrong as a mistake of usage, and stores nothing", func(t *testing.T) {
		s, db := newDB(t)
		s.fails(2, "the payload is not JSON", "send", "q", "{'a': 1}")
		s.fails(2, "invalid UTF-8", "send", "q", "\"\xff\"")
		s.fails(2, "no such file", "send", "q", "@missing.json")
		s.fails(2, "22P05", "send", "q", `"\u0000"`)
		s.fails(2, "priority is 10", "send", "q", "--priority", "10")
		s.fails(2, "queue", "send", "")
		s.fails(2, "give a number and a unit", "send", "q", "--delay", "5")
		s.fails(2, "at most 36600d", "send", "q", "--delay", "99999999999999999999d")
		s.fails(2, "give a time", "send", "q", "--run-at", "tomorrow")
		s.fails(2, "give key=value", "send", "q", "--header", "x")
		s.fails(2, "Run 'jobmachine send --help'", "send")
		s.fails(2, "larger", "send", "q", "@/dev/zero")
		equal(t, "jobs", pgtest.Get[int](db, "select count(*)::int from jobmachine.job"), 0)
	})

	t.Run("works in a schema of another name", func(t *testing.T) {
		t.Parallel()
		db := pgtest.Empty(t)
		s := newShell(t, "DATABASE_URL="+db.URL, "JOBMACHINE_SCHEMA=Other jobs")
		s.ok("migrate")
		s.ok("send", "q", "1")
		equal(t, "job", pgtest.Get[string](db, `select payload::text from "Other jobs".jobs`), "1")
		s.fails(6, "run jobmachine migrate", "send", "q", "--schema", "jobmachine")
		s.fails(2, "begins with pg_", "send", "q", "--schema", "pg_jobs")
	})
}

func TestSendLines(t *testing.T) {
	t.Parallel()
	many := func(from, to int) string {
		var b strings.Builder
		for i := from; i <= to; i++ {
			fmt.Fprintf(&b, "{\"n\": %d}\n", i)
		}
		return b.String()
	}

	t.Run("sends a batch of up to 1,000 lines per transaction and prints the numbers in order", func(t *testing.T) {
		s, db := newDB(t)
		r := s.pipe("\n \n"+many(1, 2500)+"{\"n\": 2501}", "send", "q", "--lines", "--priority", "2")
		if r.code != 0 || r.stderr != "" {
			t.Fatal(r)
		}
		ids := strings.Fields(r.stdout)
		equal(t, "ids", len(ids), 2501)
		equal(t, "in order", pgtest.Get[bool](db, "select bool_and(j.payload->>'n' = i.n::text) from unnest($1::text[]::bigint[]) with ordinality i (id, n) join jobmachine.jobs j using (id)", ids), true)
		equal(t, "transactions", pgtest.Get[int](db, "select count(distinct xmin::text)::int from jobmachine.pending"), 3)
		equal(t, "priority", pgtest.Get[int](db, "select min(priority) from jobmachine.jobs"), 2)
	})

	t.Run("sends nothing of a batch with a line that is not JSON, and says where to go on", func(t *testing.T) {
		s, db := newDB(t)
		r := s.pipe(many(1, 1500)+"{oops}\n"+many(1502, 1600), "send", "q", "--lines")
		equal(t, "exit code", r.code, 2)
		equal(t, "ids", len(strings.Fields(r.stdout)), 1000)
		equal(t, "jobs", pgtest.Get[int](db, "select count(*)::int from jobmachine.job"), 1000)
		if !strings.Contains(r.stderr, "line 1501: not JSON") || !strings.Contains(r.stderr, "1000 jobs were sent before, go on with line 1001") {
			t.Error(r.stderr)
		}
	})

	t.Run("names the line that the database refuses", func(t *testing.T) {
		s, db := newDB(t)
		r := s.pipe(many(1, 1700)+"\"\\u0000\"\n"+many(1702, 2100), "send", "q", "--lines")
		equal(t, "exit code", r.code, 2)
		equal(t, "jobs", pgtest.Get[int](db, "select count(*)::int from jobmachine.job"), 1000)
		if !strings.Contains(r.stderr, "line 1701: ") || !strings.Contains(r.stderr, "22P05") || !strings.Contains(r.stderr, "go on with line 1001") {
			t.Error(r.stderr)
		}
		huge := `"` + strings.Repeat("x", 1<<20) + `"`
		if r := s.pipe("1\n"+huge+"\n2\n", "send", "q", "--lines"); r.code != 2 || !strings.Contains(r.stderr, "line 2: ") || !strings.Contains(r.stderr, "nothing was sent") {
			t.Error(r)
		}
	})

	t.Run("blames the options when they are wrong, not a line", func(t *testing.T) {
		s, _ := newDB(t)
		r := s.pipe(many(1, 3), "send", "q", "--lines", "--priority", "10")
		if r.code != 2 || strings.Contains(r.stderr, "line") || !strings.Contains(r.stderr, "nothing was sent") {
			t.Error(r)
		}
		s.fails(2, "--unique-key with --lines", "send", "q", "--lines", "--unique-key", "k")
		s.fails(2, "--batch 0", "send", "q", "--lines", "--batch", "0")
		s.fails(2, "--lines reads @FILE or stdin", "send", "q", "[1]", "--lines")
	})

	t.Run("says after Ctrl-C how far it came", func(t *testing.T) {
		s, db := newDB(t)
		p := s.start("send", "q", "--lines")
		if _, err := p.stdin.Write([]byte(many(1, 1200))); err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			p.line()
		}
		p.signal(syscall.SIGINT)
		r := p.end()
		if r.code != 1 || !strings.Contains(r.stderr, "interrupted; 1000 jobs were sent before, go on with line 1001") {
			t.Error(r)
		}
		equal(t, "jobs", pgtest.Get[int](db, "select count(*)::int from jobmachine.job"), 1000)
	})

	t.Run("shows its progress on a terminal only", func(t *testing.T) {
		s, _ := newDB(t)
		terminal, seen := openTerminal(t)
		c := s.command("send", "q", "@lines", "--lines")
		if err := os.WriteFile(filepath.Join(s.home, "lines"), []byte(many(1, 3000)), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Stderr = terminal
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "ids", strings.Count(string(out), "\n"), 3000)
		terminal.Close()
		if text := seen(); !strings.Contains(text, "sent") || !strings.Contains(text, "%") {
			t.Errorf("no progress: %q", text)
		}
		if r := s.run("send", "q", "@lines", "--lines"); r.stderr != "" {
			t.Errorf("stderr: %q", r.stderr)
		}
		if r := s.pipe(many(1, 3), "send", "q", "--lines"); r.stderr != "" {
			t.Errorf("stderr: %q", r.stderr)
		}
	})
}
