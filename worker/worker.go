package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/listen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// Worker runs the jobs of the queues it handles. Make one with New, register handlers, call Run.
type Worker struct {
	cfg      Config
	log      *slog.Logger
	handlers map[string]*registration
	queues   []string        // as registered
	patterns []*registration // longest first
	base     context.Context // parent of every handler's ctx

	// Connections of the worker's own. The listener is nil when PollOnly; replies are given through
	// the handlers' pool if there is one.
	claims, settles, replies *session
	listener                 *listen.Listener

	wake  signal // there may be something to claim
	freed signal // a slot became free, or an outcome was settled
	ended signal // there are outcomes to settle
	beat  signal // renew now
	sweep signal // tick now

	mu        sync.Mutex
	runs      map[int64]*run // by job id
	running   int            // handlers that have not returned
	outcomes  []outcome      // to be settled
	settling  int            // being settled
	leases    map[int64]*lease
	current   *lease // the one for new claims
	session   int    // counts listening connections
	parked    bool
	parking   complaint // the loop's
	lastClaim time.Time
}

// New makes a worker. It does not connect yet.
func New(cfg Config) (*Worker, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	w := &Worker{
		cfg: cfg, log: cfg.Logger.With("worker", cfg.Name),
		handlers: map[string]*registration{}, runs: map[int64]*run{}, leases: map[int64]*lease{},
		wake: newSignal(), freed: newSignal(), ended: newSignal(), beat: newSignal(), sweep: newSignal(),
	}
	var main *pg.Dialer
	if cfg.Pool != nil {
		main = pg.FromPool(cfg.Pool)
	} else if main, err = pg.FromURL(cfg.DatabaseURL); err != nil {
		return nil, fmt.Errorf("jobmachine: %w", err)
	}
	direct := main
	if cfg.ListenURL != "" {
		if direct, err = pg.FromURL(cfg.ListenURL); err != nil {
			return nil, fmt.Errorf("jobmachine: ListenURL: %w", err)
		}
	}
	pooled := cfg.PollOnly || !main.Same(direct)
	name := "jobmachine worker " + cfg.Name
	w.claims = &session{schema: cfg.Schema, dialer: main.With(name, pooled, map[string]string{
		"default_transaction_isolation": "read committed",
		"synchronous_commit":            "off", // a claim that a crash undoes is a pending job again
	})}
	settings := map[string]string{"default_transaction_isolation": "read committed"}
	w.settles = &session{schema: cfg.Schema, dialer: main.With(name, pooled, settings)}
	w.replies = &session{schema: cfg.Schema, dialer: main.With(name, pooled, settings)}
	if !cfg.PollOnly {
		w.listener = &listen.Listener{
			Dialer: direct.With(name+" (listen)", false, settings), Schema: cfg.Schema, Log: w.log, Idle: cfg.PollInterval,
			OnChange: w.onChange, OnNotify: w.onNotify,
		}
	}
	return w, nil
}

// Run works until ctx ends, then stops in two phases (see StopTimeout). It returns an error only at
// the start: nothing to handle, a wrong database, password or schema version.
func (w *Worker) Run(ctx context.Context) error { return w.work(ctx, false) }

// Drain works until nothing is left to be claimed and every handler has returned.
func (w *Worker) Drain(ctx context.Context) error { return w.work(ctx, true) }

func (w *Worker) work(ctx context.Context, drain bool) error {
	if err := w.prepare(); err != nil {
		return err
	}
	// The worker's own calls outlive ctx: what it has begun it ends.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer w.closeConnections()
	if err := w.connect(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil
	}
	base, err := w.cfg.OnStart(context.WithoutCancel(ctx))
	if err != nil {
		return fmt.Errorf("jobmachine: OnStart: %w", err)
	}
	w.base = base
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer end()
	helpers.Go(func() { w.settler(life) })
	helpers.Go(func() { w.heart(life) })
	helpers.Go(func() { w.ticker(life) })
	if w.listener != nil {
		helpers.Go(func() { w.listener.Run(life) })
	}
	w.log.Info("working", "queues", w.queues, "concurrency", w.cfg.Concurrency)
	w.loop(ctx, life, drain)
	w.stop(life)
	w.log.Info("stopped")
	return nil
}

// connect verifies the schema. It waits for a database that is away, but not for one that refuses.
func (w *Worker) connect(ctx context.Context) error {
	var backoff pg.Backoff
	var complaint complaint
	for ctx.Err() == nil {
		err := w.claims.do(ctx, func(ctx context.Context, q *gen.Queries) error { return verify(ctx, q) })
		if code := pg.Code(err); err == nil || isVersion(err) || code == "3D000" || code == "42501" || (code != "" && code[:2] == "28") {
			return err
		}
		complaint.warn(w.log, "connect", err)
		backoff.Sleep(ctx)
	}
	return nil
}

// own runs fn on whichever of the two working connections is free first.
func (w *Worker) own(ctx context.Context, fn query) error {
	if w.claims.mu.TryLock() {
		defer w.claims.mu.Unlock()
		return w.claims.run(ctx, fn)
	}
	return w.settles.do(ctx, fn)
}

func (w *Worker) closeConnections() {
	for _, s := range []*session{w.claims, w.settles, w.replies} {
		s.close()
	}
}
