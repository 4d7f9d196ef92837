package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

func TestStop(t *testing.T) {
	t.Run("lets handlers finish", func(t *testing.T) {
		b := newBench(t)
		started, finish := make(chan bool), make(chan bool)
		_, stop := b.work("long", func(ctx context.Context, job *worker.Job) (any, error) {
			started <- true
			<-finish
			return "finished", ctx.Err()
		})
		id, waiting := b.send("long", nil), int64(0)
		pgtest.Receive(b, started)
		time.AfterFunc(50*time.Millisecond, func() {
			waiting, _ = b.client.Send(context.Background(), "long", nil)
			close(finish)
		})
		stop()
		if job := b.status(id); job.State != "completed" || string(job.Reply) != `"finished"` {
			t.Errorf("state %s, reply %s", job.State, job.Reply)
		}
		if job := b.status(waiting); job.State != "pending" {
			t.Errorf("a job that was sent while stopping is %s", job.State)
		}
	})
	t.Run("cancels handlers after StopTimeout and gives the attempt back", func(t *testing.T) {
		b := newBench(t)
		started, why := make(chan bool, 1), make(chan error, 1)
		_, stop := b.work("long", func(ctx context.Context, job *worker.Job) (any, error) {
			started <- true
			why <- cause(ctx)
			return nil, ctx.Err()
		}, func(cfg *worker.Config) { cfg.StopTimeout = 10 * time.Millisecond })
		id := b.send("long", nil)
		pgtest.Receive(b, started)
		stop()
		if err := pgtest.Receive(b, why); err != worker.ErrStopped {
			t.Errorf("cause is %v", err)
		}
		if job := b.status(id); job.State != "pending" || job.Attempt != 0 {
			t.Errorf("state %s, attempt %d", job.State, job.Attempt)
		}
	})
	t.Run("releases the jobs of handlers that do not end", func(t *testing.T) {
		b := newBench(t)
		started, end := make(chan bool, 1), make(chan bool)
		defer close(end)
		_, stop := b.work("deaf", func(context.Context, *worker.Job) (any, error) {
			started <- true
			<-end
			return nil, nil
		}, func(cfg *worker.Config) { cfg.StopTimeout = -1 })
		id := b.send("deaf", nil)
		pgtest.Receive(b, started)
		stop()
		if job := b.status(id); job.State != "pending" || job.Attempt != 0 {
			t.Errorf("state %s, attempt %d", job.State, job.Attempt)
		}
		if workers, err := b.q.Workers(t.Context()); err != nil || len(workers) != 0 {
			t.Errorf("leases are left: %v, %v", workers, err)
		}
	})
}

func TestDrain(t *testing.T) {
	b := newBench(t)
	w := b.worker()
	w.Handle("tree", func(ctx context.Context, job *worker.Job) (any, error) {
		var depth int
		if err := job.Bind(&depth); err != nil {
			return nil, err
		}
		if depth > 0 {
			_, err := b.client.SendMany(ctx, "tree", []any{depth - 1, depth - 1, depth - 1})
			return nil, err
		}
		return nil, nil
	})
	b.send("tree", 4)
	later := b.send("other", nil)
	for range 2 { // a worker may drain again
		if err := w.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := pgtest.Get[int](b.DB, "select count(*) from jobmachine.jobs where queue = 'tree' and state = 'completed'"); n != 1+3+9+27+81 {
		t.Errorf("%d jobs completed", n)
	}
	if job := b.status(later); job.State != "pending" {
		t.Errorf("a job of another queue is %s", job.State)
	}
}

func TestOnStart(t *testing.T) {
	b := newBench(t)
	type key struct{}
	t.Run("makes the parent of every handler's ctx", func(t *testing.T) {
		w := b.worker(func(cfg *worker.Config) {
			cfg.OnStart = func(ctx context.Context) (context.Context, error) { return context.WithValue(ctx, key{}, "mine"), nil }
		})
		w.Handle("a", func(ctx context.Context, _ *worker.Job) (any, error) { return ctx.Value(key{}), nil })
		id := b.send("a", nil)
		if err := w.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if job := b.status(id); string(job.Reply) != `"mine"` {
			t.Errorf("reply %s", job.Reply)
		}
	})
	t.Run("may refuse", func(t *testing.T) {
		no := errors.New("no")
		w := b.worker(func(cfg *worker.Config) {
			cfg.OnStart = func(context.Context) (context.Context, error) { return nil, no }
		})
		w.Handle("a", func(context.Context, *worker.Job) (any, error) { return nil, nil })
		if err := w.Run(t.Context()); !errors.Is(err, no) {
			t.Errorf("Run returned %v", err)
		}
	})
}
