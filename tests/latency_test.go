package tests

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

// Two promises name a time. Machines that are shared have bad moments, so each is tried a few times and the best
// round counts: a worker that polled would miss them by two orders of magnitude in every round.
const rounds = 8

// idleWorker starts a worker that polls once an hour, so that only a wake-up can start a job in time.
func idleWorker(t *testing.T, db *pgtest.DB) <-chan started {
	t.Helper()
	w, err := worker.New(worker.Config{DatabaseURL: db.URL, PollInterval: time.Hour, Concurrency: 50, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	jobs := make(chan started, 10000)
	w.Handle("idle", func(_ context.Context, job *worker.Job) (any, error) {
		jobs <- started{job.Payload, time.Now()}
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

type started struct {
	payload json.RawMessage
	at      time.Time
}

func TestAnIdleWorkerStartsAJobWithinMilliseconds(t *testing.T) {
	db := pgtest.New(t)
	jobs := idleWorker(t, db)
	s := connect(t, db)
	var median time.Duration
	for range rounds {
		var waits []time.Duration
		for range 21 {
			eventually(t, "the worker to sleep", func() bool {
				return one[bool](s, "select exists (select from pg_locks where locktype = 'advisory' and classid = jobmachine._lock_class('queue')::oid)")
			})
			s.exec("select jobmachine.send('idle')")
			sent := time.Now()
			waits = append(waits, (<-jobs).at.Sub(sent))
		}
		slices.Sort(waits)
		if median = waits[len(waits)/2]; median < 5*time.Millisecond {
			t.Logf("median %v", median)
			return
		}
	}
	t.Errorf("in none of %d rounds the median is under 5 ms; in the last it is %v", rounds, median)
}

func TestDueJobsStartOnTime(t *testing.T) {
	db := pgtest.New(t)
	jobs := idleWorker(t, db)
	s := connect(t, db)
	var p99, slack time.Duration
	for range rounds {
		control := timekeeper(connect(t, db))
		s.exec(`select jobmachine.send('idle', to_jsonb(extract(epoch from at)), run_at => at)
			from (select clock_timestamp() + '0.5 s'::interval + 4 * random() * '1 s'::interval as at from generate_series(1, 1000)) due`)
		var late []time.Duration
		for range 1000 {
			j := <-jobs
			var at float64
			if err := json.Unmarshal(j.payload, &at); err != nil {
				t.Fatal(err)
			}
			late = append(late, j.at.Sub(time.UnixMicro(int64(at*1e6))))
		}
		slices.Sort(late)
		if late[0] < -time.Millisecond {
			t.Fatalf("a job starts %v before its time", -late[0])
		}
		// A start is a timer and a few round trips; what a busy machine adds to each is not ours.
		slack = 4 * control()
		if p99 = late[990]; p99 < 50*time.Millisecond+slack {
			t.Logf("p99 %v, %v of it for a busy machine", p99, slack)
			return
		}
	}
	t.Errorf("in none of %d rounds the p99 is under 50 ms; in the last it is %v, where a busy machine explains %v", rounds, p99, slack)
}

// timekeeper measures how late a timer and a round trip to the server are on this machine, until the returned function is
// called; that returns the p99.
func timekeeper(s session) func() time.Duration {
	const pause = 5 * time.Millisecond
	stop, done := make(chan struct{}), make(chan []time.Duration)
	go func() {
		var late []time.Duration
		for {
			start := time.Now()
			select {
			case <-stop:
				done <- late
				return
			case <-time.After(pause):
			}
			if _, err := s.Exec(s.t.Context(), "select 1"); err != nil {
				s.t.Error(err)
			}
			late = append(late, time.Since(start)-pause)
		}
	}()
	return func() time.Duration {
		close(stop)
		late := <-done
		slices.Sort(late)
		return late[len(late)*99/100]
	}
}
