package examples

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// write makes a file in a folder of the test.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pipe makes a named pipe: a worker that reads it is busy until done is called.
func pipe(t *testing.T) (path string, done func(text string)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	// For both, so that neither side waits for the other to open it.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return path, func(text string) {
		f.WriteString(text)
		// What nobody has read by the time it is closed is lost, and who opens it then waits for ever.
		pgtest.Eventually(t, "a reader of the pipe", func() bool {
			unread, err := unix.Poll([]unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}, 0)
			return err == nil && unread == 0
		})
		f.Close()
	}
}

func sendFile(d *pgtest.DB, path string, options string) int64 {
	return pgtest.Get[int64](d, "select jobmachine.send('file.words', jsonb_build_object('path', $1::text)"+options+")", path)
}

const isCompleted = "select state = 'completed' from jobmachine.status($1)"

const asleep = "select count(*) = $1 from pg_stat_activity where datname = current_database() and query like '%jobmachine.park%' and state = 'idle'"

func TestWorkers(t *testing.T) {
	for language, command := range languages {
		t.Run(language, func(t *testing.T) {
			worker := command(t, "worker")

			t.Run("answers clients in every language", func(t *testing.T) {
				t.Parallel()
				d := pgtest.New(t)
				d.Exec("select jobmachine.configure('file.words', max_attempts => 1)")
				start(t, environment(d.URL), worker...)
				for _, client := range slices.Sorted(maps.Keys(languages)) {
					t.Run(client, func(t *testing.T) {
						command := languages[client](t, "client")
						out := mustRun(t, environment(d.URL), append(command, write(t, "Ünal's.txt", "one two\nthree\n"))...)
						if !strings.Contains(out, "2 lines, 3 words") {
							t.Errorf("the client says %q", out)
						}
						if out, err := run(t, environment(d.URL), append(command, t.TempDir())...); err == nil || !strings.Contains(out, "failed: ") {
							t.Errorf("a folder is read: %v, %q", err, out)
						}
					})
				}
			})

			t.Run("tries again what failed, starts what is due", func(t *testing.T) {
				t.Parallel()
				d := pgtest.New(t)
				start(t, environment(d.URL), worker...)
				path := filepath.Join(t.TempDir(), "later.txt")
				failing := sendFile(d, path, "")
				delayed := sendFile(d, write(t, "a.txt", "a\n"), ", delay => '300 ms'")
				d.Eventually("select exists (select from jobmachine.attempts where job_id = $1 and reason = 'failed' and error like '%o such file%')", failing)
				if err := os.WriteFile(path, []byte("at last\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				d.Eventually(isCompleted, delayed)
				d.Eventually(isCompleted, failing)
				if got := pgtest.Get[string](d, "select reply::text from jobmachine.status($1)", failing); got != `{"lines": 1, "words": 2}` {
					t.Errorf("the reply is %s", got)
				}
				if early := pgtest.Get[bool](d, "select started_at < created_at + interval '300 ms' from jobmachine.status($1)", delayed); early {
					t.Error("the delayed job started early")
				}
			})

			t.Run("finishes the job at hand when it is told to stop", func(t *testing.T) {
				t.Parallel()
				d := pgtest.New(t)
				p := start(t, environment(d.URL), worker...)
				path, done := pipe(t)
				running := sendFile(d, path, "")
				d.Eventually("select state = 'running' from jobmachine.status($1)", running)
				next := sendFile(d, write(t, "a.txt", "a\n"), "")
				p.signal(syscall.SIGTERM)
				time.Sleep(50 * time.Millisecond) // nothing to see: it must go on
				done("a b\nc\n")
				if err := p.wait(); err != nil {
					t.Errorf("it ended with %v", err)
				}
				if got := pgtest.Get[string](d, "select state || ' ' || coalesce(reply::text, '') from jobmachine.status($1)", running); got != `completed {"lines": 2, "words": 3}` {
					t.Errorf("its job is %s", got)
				}
				if got := pgtest.Get[string](d, "select state from jobmachine.status($1)", next); got != "pending" {
					t.Errorf("the next job is %s", got)
				}
			})

			t.Run("stops at once when it is idle", func(t *testing.T) {
				t.Parallel()
				d := pgtest.New(t)
				p := start(t, environment(d.URL), worker...)
				// An answer, so it has its handlers for signals; then it sleeps.
				d.Eventually(isCompleted, sendFile(d, write(t, "a.txt", "a\n"), ""))
				d.Eventually(asleep, 1)
				p.signal(syscall.SIGTERM)
				if err := p.wait(); err != nil {
					t.Errorf("it ended with %v", err)
				}
			})
		})
	}
}

func TestAFleetOfPerlWorkersAlone(t *testing.T) {
	worker := perl(t, "worker")
	fleet := func(t *testing.T, d *pgtest.DB) (fleet []*process) {
		for range 3 {
			fleet = append(fleet, start(t, environment(d.URL), worker...))
		}
		return fleet
	}

	t.Run("starts delayed jobs", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		fleet(t, d)
		soon := sendFile(d, write(t, "a.txt", "a\n"), ", delay => '400 ms'")
		later := sendFile(d, write(t, "b.txt", "b\n"), ", delay => '1 h'")
		d.Eventually(isCompleted, soon)
		d.Advance(61 * time.Minute)
		d.Eventually(isCompleted, later)
	})

	t.Run("retries what failed", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		fleet(t, d)
		path := filepath.Join(t.TempDir(), "later.txt")
		id := sendFile(d, path, "")
		d.Eventually("select attempt >= 2 from jobmachine.status($1)", id)
		if err := os.WriteFile(path, []byte("at last\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		d.Eventually(isCompleted, id)
	})

	t.Run("takes over the job of a worker that is killed", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		fleet := fleet(t, d)
		path, _ := pipe(t)
		id := sendFile(d, path, "")
		d.Eventually("select state = 'running' from jobmachine.status($1)", id)
		name := pgtest.Get[string](d, "select worker from jobmachine.status($1)", id)
		pid, err := strconv.Atoi(name[strings.LastIndex(name, ":")+1:])
		if err != nil {
			t.Fatal(err)
		}
		killed := slices.IndexFunc(fleet, func(p *process) bool { return p.Process.Pid == pid })
		if killed < 0 {
			t.Fatalf("%s is none of the fleet", name)
		}
		fleet[killed].signal(syscall.SIGKILL)
		fleet[killed].wait()
		// The next one finds a file in place of the pipe.
		if err := os.Rename(write(t, "a.txt", "a b c\n"), path); err != nil {
			t.Fatal(err)
		}
		d.Advance(61 * time.Second) // its ttl
		d.Eventually(isCompleted, id)
		if got := pgtest.Get[bool](d, "select worker <> $2 and attempt = 2 from jobmachine.status($1)", id, name); !got {
			t.Error("it was not done by another worker in its second attempt")
		}
		if got := pgtest.Get[string](d, "select reason from jobmachine.attempts where job_id = $1", id); got != "crashed" {
			t.Errorf("the lost attempt is told as %q", got)
		}
	})

	t.Run("shares what is sent", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		fleet(t, d)
		d.Eventually(asleep, 3)
		path := write(t, "a.txt", "a\n")
		d.Exec("select jobmachine.send_many('file.words', array_fill(jsonb_build_object('path', $1::text), array[300]))", path)
		d.Eventually("select count(*) = 300 from jobmachine.jobs where state = 'completed'")
		if n := pgtest.Get[int](d, "select count(distinct worker) from jobmachine.jobs"); n < 2 {
			t.Errorf("%d worker did it all", n)
		}
	})
}

func TestThePsqlStory(t *testing.T) {
	t.Parallel()
	psql := pgtest.Program(t, "psql")
	d := pgtest.New(t)
	out := mustRun(t, environment(d.URL), psql, "-X", "-v", "ON_ERROR_STOP=1", d.URL, "-f", "psql/story.sql")
	for _, want := range []string{`{"percent": 50}`, `{"sent": true}`, "SMTP 451"} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is missing:\n%s", want, out)
		}
	}
	if got := pgtest.All[string](d, "select state from jobmachine.jobs order by id"); !slices.Equal(got, []string{"completed", "scheduled"}) {
		t.Errorf("the jobs are %v", got)
	}

	t.Run("calls a worker in another language", func(t *testing.T) {
		start(t, environment(d.URL), perl(t, "worker")...)
		call := fmt.Sprintf(`call jobmachine.call('file.words', '{"path": "%s"}', within => '20 s')`, write(t, "a.txt", "a b\n"))
		if out := mustRun(t, environment(d.URL), psql, "-XAt", d.URL, "-c", call); !strings.Contains(out, `|completed|{"lines": 1, "words": 2}`) {
			t.Errorf("psql says %q", out)
		}
	})
}

func TestThreeTypesOfJob(t *testing.T) {
	t.Parallel()
	program := build(t, "./queue")
	d := pgtest.New(t)
	out := mustRun(t, environment(d.URL), program)
	for _, want := range []string{
		"claimed 1: example.sum [1, 2, 3], attempt 1 of 25\n",
		"claimed 6: example.fetch \"https://example.com/\", attempt 2 of 25\n",
		"1   example.sum    completed  1        6\n",
		"3   example.shout  completed  1        \"HELLO!\"\n",
		"4   example.shout  failed     1        one word at a time, please\n",
		"5   example.shout  scheduled  0        \n",
		"6   example.fetch  completed  2        {\"status\": 200}\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
}

// Each is meant to be read on one screen.
func TestExamplesAreShort(t *testing.T) {
	t.Parallel()
	for file, limit := range map[string]int{"perl/client.pl": 60, "perl/worker.pl": 60, "psql/story.sql": 12, "../conformance/worker.pl": 60} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n >= limit {
			t.Errorf("%s has %d lines, want fewer than %d", file, n, limit)
		}
	}
}
