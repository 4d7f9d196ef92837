package worker_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

// bench is a database of the test's own, and the means to look at it.
type bench struct {
	*testing.T
	*pgtest.DB
	q      *gen.Queries
	client *client.Client
}

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	b := &bench{T: t, DB: pgtest.New(t)}
	b.q = gen.New(b.Pool)
	var err error
	if b.client, err = client.New(b.Pool, client.Config{ListenURL: b.URL}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	return b
}

// config is a quiet one for tests.
func (b *bench) config() worker.Config {
	return worker.Config{DatabaseURL: b.URL, Name: b.Name(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func (b *bench) worker(change ...func(*worker.Config)) *worker.Worker {
	b.Helper()
	cfg := b.config()
	for _, c := range change {
		c(&cfg)
	}
	w, err := worker.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	return w
}

// run starts a worker; stop ends it and waits, as the end of the test does.
func (b *bench) run(w *worker.Worker) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := pgtest.Receive(b, done); err != nil {
			b.Errorf("Run returned %v", err)
		}
	}
	b.Cleanup(stop)
	return stop
}

// work runs a worker of one queue.
func (b *bench) work(queue string, h worker.Handler, change ...func(*worker.Config)) (w *worker.Worker, stop func()) {
	b.Helper()
	w = b.worker(change...)
	w.Handle(queue, h)
	return w, b.run(w)
}

func (b *bench) send(queue string, payload any, o ...client.Options) int64 {
	b.Helper()
	id, err := b.client.Send(b.Context(), queue, payload, o...)
	if err != nil {
		b.Fatal(err)
	}
	return id
}

func (b *bench) status(id int64) gen.Job {
	b.Helper()
	job, err := b.client.Status(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return job
}

// until waits for a state of a job, and returns the job.
func (b *bench) until(id int64, state string) (job gen.Job) {
	b.Helper()
	b.eventually("job is "+state, func() bool {
		job = b.status(id)
		return job.State == state
	})
	return job
}

// eventually looks until a condition is true.
func (b *bench) eventually(what string, condition func() bool) {
	b.Helper()
	pgtest.Eventually(b, what, condition)
}

func newPool(ctx context.Context, url string) *pgxpool.Pool {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		panic(err)
	}
	return pool
}
