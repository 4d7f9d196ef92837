package tests

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

// How soon a job starts is measured by make bench; here, that nothing but the wake-up meant for it starts it.

// idleWorker starts a worker that polls once an hour. It tells the jobs that it starts.
func idleWorker(t *testing.T, db *pgtest.DB) <-chan int64 {
	t.Helper()
	w, err := worker.New(worker.Config{DatabaseURL: db.URL, PollInterval: time.Hour, Concurrency: 50, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	jobs := make(chan int64, 1000)
	w.Handle("idle", func(_ context.Context, job *worker.Job) (any, error) {
		jobs <- job.ID
		return nil, nil
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return jobs
}

func TestAnIdleWorkerIsWokenByAJob(t *testing.T) {
	db := pgtest.New(t)
	s := connect(t, db)
	// Housekeeping comes by once a second, and would find a job that nobody rang for.
	s.exec("update jobmachine.meta set ticked_at = '2100-01-01'")
	s.exec("create or replace function jobmachine.tick() returns double precision language sql as 'select 3600::double precision'")
	jobs := idleWorker(t, db)
	for range 20 {
		pgtest.Eventually(t, "the worker to sleep", func() bool {
			return one[bool](s, "select exists (select from pg_locks where locktype = 'advisory' and classid = jobmachine._lock_class('queue')::oid)")
		})
		id := one[int64](s, "select jobmachine.send('idle')")
		equal(t, "job", pgtest.Receive(t, jobs), id)
	}
}

func TestDueJobsStartWithoutPolling(t *testing.T) {
	db := pgtest.New(t)
	s := connect(t, db)
	jobs := idleWorker(t, db)
	const n = 300
	s.exec("select jobmachine.send('idle', run_at => clock_timestamp() + random() * '3 s'::interval) from generate_series(1, $1)", n)
	for range n {
		pgtest.Receive(t, jobs)
	}
	equal(t, "jobs before their time", one[int64](s, "select count(*) from jobmachine.jobs where started_at < run_at"), 0)
}
