package worker_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

func network(host string, port uint16) (string, string) {
	if filepath.IsAbs(host) {
		return "unix", filepath.Join(host, fmt.Sprintf(".s.PGSQL.%d", port))
	}
	return "tcp", net.JoinHostPort(host, fmt.Sprint(port))
}

func echo(_ context.Context, job *worker.Job) (any, error) { return job.Payload, nil }

// logged collects what a worker logs.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) to(cfg *worker.Config) { cfg.Logger = slog.New(slog.NewTextHandler(l, nil)) }

// cut ends the backends of workers' connections of one kind.
func (b *bench) cut(which string) {
	b.Helper()
	b.Eventually(`select count(pg_terminate_backend(pid)) > 0 from pg_stat_activity
		where datname = current_database() and application_name like $1`, "jobmachine worker %"+which)
}

// settledServer waits until the server has run for half a minute: before, no lease is expired early.
func (b *bench) settledServer() {
	b.Helper()
	b.eventually("the server is half a minute old", func() bool {
		return pgtest.Get[bool](b.DB, "select pg_postmaster_start_time() < clock_timestamp() - interval '30 s'")
	})
}

func TestALostListener(t *testing.T) {
	b := newBench(t)
	b.settledServer()
	finish, starts := make(chan bool), atomic.Int32{}
	var log logged
	w := b.worker(log.to)
	w.Handle("long", func(ctx context.Context, job *worker.Job) (any, error) {
		starts.Add(1)
		<-finish
		return "undisturbed", ctx.Err()
	})
	w.Handle("echo", echo)
	b.run(w)
	id := b.send("long", nil)
	b.until(id, "running")
	b.eventually("lease is held", func() bool { return w.Health().Held })
	b.cut("(listen)")
	b.eventually("loss is reported", func() bool { return strings.Contains(log.String(), "not listening") })
	if _, err := b.client.Await(t.Context(), b.send("echo", 1)); err != nil {
		t.Error(err)
	}
	b.eventually("worker listens again", func() bool { h := w.Health(); return h.Listening && h.Held })
	b.eventually("return is reported", func() bool { return strings.Contains(log.String(), "listening again") })
	if _, err := b.client.Await(t.Context(), b.send("echo", 2)); err != nil {
		t.Error(err)
	}
	// Long enough for a lease that looks dead to be expired, were it not held again.
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for range 35 {
		<-ticks.C
		b.Exec("select jobmachine.tick()")
	}
	close(finish)
	if a, err := b.client.Await(t.Context(), id); err != nil || string(a.Payload) != `"undisturbed"` || starts.Load() != 1 {
		t.Errorf("%s, %v, %d starts", a.Payload, err, starts.Load())
	}
}

func TestPollOnly(t *testing.T) {
	b := newBench(t)
	w, _ := b.work("echo", echo, func(cfg *worker.Config) { cfg.PollOnly, cfg.PollInterval = true, 20*time.Millisecond })
	for n := range 5 {
		if a, err := b.client.Await(t.Context(), b.send("echo", n)); err != nil || string(a.Payload) != fmt.Sprint(n) {
			t.Error(string(a.Payload), err)
		}
	}
	if h := w.Health(); h.Listening || h.Held {
		t.Errorf("%+v", h)
	}
	if n := pgtest.Get[int](b.DB, `select count(*) from pg_stat_activity
		where datname = current_database() and application_name like 'jobmachine worker %(listen)'`); n > 0 {
		t.Errorf("%d listening connections", n)
	}
}

func TestAListenURLThatDoesNotDeliver(t *testing.T) {
	b := newBench(t)
	p := newProxy(b)
	p.deaf.Store(true)
	var log logged
	w, _ := b.work("echo", echo, log.to, func(cfg *worker.Config) { cfg.ListenURL = p.url })
	b.eventually("it is said", func() bool { return strings.Contains(log.String(), "LISTEN does not deliver") })
	if _, err := b.client.Await(t.Context(), b.send("echo", 1)); err != nil {
		t.Error(err)
	}
	if h := w.Health(); h.Listening || h.Held {
		t.Errorf("%+v", h)
	}
}

func TestASilentlyCutListenerStillGetsJobs(t *testing.T) {
	b := newBench(t)
	p := newProxy(b)
	w, _ := b.work("echo", echo, func(cfg *worker.Config) { cfg.ListenURL, cfg.PollInterval = p.url, 500*time.Millisecond })
	b.eventually("it listens", func() bool { return w.Health().Listening })
	p.swallow.Store(true)
	for n := range 3 {
		b.until(b.send("echo", n), "completed")
	}
	b.eventually("it notices", func() bool { return !w.Health().Listening })
	p.cut()
	b.eventually("it listens again", func() bool { return w.Health().Listening })
}

func TestClaimWhoseAnswerIsLost(t *testing.T) {
	b := newBench(t)
	p := newProxy(b)
	var starts atomic.Int32
	gate := make(chan bool)
	w := b.worker(func(cfg *worker.Config) {
		cfg.DatabaseURL, cfg.PollOnly, cfg.PollInterval = p.url, true, 20*time.Millisecond
	})
	w.Handle("once", func(context.Context, *worker.Job) (any, error) { return starts.Add(1), nil })
	w.Handle("long", func(ctx context.Context, _ *worker.Job) (any, error) { <-gate; return "undisturbed", ctx.Err() })
	stop := b.run(w)
	long := b.send("long", nil)
	b.until(long, "running")
	trap := "once"
	p.trap.Store(&trap)
	id := b.send("once", nil)
	b.eventually("the answer is swallowed", p.swallow.Load)
	if job := b.status(id); job.State != "running" {
		t.Fatal(job.State)
	}
	p.cut()
	if _, err := b.client.Await(t.Context(), id); err != nil {
		t.Error(err)
	}
	if job := b.status(id); starts.Load() != 1 || job.Attempt != 1 {
		t.Errorf("%d starts, attempt %d", starts.Load(), job.Attempt)
	}
	close(gate)
	if a, err := b.client.Await(t.Context(), long); err != nil || string(a.Payload) != `"undisturbed"` {
		t.Errorf("a job that ran meanwhile: %s, %v", a.Payload, err)
	}
	stop()
}

// The server goes on with a claim whose connection is gone, and may commit it when the worker has long
// looked for what it missed.
func TestClaimThatCommitsLate(t *testing.T) {
	b := newBench(t)
	p := newProxy(b)
	b.Exec(`create function late() returns trigger language plpgsql as $$
		begin
		  perform pg_catalog.pg_advisory_xact_lock_shared(4711);
		  return null;
		end $$;
		create trigger late before insert on jobmachine.running for each statement execute function late()`)
	holder, err := b.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Release()
	if _, err := holder.Exec(t.Context(), "select pg_advisory_lock(4711)"); err != nil {
		t.Fatal(err)
	}
	var starts atomic.Int32
	w, _ := b.work("once", func(context.Context, *worker.Job) (any, error) { return starts.Add(1), nil }, func(cfg *worker.Config) {
		cfg.DatabaseURL, cfg.PollOnly, cfg.PollInterval, cfg.LeaseTTL = p.url, true, 20*time.Millisecond, 3*time.Second
	})
	id := b.send("once", nil)
	b.Eventually("select exists (select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted)")
	cut := time.Now()
	p.down.Store(true) // also to the request that cancels the claim
	p.cut()
	b.eventually("the worker comes back", func() bool { return p.refused.Load() > 3 })
	p.down.Store(false)
	b.eventually("the worker claims again", func() bool { return w.Health().LastClaim.After(cut) })
	if job := b.status(id); job.State != "pending" {
		t.Fatal(job.State)
	}
	if _, err := holder.Exec(t.Context(), "select pg_advisory_unlock(4711)"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.client.Await(t.Context(), id); err != nil {
		t.Error(err)
	}
	if job := b.status(id); starts.Load() != 1 || job.Attempt != 1 {
		t.Errorf("%d starts, attempt %d", starts.Load(), job.Attempt)
	}
}

func TestOutcomesSurviveAnOutage(t *testing.T) {
	b := newBench(t)
	p := newProxy(b)
	gate := make(chan bool)
	var runs sync.Map
	w, _ := b.work("long", func(_ context.Context, job *worker.Job) (any, error) {
		<-gate
		n, _ := runs.LoadOrStore(job.ID, new(atomic.Int32))
		n.(*atomic.Int32).Add(1)
		return job.ID, nil
	}, func(cfg *worker.Config) {
		cfg.DatabaseURL = p.url + "&default_query_exec_mode=exec" // nothing is prepared, or the answer to that could be lost
		cfg.PollOnly, cfg.Concurrency = true, 50
	})
	first := b.send("long", 0)
	gate <- true
	b.until(first, "completed") // the connection for outcomes is open
	b.eventually("its answer has come", func() bool { return w.Health().Unsettled == 0 })
	ids := make([]int64, 50)
	for i := range ids {
		ids[i] = b.send("long", i)
	}
	for _, id := range ids {
		b.until(id, "running")
	}
	// The first outcome arrives, and the answer that it did is lost. Then nobody gets through for a while.
	p.swallow.Store(true)
	gate <- true
	b.Eventually("select count(*) = 2 from jobmachine.jobs where state = 'completed'")
	p.down.Store(true)
	p.cut()
	close(gate)
	b.eventually("the outcomes do not get through", func() bool { return w.Health().Unsettled == 50 && p.refused.Load() > 3 })
	p.down.Store(false)
	for _, id := range ids {
		if a, err := b.client.Await(t.Context(), id); err != nil || string(a.Payload) != fmt.Sprint(id) {
			t.Error(string(a.Payload), err)
		}
		if n, _ := runs.Load(id); n.(*atomic.Int32).Load() != 1 {
			t.Errorf("job %d ran %d times", id, n.(*atomic.Int32).Load())
		}
	}
}

func TestBackendsThatAreTerminatedUnderLoad(t *testing.T) {
	b := newBench(t)
	var log logged
	b.work("echo", echo, log.to, func(cfg *worker.Config) { cfg.Concurrency = 20 })
	b.Exec("select jobmachine.send_many('echo', array(select to_jsonb(n) from generate_series(1, 5000) n))")
	for range 10 {
		b.cut("%")
	}
	b.Eventually("select not exists (select from jobmachine.jobs where state <> 'completed')")
}

// TestMain lets the test binary be a worker process.
func TestMain(m *testing.M) {
	if url := os.Getenv("JOBMACHINE_TEST_WORKER"); url != "" {
		cfg := worker.Config{DatabaseURL: url, Name: "victim"}
		patient(&cfg)
		w, err := worker.New(cfg)
		if err != nil {
			panic(err)
		}
		w.Handle("long", func(ctx context.Context, _ *worker.Job) (any, error) {
			fmt.Println("started")
			<-ctx.Done()
			return nil, ctx.Err()
		})
		if err := w.Run(context.Background()); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// patient gives leases so much time that only the end of their session ends them.
func patient(cfg *worker.Config) { cfg.Concurrency, cfg.LeaseTTL = 20, 24*time.Hour }

func TestKill9(t *testing.T) {
	b := newBench(t)
	b.settledServer()
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), "JOBMACHINE_TEST_WORKER="+b.URL)
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	defer victim.Process.Kill()
	ids := make([]int64, 20)
	for i := range ids {
		ids[i] = b.send("long", i)
	}
	lines := bufio.NewScanner(out)
	for range ids {
		if !lines.Scan() {
			t.Fatal("the victim does not start its jobs")
		}
	}
	b.Eventually("select exists (select from jobmachine.workers where held_at is not null)")
	again := make(chan int64, len(ids))
	w, _ := b.work("long", func(_ context.Context, job *worker.Job) (any, error) {
		again <- job.ID
		return nil, nil
	}, patient)
	b.eventually("the other worker is up", func() bool { return w.Health().Held })
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	victim.Wait()
	for range ids {
		pgtest.Receive(b, again)
	}
	for _, id := range ids {
		if a, err := b.client.Await(t.Context(), id); err != nil || a.State != "completed" {
			t.Error(a, err)
		}
	}
}
