package cli

import (
	"strings"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

func TestOperate(t *testing.T) {
	t.Parallel()
	state := func(db *pgtest.DB, id int) string {
		return pgtest.Get[string](db, "select state from jobmachine.jobs where id = $1", id)
	}

	t.Run("cancels pending and running jobs", func(t *testing.T) {
		s, db := newDB(t)
		s.pipe("1\n2\n3\n", "send", "q", "--lines")
		db.Exec("select jobmachine.claim('q')")
		equal(t, "verdicts", s.ok("cancel", "1", "2", "--reason", "no need"), "1 stopping\n2 cancelled")
		equal(t, "reason", pgtest.Get[string](db, "select reason from jobmachine.jobs where id = 2"), "no need")
		r := s.run("cancel", "2", "3", "99")
		equal(t, "the others are cancelled all the same", r.stdout, "3 cancelled\n")
		if r.code != 3 || !strings.Contains(r.stderr, "job 2 is over already") || !strings.Contains(r.stderr, "there is no job 99") {
			t.Error(r)
		}
		s.fails(1, "job 3 is over already", "cancel", "3")
	})

	t.Run("retries jobs that are over or scheduled", func(t *testing.T) {
		s, db := newDB(t)
		s.ok("send", "q", "--unique-key", "k")
		s.ok("send", "q", "--delay", "1h")
		s.ok("cancel", "1")
		equal(t, "verdicts", s.ok("retry", "1", "2"), "1 ok\n2 ok")
		equal(t, "state", state(db, 1)+" "+state(db, 2), "pending pending")
		s.fails(1, "job 1 is pending or running", "retry", "1")
		s.ok("cancel", "1")
		s.ok("retry", "1", "--run-at", "2099-01-01")
		equal(t, "state", state(db, 1), "scheduled")
		s.ok("cancel", "1")
		s.ok("send", "q", "--unique-key", "k")
		s.fails(1, "job 1: jobmachine: retry: ", "retry", "1")
	})

	t.Run("removes jobs that do not run", func(t *testing.T) {
		s, db := newDB(t)
		s.pipe("1\n2\n", "send", "q", "--lines")
		db.Exec("select jobmachine.claim('q')")
		s.fails(1, "job 1 is running: cancel it first", "remove", "1")
		equal(t, "verdict", s.ok("remove", "2"), "2 ok")
		s.fails(3, "there is no job 2", "status", "2")
	})

	t.Run("pauses and resumes a queue", func(t *testing.T) {
		s, db := newDB(t)
		s.ok("send", "q")
		equal(t, "stdout", s.ok("pause", "q"), "")
		equal(t, "claimed", pgtest.Get[int](db, "select count(*)::int from jobmachine.claim('q')"), 0)
		s.ok("pause", "*")
		s.ok("resume", "q")
		equal(t, "claimed", pgtest.Get[int](db, "select count(*)::int from jobmachine.claim('q')"), 0)
		s.ok("resume", "*")
		equal(t, "claimed", pgtest.Get[int](db, "select count(*)::int from jobmachine.claim('q')"), 1)
		s.fails(2, "queue", "pause", "")
	})

	t.Run("configures a queue, and leaves what is not given", func(t *testing.T) {
		s, _ := newDB(t)
		s.ok("configure", "q", "--max-attempts", "5", "--backoff", "10s", "--backoff-factor", "1.5", "--backoff-max", "1d12h", "--timeout", "0", "--retention", "0")
		s.ok("configure", "q", "--timeout", "90s")
		q := decode[map[string]any](t, s.ok("configure", "q", "-o", "json"))
		for name, want := range map[string]any{"max_attempts": 5.0, "backoff": "10s", "backoff_factor": 1.5, "backoff_max": "1d12h", "timeout": "1m30s", "retention": "0s"} {
			equal(t, name, q[name], want)
		}
		if table := s.ok("configure", "*", "--max-attempts", "7"); !strings.Contains(table, "1s x2 up to 1h") || !strings.Contains(table, " 7 ") {
			t.Error(table)
		}
		s.fails(2, "max_attempts is 0", "configure", "q", "--max-attempts", "0")
		s.fails(2, "backoff_factor is 0.5", "configure", "q", "--backoff-factor", "0.5")
	})

	t.Run("does the housekeeping", func(t *testing.T) {
		s, db := newDB(t)
		s.ok("send", "q", "--delay", "1h")
		db.SetClock(2 * 3600e9)
		if seconds := s.ok("tick"); !strings.Contains(seconds, ".") {
			t.Error(seconds)
		}
		equal(t, "state", state(db, 1), "pending")
	})
}

func TestDuration(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	for _, s := range []string{"0s", "90s", "1h30m", "30d", "1d12h", "1.5s", "2mon3d", "1m30.25s", "36600d"} {
		var d, again duration
		if err := d.Set(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if err := again.Set(d.String()); err != nil || again != d {
			t.Errorf("%s is printed as %s, which is %v (%v)", s, d.String(), again, err)
		}
		if !pgtest.Get[bool](db, "select $1::text::interval = $2::interval", d.String(), d.Interval) {
			t.Errorf("%s is another interval to PostgreSQL", d.String())
		}
	}
	for s, want := range map[string]string{"0": "0s", "90s": "1m30s", "1w": "7d", "1 h 5 m": "1h5m", "0.5d": "12h", "500ms": "0.5s", "120m": "2h"} {
		var d duration
		if err := d.Set(s); err != nil || d.String() != want {
			t.Errorf("%s: got %s, want %s (%v)", s, d.String(), want, err)
		}
	}
	for _, s := range []string{"", "5", "-5s", "1e3s", "5 apples", "s", "infinity", "99999999999d", "99999999999h"} {
		if err := new(duration).Set(s); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}
