package worker_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

func TestWhatAHandlerReturnsIsTheOutcome(t *testing.T) {
	b := newBench(t)
	w := b.worker()
	handlers := map[string]worker.Handler{
		"reply":     func(context.Context, *worker.Job) (any, error) { return map[string]int{"n": 7}, nil },
		"none":      func(context.Context, *worker.Job) (any, error) { return nil, nil },
		"fails":     func(context.Context, *worker.Job) (any, error) { return nil, errors.New("no such host") },
		"nul":       func(context.Context, *worker.Job) (any, error) { return nil, errors.New("a\x00b\xffc") },
		"permanent": func(context.Context, *worker.Job) (any, error) { return nil, worker.Permanent(errors.New("never")) },
		"retry": func(context.Context, *worker.Job) (any, error) {
			return nil, worker.RetryIn(time.Hour, errors.New("later"))
		},
		"snooze": func(context.Context, *worker.Job) (any, error) { return nil, worker.Snooze(time.Hour) },
		"cancel": func(context.Context, *worker.Job) (any, error) { return nil, worker.Cancel("ordered twice") },
		"unencodable": func(context.Context, *worker.Job) (any, error) {
			return func() {}, nil
		},
		"unstorable": func(context.Context, *worker.Job) (any, error) { return "a\x00b", nil },
		"panics":     func(context.Context, *worker.Job) (any, error) { panic("oh no") },
		"goexit":     func(context.Context, *worker.Job) (any, error) { runtime.Goexit(); return nil, nil },
	}
	ids := map[string]int64{}
	for queue, h := range handlers {
		w.Handle(queue, h)
		ids[queue] = b.send(queue, nil)
	}
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		queue, state string
		attempts     int32
		says         string
	}{
		{"reply", "completed", 1, ""},
		{"none", "completed", 1, ""},
		{"fails", "scheduled", 1, "no such host"},
		{"nul", "scheduled", 1, "ab\uFFFDc"},
		{"permanent", "failed", 1, "never"},
		{"retry", "scheduled", 1, "later"},
		{"snooze", "scheduled", 0, ""},
		{"cancel", "cancelled", 1, ""},
		{"unencodable", "scheduled", 1, "unsupported type"},
		{"unstorable", "scheduled", 1, "cannot be stored"},
		{"panics", "scheduled", 1, "panic: oh no\n\ngoroutine"},
		{"goexit", "scheduled", 1, "ended its goroutine"},
	} {
		t.Run(test.queue+" is "+test.state, func(t *testing.T) {
			job := b.status(ids[test.queue])
			if job.State != test.state || job.Attempt != test.attempts {
				t.Errorf("state %s, attempt %d; want %s, %d", job.State, job.Attempt, test.state, test.attempts)
			}
			said := ""
			if job.Error != nil {
				said = *job.Error
			}
			if !strings.Contains(said, test.says) || test.says == "" && said != "" {
				t.Errorf("error %q, want %q", said, test.says)
			}
		})
	}
	if job := b.status(ids["reply"]); string(job.Reply) != `{"n": 7}` {
		t.Errorf("reply is %s", job.Reply)
	}
	if job := b.status(ids["none"]); job.Reply != nil {
		t.Errorf("no reply is %s", job.Reply)
	}
	if job := b.status(ids["cancel"]); job.Reason == nil || *job.Reason != "ordered twice" {
		t.Errorf("reason is %v", job.Reason)
	}
	for queue, least := range map[string]time.Duration{"retry": 59 * time.Minute, "snooze": 59 * time.Minute} {
		if job := b.status(ids[queue]); job.RunAt == nil || time.Until(*job.RunAt) < least {
			t.Errorf("%s runs again at %v", queue, job.RunAt)
		}
	}
}

// One outcome goes another way to the database than many.
func TestALoneOutcome(t *testing.T) {
	for _, test := range []struct {
		name        string
		reply       any
		state, says string
	}{
		{"with a reply", map[string]int{"n": 7}, "completed", `{"n": 7}`},
		{"without one", nil, "completed", ""},
		{"that cannot be stored", "a\x00b", "scheduled", "cannot be stored"},
		{"that is too large", strings.Repeat("long", 300_000), "scheduled", "too large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			w := b.worker()
			w.Handle("alone", func(context.Context, *worker.Job) (any, error) { return test.reply, nil })
			id := b.send("alone", nil)
			if err := w.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			job := b.status(id)
			if says := string(job.Reply) + pg.Value(job.Error); job.State != test.state || job.Attempt != 1 || !strings.Contains(says, test.says) {
				t.Errorf("%s after %d attempts: %.80q", job.State, job.Attempt, says)
			}
		})
	}
}

func TestTypedHandlers(t *testing.T) {
	b := newBench(t)
	type in struct{ A, B int }
	type out struct{ Sum int }
	w := b.worker()
	worker.HandleFunc(w, "sum", func(ctx context.Context, v in) (out, error) {
		if worker.FromContext(ctx).Queue != "sum" {
			return out{}, worker.Permanent(errors.New("no job in ctx"))
		}
		return out{v.A + v.B}, nil
	})
	b.run(w)
	t.Run("decode the payload and encode the reply", func(t *testing.T) {
		got, err := client.Call[out](t.Context(), b.client, "sum", in{3, 4})
		if err != nil || got.Sum != 7 {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("fail the attempt if the payload cannot be decoded", func(t *testing.T) {
		job := b.until(b.send("sum", []int{1}), "scheduled")
		if job.Attempt != 1 || !strings.Contains(*job.Error, "cannot unmarshal array") {
			t.Errorf("attempt %d, error %q", job.Attempt, *job.Error)
		}
	})
}

func TestPatternsAndNames(t *testing.T) {
	b := newBench(t)
	w := b.worker()
	by := func(name string) worker.Handler {
		return func(context.Context, *worker.Job) (any, error) { return name, nil }
	}
	for _, queue := range []string{"*", "gl.*", "gl.accounting.*", "gl.accounting.close"} {
		w.Handle(queue, by(queue))
	}
	b.run(w)
	for queue, want := range map[string]string{
		"mail": "*", "gl": "*", "gl.x": "gl.*", "gl.accounting.open": "gl.accounting.*", "gl.accounting.close": "gl.accounting.close",
	} {
		got, err := client.Call[string](t.Context(), b.client, queue, nil)
		if err != nil || got != want {
			t.Errorf("queue %s was handled by %s (%v), want %s", queue, got, err, want)
		}
	}
}

func TestMaxRunning(t *testing.T) {
	b := newBench(t)
	w := b.worker()
	now, most := make(chan int, 1), 0
	now <- 0
	limited := func(ctx context.Context, job *worker.Job) (any, error) {
		n := <-now + 1
		most = max(most, n)
		now <- n
		select { // long enough for others to come in, if they may
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
		now <- <-now - 1
		return nil, nil
	}
	w.Handle("limited", limited, worker.MaxRunning(2))
	w.Handle("free", func(context.Context, *worker.Job) (any, error) { return nil, nil })
	b.run(w)
	ids := make([]int64, 12)
	for i := range ids {
		ids[i] = b.send("limited", nil)
	}
	t.Run("does not hold up other queues", func(t *testing.T) {
		if _, err := client.Call[any](t.Context(), b.client, "free", nil); err != nil {
			t.Error(err)
		}
	})
	for _, id := range ids {
		b.until(id, "completed")
	}
	<-now
	if most != 2 {
		t.Errorf("%d ran at once, want 2", most)
	}
}

func TestRunRefuses(t *testing.T) {
	b := newBench(t)
	none := func(context.Context, *worker.Job) (any, error) { return nil, nil }
	for _, test := range []struct {
		name  string
		setup func(w *worker.Worker)
	}{
		{"a worker without handlers", func(*worker.Worker) {}},
		{"an empty queue name", func(w *worker.Worker) { w.Handle("", none) }},
		{"a long queue name", func(w *worker.Worker) { w.Handle(strings.Repeat("ü", 256), none) }},
		{"a missing handler", func(w *worker.Worker) { w.Handle("a", nil) }},
		{"a limit that a pattern would break", func(w *worker.Worker) {
			w.Handle("gl.*", none)
			w.Handle("gl.x", none, worker.MaxRunning(1))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := b.worker()
			test.setup(w)
			if err := w.Run(t.Context()); !errors.Is(err, worker.ErrInvalid) {
				t.Errorf("Run returned %v", err)
			}
		})
	}
}

// A full disk, a deadlock or a timeout passes; what the handler has done must not be done again.
func TestAPassingErrorDoesNotTurnASuccessIntoAFailure(t *testing.T) {
	b := newBench(t)
	b.Exec(`create sequence tries;
		create function full_disk() returns trigger language plpgsql as $$
		begin
		  if nextval('public.tries') <= 3 then raise exception using errcode = '53100', message = 'No space left on device'; end if;
		  return null;
		end $$;
		grant usage on sequence tries to public;
		create trigger full_disk before insert on jobmachine.finished for each statement execute function full_disk()`)
	w := b.worker()
	runs := 0
	w.Handle("q", func(context.Context, *worker.Job) (any, error) { runs++; return 1, nil })
	id := b.send("q", nil)
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	job, err := b.client.Status(t.Context(), id)
	if err != nil || job.State != "completed" || runs != 1 {
		t.Errorf("%s after %d runs, %v", job.State, runs, err)
	}
}

// A trigger at the end of each transaction tells how it commits.
func TestClaimsCommitAtOnceAndOutcomesAsTheDatabaseSays(t *testing.T) {
	b := newBench(t)
	b.Exec("do $$ begin execute format('alter database %I set synchronous_commit = local', current_database()); end $$")
	b.Exec(`create table commit (says text);
		create function note() returns trigger language plpgsql as $$
		begin
		  insert into commit values (concat_ws(' ', coalesce(new.queue, old.queue), case tg_op when 'INSERT' then 'claimed' else 'completed' end, current_setting('synchronous_commit')));
		  return null;
		end $$;
		create constraint trigger note after insert or delete on jobmachine.running deferrable initially deferred for each row execute function note()`)
	w := b.worker()
	for _, queue := range []string{"often", "once"} {
		w.Handle(queue, func(context.Context, *worker.Job) (any, error) { return nil, nil })
	}
	b.run(w)
	b.until(b.send("often", nil), "completed")
	b.until(b.send("once", nil, client.Options{MaxAttempts: 1}), "completed")
	got := pgtest.Get[string](b.DB, "select string_agg(says, ', ' order by says) from commit")
	if want := "often claimed off, often completed local, once claimed on, once completed local"; got != want {
		t.Errorf("%s\nwant: %s", got, want)
	}
}
