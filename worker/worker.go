package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/listen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

const (
	batchSize  = 1000             // outcomes in one call at most
	stopGrace  = 2 * time.Second  // for handlers whose ctx was cancelled: with StopTimeout within the 30 s that container runtimes give
	flushGrace = 10 * time.Second // for the last outcomes, if the database is slow or away
)

// What Run and Drain return, for errors.Is.
var (
	ErrInvalid = pg.ErrInvalid // a queue name, a handler or a setting that cannot be
	ErrVersion = pg.ErrVersion // the schema is older than this program, of another major version, or not there
)

// Config says where and how to work. The zero value uses $DATABASE_URL or the PG* variables.
type Config struct {
	Pool         *pgxpool.Pool // the handlers' pool: the worker takes its settings, and its connections for interim replies only
	DatabaseURL  string        // without a Pool; default $DATABASE_URL, then the PG* variables
	ListenURL    string        // direct connection for LISTEN when the database is reached through a pooler
	Schema       string        // where jobmachine is installed; default jobmachine
	Name         string        // shown in jobmachine.workers; default host:pid
	Concurrency  int           // handlers at once in this process; default 10
	LeaseTTL     time.Duration // how long the jobs of a silent worker stay its own; default 30 s, renewed every third of it
	PollInterval time.Duration // between looks for jobs that no notification told of; default 10 s, 1 s when PollOnly
	PollOnly     bool          // no LISTEN at all
	StopTimeout  time.Duration // how long handlers may go on when Run is to end; default 25 s, negative: not at all
	Logger       *slog.Logger  // default slog.Default()

	// OnStart is called once before the first job. What it returns is the parent of every handler's
	// ctx; it does not end when the ctx of Run does.
	OnStart func(ctx context.Context) (context.Context, error)
}

// withDefaults fills what is zero and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.PollOnly {
		c.PollInterval = cmp.Or(c.PollInterval, time.Second)
	}
	host, _ := os.Hostname()
	c.DatabaseURL = cmp.Or(c.DatabaseURL, os.Getenv("DATABASE_URL"))
	c.Schema = cmp.Or(c.Schema, schema.Default)
	c.Name = cmp.Or(c.Name, fmt.Sprintf("%s:%d", host, os.Getpid()))
	c.Concurrency = cmp.Or(c.Concurrency, 10)
	c.LeaseTTL = cmp.Or(c.LeaseTTL, 30*time.Second)
	c.PollInterval = cmp.Or(c.PollInterval, 10*time.Second)
	c.StopTimeout = cmp.Or(c.StopTimeout, 25*time.Second)
	c.Logger = cmp.Or(c.Logger, slog.Default()).With("worker", c.Name)
	if c.Concurrency < 0 || c.LeaseTTL < time.Second || c.PollInterval < 0 {
		return c, fmt.Errorf("%w: Concurrency %d, LeaseTTL %v (at least 1s) or PollInterval %v is out of range", ErrInvalid, c.Concurrency, c.LeaseTTL, c.PollInterval)
	}
	return c, schema.Check(c.Schema)
}

// Worker runs the jobs of the queues it handles. Make one with New, register handlers, call Run.
type Worker struct {
	cfg      Config
	handlers []*registration
	queues   []string        // of the handlers
	base     context.Context // parent of every handler's ctx

	// Connections of the worker's own: handlers can never starve it.
	claims, settles *pg.Session
	listener        *listen.Listener // down when PollOnly

	wake             pg.Bell // there may be something to claim
	freed            pg.Bell // a slot became free, or outcomes were settled
	ended            pg.Bell // there are outcomes to settle
	beat             pg.Bell // renew now
	claimed, settled pg.Pace // of the loop, and of the settler

	lease    atomic.Int64             // the right to run jobs; 0: none
	held     atomic.Bool              // it is tied to the listening session
	unsure   atomic.Bool              // the answer of a claim may have been lost
	clock    atomic.Pointer[pg.Clock] // of the last renewal
	asleep   atomic.Int64             // the time until which senders ring, as park said; 0: they do not
	troubles pg.Troubles              // with the database

	mu        sync.Mutex
	todo      []*run         // claimed, the handler not started yet
	coming    bool           // a goroutine is on its way to them
	runs      map[int64]*run // handlers at work, by job id
	running   int            // handlers at work; more than runs if one goes on after its job was started anew
	outcomes  []*run         // ended and not settled
	lastClaim time.Time
}

// New makes a worker. It does not connect yet.
func New(cfg Config) (*Worker, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	main, err := pg.NewDialer(cfg.Pool, cfg.DatabaseURL)
	direct := main
	if err == nil && cfg.ListenURL != "" {
		direct, err = pg.NewDialer(nil, cfg.ListenURL)
	}
	if err != nil {
		return nil, fmt.Errorf("jobmachine: DatabaseURL or ListenURL: %w", err)
	}
	name, pooled := "jobmachine worker "+cfg.Name, cfg.PollOnly || !main.Same(direct)
	w := &Worker{
		cfg: cfg, runs: map[int64]*run{},
		wake: make(pg.Bell, 1), freed: make(pg.Bell, 1), ended: make(pg.Bell, 1), beat: make(pg.Bell, 1),
		// A claim that a crash undoes is a pending job again, and the housekeeper does it again.
		claims:  &pg.Session{Schema: cfg.Schema, Dialer: main.With(name, pooled, true)},
		settles: &pg.Session{Schema: cfg.Schema, Dialer: main.With(name, pooled, false)},
	}
	direct = direct.With(name+" (listen)", false, true)
	w.listener = &listen.Listener{Dialer: direct, Schema: cfg.Schema, Log: cfg.Logger, OnNotify: w.onNotify, OnChange: w.onChange}
	return w, nil
}

// Run works until ctx ends, then stops in two phases (see StopTimeout). It returns an error only at
// the start: nothing to handle, a wrong database, password, schema version or queue name.
func (w *Worker) Run(ctx context.Context) error { return w.work(ctx, false) }

// Drain works until nothing is left to be claimed and every handler has returned.
func (w *Worker) Drain(ctx context.Context) error { return w.work(ctx, true) }

func (w *Worker) work(ctx context.Context, drain bool) (err error) {
	if err := w.prepare(); err != nil {
		return err
	}
	if w.base = context.WithoutCancel(ctx); w.cfg.OnStart != nil {
		if w.base, err = w.cfg.OnStart(w.base); err != nil {
			return fmt.Errorf("jobmachine: OnStart: %w", err)
		}
	}
	defer w.claims.Close()
	defer w.settles.Close()
	// The worker's own calls outlive ctx: what it has begun it ends.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer end()
	helpers.Go(func() { w.settler(life) })
	helpers.Go(func() { w.heart(life) })
	helpers.Go(func() { w.ticker(life) })
	if !w.cfg.PollOnly {
		helpers.Go(func() { w.listener.Run(life) })
	}
	w.cfg.Logger.Info("working", "queues", w.queues, "concurrency", w.cfg.Concurrency)
	err = w.loop(ctx, life, drain)
	w.stop(life)
	w.cfg.Logger.Info("stopped")
	return err
}

// stop ends in two phases: handlers may finish, then they are cancelled. What is left is released.
func (w *Worker) stop(life context.Context) {
	running := func(h Health) bool { return h.Running > 0 }
	if w.still(running, w.cfg.StopTimeout) {
		w.cfg.Logger.Info("cancelling the handlers that are still running")
		w.cancelAll(ErrStopped)
	}
	if w.still(running, stopGrace) {
		w.cfg.Logger.Warn("some handlers do not end, their jobs are released")
	}
	if w.still(func(h Health) bool { return h.Unsettled > 0 }, flushGrace) {
		w.cfg.Logger.Error("some outcomes could not be delivered, their jobs will run again")
	}
	lease := w.lease.Swap(0) // before it is closed, or a renewal under way would find it gone and say so
	released, err := pg.Ask(life, w.claims.Or(w.settles), func(ctx context.Context, q *gen.Queries) (int64, error) { return q.CloseLease(ctx, lease) })
	if err != nil || released > 0 {
		w.cfg.Logger.Warn("what was left runs elsewhere", "lease", lease, "released", released, "error", err)
	}
}

// still waits as long as busy says so, at most d, and reports whether it still does.
func (w *Worker) still(busy func(Health) bool, d time.Duration) bool {
	end := time.Now().Add(d)
	for busy(w.Health()) && time.Now().Before(end) {
		w.freed.Wait(context.Background(), time.Until(end))
	}
	return busy(w.Health())
}

// cancelAll ends the ctx of every handler.
func (w *Worker) cancelAll(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.runs {
		r.cancel(cause)
	}
}

// trouble wraps an error, and logs it if it is new.
func (w *Worker) trouble(op string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, listen.ErrDown) {
		return err
	}
	err = pg.Wrap(op, err)
	w.troubles.Tell(w.cfg.Logger, "trying again: "+op, "works again: "+op, err)
	return err
}

// Health is what a probe wants to know.
type Health struct {
	Listening bool          // notifications arrive; never when PollOnly
	Held      bool          // the lease is tied to the listening connection
	LastClaim time.Time     // when the database last answered a claim, empty or not
	LeaseAge  time.Duration // since the lease was opened or renewed; 0: there is none
	Running   int           // handlers at work
	Unsettled int           // outcomes that are not delivered yet
}

// Health returns the state of the worker.
func (w *Worker) Health() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := Health{Listening: w.listener.Up(), Held: w.held.Load(), LastClaim: w.lastClaim, Running: w.running, Unsettled: len(w.outcomes)}
	if w.lease.Load() != 0 {
		h.LeaseAge = time.Since(w.clock.Load().Local)
	}
	return h
}
