package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// drain works until a queue is empty and returns what became of job 1.
func drain(t *testing.T, s *shell, db *pgtest.DB, command string) (state, said string) {
	t.Helper()
	if r := s.run("work", "--queue", "q", "--exec", command, "--drain"); r.code != 0 || r.stdout != "" {
		t.Fatalf("exit code %d: %s%s", r.code, r.stdout, r.stderr)
	}
	return pgtest.Get[string](db, "select state from jobmachine.jobs where id = 1"), pgtest.Get[string](db, "select coalesce(error, reply::text, '') from jobmachine.jobs where id = 1")
}

func TestWork(t *testing.T) {
	t.Parallel()
	once := []string{"send", "q", `{"name": "world"}`, "--max-attempts", "1"}

	t.Run("gives the command its payload and its circumstances", func(t *testing.T) {
		s, db := newDB(t)
		s.ok(once...)
		state, reply := drain(t, s, db, `printf '[%s, "%s", %s, %s, %s]' $JOBMACHINE_JOB_ID $JOBMACHINE_QUEUE $JOBMACHINE_ATTEMPT $JOBMACHINE_RECEIPT "$(cat)"`)
		equal(t, "state", state, "completed")
		equal(t, "reply", reply, pgtest.Get[string](db, `select format('[1, "q", 1, %s, {"name": "world"}]', receipt) from jobmachine.finished`))
	})

	t.Run("makes the reply of what the command writes", func(t *testing.T) {
		t.Parallel()
		for command, want := range map[string]string{
			`printf ' {"a":\n1}\n'`:             `{"a": 1}`,
			`echo 42`:                           `42`,
			`printf 'two\nlines\n\n'`:           `"two\nlines\n"`,
			`printf 'windows\r\n'`:              `"windows"`,
			`printf 'not { json'`:               `"not { json"`,
			`printf 'bad \377 utf \000 8'`:      `"bad � utf  8"`,
			`true`:                              ``,
			`echo`:                              ``,
			`exec </dev/null; echo unread`:      `"unread"`,
			`(sleep 1000 & echo "background")`:  `"background"`,
			`yes | head -c 900000 | tr -d '\n'`: `"` + strings.Repeat("y", 450000) + `"`,
		} {
			t.Run(command, func(t *testing.T) {
				s, db := newDB(t)
				s.ok(once...)
				state, reply := drain(t, s, db, command)
				equal(t, "state", state, "completed")
				equal(t, "reply", reply, want)
			})
		}
	})

	t.Run("makes a failed attempt of a non-zero exit", func(t *testing.T) {
		t.Parallel()
		for command, want := range map[string]string{
			`echo out; echo 'no paper' >&2; exit 3`: `no paper`,
			`exit 7`:                                `exit code 7`,
			`kill -9 $$`:                            `killed by signal 9 (killed)`,
			`no-such-program`:                       `not found`,
			`echo first >&2; yes | head -c 50000 >&2; echo last >&2; exit 1`: "y\nlast",
			`yes | head -c 5000000`: `at most 4194304 are read as the reply`,
		} {
			t.Run(command, func(t *testing.T) {
				s, db := newDB(t)
				s.ok(once...)
				state, text := drain(t, s, db, command)
				equal(t, "state", state, "failed")
				if !strings.Contains(text, want) || strings.Contains(text, "first") || len(text) > 17000 {
					t.Errorf("error of %d bytes: %.80q...%.80q, want %q", len(text), text, text[max(0, len(text)-80):], want)
				}
			})
		}
	})

	t.Run("works on several queues and patterns until they are empty", func(t *testing.T) {
		s, db := newDB(t)
		for _, queue := range []string{"gl.a", "gl.b", "plain", "with, comma", "other"} {
			s.ok("send", queue)
		}
		s.ok("work", "--queue", `gl.*,plain`, "--queue", `"with, comma"`, "--exec", `echo "$JOBMACHINE_QUEUE"`, "--drain", "--poll-only", "--name", "me")
		equal(t, "replies", pgtest.Get[string](db, "select string_agg(reply::text, ' ' order by id) from jobmachine.jobs"), `"gl.a" "gl.b" "plain" "with, comma"`)
		equal(t, "worker", pgtest.Get[string](db, "select min(worker) from jobmachine.jobs"), "me")
		equal(t, "other", pgtest.Get[string](db, "select state from jobmachine.jobs where queue = 'other'"), "pending")
	})

	t.Run("runs as many at once as it may", func(t *testing.T) {
		s, db := newDB(t)
		s.pipe(strings.Repeat("1\n", 5), "send", "a", "--lines")
		s.pipe(strings.Repeat("1\n", 5), "send", "b", "--lines")
		p := s.start("work", "--queue", "a,b", "--exec", gate, "--concurrency", "6", "--max-running", "4", "--drain")
		db.Eventually("select count(*) = 6 from jobmachine.running")
		equal(t, "most of one queue", pgtest.Get[int](db, "select max(n)::int from (select count(*) as n from jobmachine.running group by queue) q") <= 4, true)
		openGate(t, s)
		if r := p.end(); r.code != 0 {
			t.Error(r)
		}
		equal(t, "done", pgtest.Get[int](db, "select count(*)::int from jobmachine.jobs where state = 'completed'"), 10)
	})

	t.Run("starts jobs that come while it waits", func(t *testing.T) {
		s, db := newDB(t)
		p := s.start("work", "--queue", "q", "--exec", "cat", "--poll-interval", "1h")
		db.Eventually("select exists (select from jobmachine.workers where held_at is not null)")
		equal(t, "reply", s.ok("call", "q", `"hello"`), `"hello"`)
		p.signal(syscall.SIGTERM)
		if r := p.end(); r.code != 0 || !strings.Contains(r.stderr, "level=INFO msg=working") {
			t.Error(r)
		}
		equal(t, "workers", s.ok("workers", "-o", "json"), "[]")
	})

	t.Run("refuses what cannot work", func(t *testing.T) {
		s, _ := newDB(t)
		s.fails(2, "--concurrency 0", "work", "--queue", "q", "--exec", "true", "--concurrency", "0")
		s.fails(2, "--lease-ttl", "work", "--queue", "q", "--exec", "true", "--lease-ttl", "10ms")
		s.fails(2, "255 characters", "work", "--queue", strings.Repeat("q", 256), "--exec", "true")
		s.fails(2, "queue", "work", "--queue", "", "--exec", "true")
	})
}

// group is a command that tells of its process and of a child, which both may ignore SIGTERM.
func group(trap string) string {
	return trap + `; sh -c '` + trap + `; echo $$ > child.new; mv child.new child; while :; do sleep 1000; done' & echo $$ > leader.new; mv leader.new leader; while :; do wait; done`
}

const (
	obeys   = `:`
	ignores = `trap "" TERM`
	ends0   = `trap "exit 0" TERM` // as many programs do that are told to stop
)

func TestWorkStopsCommands(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T, trap string, args ...string) (s *shell, db *pgtest.DB, p *started, pids []int) {
		s, db = newDB(t)
		s.ok(append([]string{"send", "q", "--max-attempts", "1"}, args...)...)
		p = s.start("work", "--queue", "q", "--exec", group(trap), "--stop-timeout", "1h")
		return s, db, p, []int{readPid(t, filepath.Join(s.home, "leader")), readPid(t, filepath.Join(s.home, "child"))}
	}
	gone := func(t *testing.T, pids []int) {
		t.Helper()
		pgtest.Eventually(t, fmt.Sprint("the end of ", pids), func() bool { return !alive(pids[0]) && !alive(pids[1]) })
	}
	over := func(db *pgtest.DB) string {
		db.Eventually("select exists (select from jobmachine.jobs where state in ('failed', 'cancelled', 'completed'))")
		return pgtest.Get[string](db, "select concat_ws(' ', state, reason) from jobmachine.jobs")
	}
	stop := func(t *testing.T, p *started) {
		t.Helper()
		p.signal(syscall.SIGINT)
		if r := p.end(); r.code != 0 {
			t.Error(r)
		}
	}

	t.Run("and all they have started when their time is up", func(t *testing.T) {
		_, db, p, pids := begin(t, obeys, "--timeout", "1s")
		gone(t, pids)
		equal(t, "job", over(db), "failed timeout")
		stop(t, p)
	})

	t.Run("when their job is cancelled", func(t *testing.T) {
		s, db, p, pids := begin(t, obeys)
		equal(t, "verdict", s.ok("cancel", "1", "--reason", "ordered twice"), "1 stopping")
		gone(t, pids)
		equal(t, "job", over(db), "cancelled ordered twice")
		stop(t, p)
	})

	t.Run("and does not take their good end for success", func(t *testing.T) {
		s, db, p, pids := begin(t, ends0)
		s.ok("cancel", "1")
		gone(t, pids)
		equal(t, "job", over(db), "cancelled cancelled")
		stop(t, p)
	})

	t.Run("by force 5 seconds after they ignored it", func(t *testing.T) {
		s, db, p, pids := begin(t, ignores)
		start := time.Now()
		s.ok("cancel", "1")
		gone(t, pids)
		if took := time.Since(start); took < 5*time.Second {
			t.Errorf("killed after %v", took)
		}
		equal(t, "job", over(db), "cancelled cancelled")
		stop(t, p)
	})

	t.Run("gives their jobs back at a second signal", func(t *testing.T) {
		_, db, p, pids := begin(t, ignores)
		p.signal(syscall.SIGINT)
		pgtest.Eventually(t, "the first signal", func() bool { return strings.Contains(p.stderr.String(), "a second signal stops them") })
		equal(t, "still there", alive(pids[0]) && alive(pids[1]), true)
		stop(t, p)
		gone(t, pids)
		equal(t, "job", pgtest.Get[string](db, "select state || ' ' || attempt from jobmachine.jobs"), "pending 0")
	})

	t.Run("gives their jobs back when the stop takes too long", func(t *testing.T) {
		s, db := newDB(t)
		s.ok("send", "q", "--max-attempts", "1")
		p := s.start("work", "--queue", "q", "--exec", group(ignores), "--stop-timeout", "100ms")
		pids := []int{readPid(t, filepath.Join(s.home, "leader")), readPid(t, filepath.Join(s.home, "child"))}
		stop(t, p)
		gone(t, pids)
		equal(t, "job", pgtest.Get[string](db, "select state || ' ' || attempt from jobmachine.jobs"), "pending 0")
	})

	t.Run("lets them finish after the first signal", func(t *testing.T) {
		s, db := newDB(t)
		s.pipe("1\n2\n", "send", "q", "--lines")
		p := s.start("work", "--queue", "q", "--exec", "echo $$ > started; "+gate+"; echo done", "--concurrency", "1")
		readPid(t, filepath.Join(s.home, "started"))
		p.signal(syscall.SIGTERM)
		pgtest.Eventually(t, "the signal", func() bool { return strings.Contains(p.stderr.String(), "a second signal stops them") })
		openGate(t, s)
		if r := p.end(); r.code != 0 || !strings.Contains(r.stderr, "msg=stopped") {
			t.Error(r)
		}
		equal(t, "jobs", pgtest.Get[string](db, "select string_agg(concat_ws(' ', state, reply), ', ' order by id) from jobmachine.jobs"), `completed "done", pending`)
	})

	t.Run("kills what a command leaves behind, but not who left its group", func(t *testing.T) {
		s, db := newDB(t)
		s.ok("send", "q")
		state, _ := drain(t, s, db, `sleep 1000 & echo $! > left; setsid sh -c 'echo $$ > daemon.new; mv daemon.new daemon; exec sleep 1000' & while [ ! -e daemon ]; do sleep 0.01; done`)
		equal(t, "state", state, "completed")
		left, daemon := readPid(t, filepath.Join(s.home, "left")), readPid(t, filepath.Join(s.home, "daemon"))
		pgtest.Eventually(t, "the end of what was left", func() bool { return !alive(left) })
		equal(t, "daemon lives", alive(daemon), true)
		if err := syscall.Kill(daemon, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	})
}

// gate makes a command wait until openGate.
const gate = "until [ -e gate ]; do sleep 0.01; done"

func openGate(t *testing.T, s *shell) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.home, "gate"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
