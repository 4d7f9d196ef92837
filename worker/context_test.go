package worker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

// cause waits for the end of ctx.
func cause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pgtest.Patience):
		return errors.New("ctx does not end")
	}
}

func TestCancelReachesTheRunningHandler(t *testing.T) {
	for name, change := range map[string]func(*worker.Config){
		"by a notification":         func(cfg *worker.Config) { cfg.LeaseTTL = time.Hour },
		"by the renewal when polls": func(cfg *worker.Config) { cfg.PollOnly, cfg.LeaseTTL = true, 2*time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			started, why := make(chan bool, 1), make(chan error, 1)
			w, _ := b.work("long", func(ctx context.Context, job *worker.Job) (any, error) {
				started <- true
				why <- cause(ctx)
				return nil, ctx.Err()
			}, change)
			id := b.send("long", nil)
			pgtest.Receive(b, started)
			b.eventually("lease is held", func() bool { return w.Health().Held == w.Health().Listening })
			if verdict, err := b.q.Cancel(t.Context(), id, nil); err != nil || verdict != "stopping" {
				t.Fatal(verdict, err)
			}
			if err := pgtest.Receive(b, why); err != worker.ErrCancelled {
				t.Errorf("cause is %v", err)
			}
			b.until(id, "cancelled")
		})
	}
}

func TestTimeoutEndsTheContext(t *testing.T) {
	b := newBench(t)
	why := make(chan error, 1)
	b.work("slow", func(ctx context.Context, job *worker.Job) (any, error) {
		if job.Attempt > 1 {
			return "in time", nil
		}
		if at, ok := ctx.Deadline(); !ok || time.Until(at) > 200*time.Millisecond {
			t.Errorf("deadline is %v, %v", at, ok)
		}
		why <- cause(ctx)
		return nil, ctx.Err()
	})
	b.Exec("select jobmachine.configure('slow', backoff => '1 ms')")
	id := b.send("slow", nil, client.Options{Timeout: 100 * time.Millisecond})
	if err := pgtest.Receive(b, why); err != worker.ErrTimeout {
		t.Errorf("cause is %v", err)
	}
	if a, err := b.client.Await(t.Context(), id); err != nil || string(a.Payload) != `"in time"` {
		t.Error(a, err)
	}
	attempts, err := b.q.Attempts(t.Context(), id)
	if err != nil || len(attempts) != 1 || attempts[0].Reason != "timeout" {
		t.Errorf("attempts %+v, %v", attempts, err)
	}
}

func TestALateRunChangesNothing(t *testing.T) {
	b := newBench(t)
	b.Exec("select jobmachine.configure('slow', backoff => '1 ms')")
	late, second, over, why := make(chan bool), make(chan bool, 20), make(chan bool), make(chan error, 3)
	b.work("slow", func(ctx context.Context, job *worker.Job) (any, error) {
		if job.Attempt == 1 {
			<-late // deaf to its ctx until the second run is on
			tx, err := b.Pool.Begin(context.WithoutCancel(ctx))
			if err != nil {
				return nil, err
			}
			defer tx.Rollback(context.WithoutCancel(ctx))
			why <- context.Cause(ctx)
			why <- job.CompleteTx(context.WithoutCancel(ctx), tx, "late")
			why <- job.Reply(context.WithoutCancel(ctx), "late progress")
			return "late", nil
		}
		second <- true
		<-over
		return nil, worker.Snooze(time.Hour)
	})
	defer close(over)
	id := b.send("slow", nil, client.Options{Timeout: 50 * time.Millisecond})
	pgtest.Receive(b, second)
	close(late)
	if err := pgtest.Receive(b, why); !errors.Is(err, worker.ErrTimeout) && !errors.Is(err, worker.ErrLeaseLost) {
		t.Errorf("cause is %v", err)
	}
	for _, verb := range []string{"CompleteTx", "Reply"} {
		if err := pgtest.Receive(b, why); !errors.Is(err, worker.ErrLeaseLost) {
			t.Errorf("%s of a late run returns %v", verb, err)
		}
	}
	replies, err := b.q.Replies(t.Context(), id, 0)
	if err != nil || len(replies) > 0 {
		t.Errorf("answers %v, %v", replies, err)
	}
}

func TestALostLeaseEndsItsRuns(t *testing.T) {
	b := newBench(t)
	why := make(chan error, 1)
	var runs atomic.Int32
	w, _ := b.work("long", func(ctx context.Context, job *worker.Job) (any, error) {
		if runs.Add(1) == 1 {
			why <- cause(ctx)
			return "lost", nil
		}
		return "again", nil
	}, func(cfg *worker.Config) { cfg.LeaseTTL = 2 * time.Second })
	id := b.send("long", nil)
	b.until(id, "running")
	workers, err := b.q.Workers(t.Context())
	if err != nil || len(workers) != 1 {
		t.Fatal(workers, err)
	}
	b.Exec("select jobmachine.close_lease($1)", workers[0].LeaseID)
	if err := pgtest.Receive(b, why); err != worker.ErrLeaseLost {
		t.Errorf("cause is %v", err)
	}
	if a, err := b.client.Await(t.Context(), id); err != nil || string(a.Payload) != `"again"` {
		t.Error(string(a.Payload), err)
	}
	if h := w.Health(); h.LeaseAge == 0 {
		t.Error("no new lease")
	}
}

func TestFromContext(t *testing.T) {
	if worker.FromContext(t.Context()) != nil {
		t.Error("a job outside of handlers")
	}
}

// Runs that were claimed together share a deadline.
func TestTheEndOfOneRunIsNotThatOfAnother(t *testing.T) {
	b := newBench(t)
	ids, err := b.client.SendMany(t.Context(), "pair", []any{"short", "long"})
	if err != nil {
		t.Fatal(err)
	}
	w := b.worker()
	worker.HandleFunc(w, "pair", func(ctx context.Context, which string) (string, error) {
		if which == "long" {
			b.until(ids[0], "completed")
		}
		return which, ctx.Err()
	})
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if job := b.status(ids[1]); job.State != "completed" {
		t.Errorf("%s: %s", job.State, pg.Value(job.Error))
	}
}
