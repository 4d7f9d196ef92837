package cli

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// waits is true while a client has asked for the answer, has none, and listens.
const waits = "select exists (select from pg_stat_activity where datname = current_database() and application_name like 'jobmachine client%' and wait_event = 'ClientRead' and query like '%check%')"

func TestCall(t *testing.T) {
	t.Parallel()
	t.Run("prints the reply when it is there", func(t *testing.T) {
		s, db := newDB(t)
		p := s.start("call", "sum", "[1, 2]", "--priority", "1")
		db.Eventually("select exists (select from jobmachine.jobs where state = 'pending' and payload = '[1, 2]' and priority = 1)")
		answer(db, "sum", `{"sum": 3}`)
		if r := p.end(); r.code != 0 || r.stdout != "{\"sum\": 3}\n" || r.stderr != "" {
			t.Error(r)
		}
	})

	t.Run("prints null when the worker gave no reply", func(t *testing.T) {
		s, db := newDB(t)
		s.ok("send", "q")
		answer(db, "q", `null`)
		db.Exec("select jobmachine.send('q'); select jobmachine.complete(c.id, c.receipt) from jobmachine.claim('q') c")
		equal(t, "a reply of null", s.ok("await", "1"), "null")
		equal(t, "no reply", s.ok("await", "2"), "null")
	})

	t.Run("ends the waiting with exit code 4, and the job goes on", func(t *testing.T) {
		s, db := newDB(t)
		s.fails(4, "job 1 is not over after 50ms; it goes on: jobmachine await 1", "call", "q", "--within", "50ms")
		answer(db, "q", `"late"`)
		equal(t, "reply", s.ok("await", "1", "--within", "0"), `"late"`)
	})

	t.Run("ends the waiting after Ctrl-C", func(t *testing.T) {
		s, db := newDB(t)
		p := s.start("call", "q")
		db.Eventually(waits)
		p.signal(syscall.SIGINT)
		if r := p.end(); r.code != 1 || !strings.Contains(r.stderr, "interrupted; job 1 goes on: jobmachine await 1") {
			t.Error(r)
		}
	})

	t.Run("ends with exit code 5 when the job failed or was cancelled", func(t *testing.T) {
		s, db := newDB(t)
		p := s.start("call", "q")
		db.Eventually("select exists (select from jobmachine.jobs)")
		db.Exec("select jobmachine.fail(c.id, c.receipt, 'no paper', permanent => true) from jobmachine.claim('q') c")
		if r := p.end(); r.code != 5 || r.stdout != "" || !strings.Contains(r.stderr, "job 1 failed: no paper") {
			t.Error(r)
		}
		s.ok("send", "q")
		s.ok("cancel", "2", "--reason", "ordered twice")
		s.fails(5, "job 2 cancelled: ordered twice", "await", "2")
	})

	t.Run("gets an answer that comes while it listens", func(t *testing.T) {
		s, db := newDB(t)
		db.Exec("select jobmachine.send('q')")
		p := s.start("await", "1")
		db.Eventually(waits)
		answer(db, "q", "1")
		equal(t, "reply", p.end().stdout, "1\n")
	})

	t.Run("tells an unknown job from one without answer", func(t *testing.T) {
		s, _ := newDB(t)
		s.fails(3, "no such job: 42", "await", "42")
		s.fails(3, "there is no job 42", "status", "42")
		s.fails(2, `"x" is not a ticket number`, "await", "x")
		s.fails(2, `"0" is not a ticket number`, "status", "0")
	})
}

func TestListings(t *testing.T) {
	t.Parallel()
	columns := func(db *pgtest.DB, view string) []string {
		return pgtest.All[string](db, "select column_name::text from information_schema.columns where table_schema = 'jobmachine' and table_name = $1 order by ordinal_position", view)
	}
	keys := func(object string) (names []string) {
		d := json.NewDecoder(strings.NewReader(object))
		if _, err := d.Token(); err != nil {
			return nil
		}
		for d.More() {
			name, _ := d.Token()
			names = append(names, name.(string))
			if err := d.Decode(new(json.RawMessage)); err != nil {
				return nil
			}
		}
		return names
	}

	t.Run("are rows of the views, with the names of their columns", func(t *testing.T) {
		s, db := newDB(t)
		s.ok("send", "q", `{"a": {"b": [1, "x<y"]}}`, "--header", "k=v")
		s.ok("configure", "q", "--retention", "7d")
		db.Exec("select jobmachine.claim('q', worker => 'w1')")
		for _, c := range []struct {
			view string
			args []string
		}{{"jobs", []string{"jobs"}}, {"jobs", []string{"status", "1"}}, {"queues", []string{"queues"}}, {"queues", []string{"configure", "q"}}, {"workers", []string{"workers"}}} {
			line := s.ok(append(c.args, "-o", "jsonl")...)
			equal(t, strings.Join(c.args, " "), strings.Join(keys(line), " "), strings.Join(columns(db, c.view), " "))
			equal(t, "lines", strings.Count(line, "\n"), 0)
		}
		job := decode[map[string]any](t, s.ok("status", "1", "-o", "json"))
		equal(t, "state", job["state"], "running")
		equal(t, "worker", job["worker"], "w1")
		equal(t, "finished_at", job["finished_at"], nil)
		if line := s.ok("jobs", "-o", "jsonl"); !strings.Contains(line, `"payload":{"a":{"b":[1,"x<y"]}}`) {
			t.Error(line)
		}
		queue := decode[[]map[string]any](t, s.ok("queues", "-o", "json"))[0]
		equal(t, "retention", queue["retention"], "7d")
		equal(t, "backoff_max", queue["backoff_max"], "1h")
		equal(t, "timeout", queue["timeout"], "30m")
	})

	t.Run("are an empty array when there is nothing", func(t *testing.T) {
		s, _ := newDB(t)
		for _, c := range []string{"jobs", "queues", "workers"} {
			equal(t, c, s.ok(c, "-o", "json"), "[]")
			equal(t, c, s.ok(c, "-o", "jsonl"), "")
			equal(t, c+" lines of the table", strings.Count(s.ok(c), "\n"), 0)
		}
	})

	t.Run("can be narrowed", func(t *testing.T) {
		s, _ := newDB(t)
		s.pipe("1\n2\n3\n", "send", "a", "--lines")
		s.ok("send", "b")
		s.ok("cancel", "2")
		equal(t, "by queue", ids(t, s.ok("jobs", "--queue", "a", "-o", "json")), "3 2 1")
		equal(t, "by state", ids(t, s.ok("jobs", "--state", "cancelled", "-o", "json")), "2")
		equal(t, "by number", ids(t, s.ok("jobs", "--limit", "1", "-o", "json")), "4")
		s.fails(2, "give one of scheduled, pending", "jobs", "--state", "done")
		s.fails(2, "--limit 0", "jobs", "--limit", "0")
		s.fails(2, "give table, json or jsonl", "jobs", "-o", "xml")
	})

	t.Run("show a table whose cells cannot move the cursor", func(t *testing.T) {
		s, _ := newDB(t)
		s.ok("send", "evil\x1b[2J\nqueue", `"\u001b[31m"`)
		for _, c := range [][]string{{"jobs"}, {"queues"}, {"status", "1"}} {
			if out := s.ok(c...); strings.Contains(out, "\x1b") || !strings.Contains(out, `evil\u001b[2J`) {
				t.Errorf("%v: %q", c, out)
			}
		}
		if table := s.ok("jobs"); strings.Count(table, "\n") != 1 {
			t.Error(table)
		}
	})

	t.Run("show what happened to a job", func(t *testing.T) {
		s, db := newDB(t)
		s.ok("send", "q", "--max-attempts", "2")
		db.Exec("select jobmachine.fail(c.id, c.receipt, E'no\\npaper', retry_in => '0') from jobmachine.claim('q', worker => 'w1') c")
		db.Exec("select jobmachine.tick()")
		db.Exec("select jobmachine.fail(c.id, c.receipt, 'no ink') from jobmachine.claim('q', worker => 'w2') c")
		details := s.ok("status", "1")
		for _, want := range []string{"state     failed", "attempt   2 of 2", "error     no ink", "worker    w2"} {
			if !strings.Contains(details, want) {
				t.Errorf("no %q in:\n%s", want, details)
			}
		}
		attempts := decode[[]map[string]any](t, s.ok("status", "1", "--attempts", "-o", "json"))
		equal(t, "attempts", len(attempts), 2)
		equal(t, "error", attempts[0]["error"], "no\npaper")
		if table := s.ok("status", "1", "--attempts"); !strings.Contains(table, `no\npaper`) || !strings.Contains(table, "w2") {
			t.Error(table)
		}
	})
}

func ids(t *testing.T, text string) string {
	t.Helper()
	var list []string
	for _, row := range decode[[]struct{ ID json.Number }](t, text) {
		list = append(list, row.ID.String())
	}
	return strings.Join(list, " ")
}
