package worker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pgserver"
	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

func migrate(t *testing.T, url, schema string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := db.Migrate(t.Context(), conn, db.Options{Schema: schema}); err != nil {
		t.Fatal(err)
	}
}

func TestAServerCrashDoesNotEndTheWorker(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir, err := os.MkdirTemp("", "jobmachine") // t.TempDir is closed to the user whom the server runs as
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	server, err := pgserver.Start(ctx, pgserver.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	migrate(t, server.URL(), "")
	pool, err := pgxpool.New(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	b := &bench{T: t, DB: &pgtest.DB{URL: server.URL(), Pool: pool}, q: gen.New(pool)}
	if b.client, err = client.New(pool, client.Config{}); err != nil {
		t.Fatal(err)
	}
	gate := make(chan bool)
	var log logged
	w := b.worker(log.to)
	w.Handle("long", func(context.Context, *worker.Job) (any, error) { <-gate; return "kept", nil })
	w.Handle("echo", echo)
	stop := b.run(w)
	long := b.send("long", nil)
	b.until(long, "running")
	if err := syscall.Kill(server.Pid(), syscall.SIGQUIT); err != nil { // an immediate shutdown
		t.Fatal(err)
	}
	<-server.Done()
	close(gate) // the outcome has to wait for the server
	b.eventually("the outage is reported", func() bool { return strings.Contains(log.String(), "trying again") })
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	port := int(pool.Config().ConnConfig.Port)
	if server, err = pgserver.Start(ctx, pgserver.Options{Dir: dir, Port: port}); err != nil {
		t.Fatal(err)
	}
	b.eventually("the job is completed", func() bool {
		job, err := b.client.Status(ctx, long)
		return err == nil && job.State == "completed" && job.Attempt == 1
	})
	if _, err := b.client.Await(ctx, b.send("echo", 1)); err != nil {
		t.Error(err)
	}
	b.eventually("the worker listens again", func() bool { h := w.Health(); return h.Listening && h.Held })
	if !strings.Contains(log.String(), "works again") {
		t.Error(log.String())
	}
	stop()
}

func TestRunVerifiesTheSchema(t *testing.T) {
	for name, test := range map[string]struct {
		sql     string
		refuses bool
	}{
		"refuses a database without it": {"drop schema jobmachine cascade", true},
		"refuses an older one":          {"create or replace function jobmachine.version() returns text language sql as $$ select '0.0.9' $$", true},
		"refuses another major version": {"create or replace function jobmachine.version() returns text language sql as $$ select '99.0.0' $$", true},
		"takes a newer one":             {"create or replace function jobmachine.version() returns text language sql as $$ select '0.999.0' $$", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Exec(test.sql)
			w := b.worker()
			w.Handle("echo", echo)
			err := w.Drain(t.Context())
			if errors.Is(err, worker.ErrVersion) != test.refuses || test.refuses && !strings.Contains(err.Error(), "jobmachine migrate") {
				t.Errorf("Drain returned %v", err)
			}
		})
	}
}

func TestRunRefusesAWrongDatabase(t *testing.T) {
	b := newBench(t)
	w := b.worker(func(cfg *worker.Config) {
		cfg.DatabaseURL = strings.Replace(cfg.DatabaseURL, "/jobmachine_test_", "/no_such_", 1)
	})
	w.Handle("echo", echo)
	if err := w.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("Run returned %v", err)
	}
}

func TestHandlersCannotStarveTheWorker(t *testing.T) {
	b := newBench(t)
	cfg := b.Pool.Config()
	cfg.MaxConns = 2
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	gate, started := make(chan bool), make(chan bool, 2)
	w := b.worker(func(cfg *worker.Config) { cfg.Pool, cfg.DatabaseURL, cfg.LeaseTTL = pool, "", time.Second })
	w.Handle("hog", func(ctx context.Context, _ *worker.Job) (any, error) {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return nil, err
		}
		defer conn.Release()
		started <- true
		<-gate
		return nil, nil
	})
	w.Handle("echo", echo)
	b.run(w)
	hogs := []int64{b.send("hog", nil), b.send("hog", nil)}
	pgtest.Receive(b, started)
	pgtest.Receive(b, started)
	for n := range 5 {
		if _, err := b.client.Await(t.Context(), b.send("echo", n)); err != nil {
			t.Error(err)
		}
	}
	close(gate)
	for _, id := range hogs {
		if job := b.until(id, "completed"); job.Attempt != 1 {
			t.Errorf("attempt %d", job.Attempt)
		}
	}
}

func TestInterimReplies(t *testing.T) {
	for name, change := range map[string]func(*bench, *worker.Config){
		"with a pool": func(b *bench, cfg *worker.Config) { cfg.Pool = b.Pool },
		"without":     func(*bench, *worker.Config) {},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.work("stream", func(ctx context.Context, job *worker.Job) (any, error) {
				for n := range 10 {
					if err := job.Reply(ctx, n); err != nil {
						return nil, err
					}
				}
				return "end", job.Reply(ctx, nil)
			}, func(cfg *worker.Config) { change(b, cfg) })
			var got []string
			for a, err := range b.client.Answers(t.Context(), b.send("stream", nil)) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(a.Payload))
			}
			if want := `0 1 2 3 4 5 6 7 8 9 null "end"`; strings.Join(got, " ") != want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAnotherSchemaName(t *testing.T) {
	b := newBench(t)
	migrate(t, b.URL, "Odd Name")
	w := b.worker(func(cfg *worker.Config) { cfg.Schema = "Odd Name" })
	w.Handle("echo", func(_ context.Context, job *worker.Job) (any, error) { return "odd", nil })
	b.run(w)
	b.eventually("it listens and holds its lease", func() bool { h := w.Health(); return h.Listening && h.Held })
	odd, err := client.New(b.Pool, client.Config{Schema: "Odd Name", ListenURL: b.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer odd.Close()
	for range 3 {
		if got, err := client.Call[string](t.Context(), odd, "echo", nil); err != nil || got != "odd" {
			t.Error(got, err)
		}
	}
	id := b.send("echo", nil)
	if job := b.status(id); job.State != "pending" {
		t.Errorf("a job of another schema is %s", job.State)
	}
}

func TestThePasswordIsNowhere(t *testing.T) {
	t.Parallel()
	const secret = "kanarienvogel"
	var log logged
	for _, url := range []string{"postgres://u:" + secret + "@127.0.0.1:1/db", "host=127.0.0.1 port=x password=" + secret} {
		cfg := worker.Config{DatabaseURL: url}
		log.to(&cfg)
		w, err := worker.New(cfg)
		if err != nil {
			fmt.Fprintln(&log, err)
			continue
		}
		w.Handle("echo", echo)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		fmt.Fprintln(&log, w.Run(ctx))
	}
	if log.String() == "" || strings.Contains(log.String(), secret) {
		t.Errorf("said: %s", log.String())
	}
}
