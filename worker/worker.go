package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

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

	// Connections of the worker's own: handlers can never starve it.
	claims, settles *pg.Session
	listener        *listen.Listener // nil when PollOnly

	wake  signal // there may be something to claim
	freed signal // a slot became free, or outcomes were settled
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
	parked    bool   // senders notify
	lastClaim time.Time

	sleepUntil time.Time         // park has said that whatever comes until then rings
	said       map[string]string // what goes wrong, by operation
}

// New makes a worker. It does not connect yet.
func New(cfg Config) (*Worker, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	var main *pg.Dialer
	if cfg.Pool != nil {
		main = pg.FromPool(cfg.Pool)
	} else if main, err = pg.FromURL(cfg.DatabaseURL); err != nil {
		return nil, fmt.Errorf("jobmachine: DatabaseURL: %w", err)
	}
	direct := main
	if cfg.ListenURL != "" {
		if direct, err = pg.FromURL(cfg.ListenURL); err != nil {
			return nil, fmt.Errorf("jobmachine: ListenURL: %w", err)
		}
	}
	w := &Worker{
		cfg: cfg, log: cfg.Logger, handlers: map[string]*registration{}, said: map[string]string{},
		runs: map[int64]*run{}, leases: map[int64]*lease{},
		wake: newSignal(), freed: newSignal(), ended: newSignal(), beat: newSignal(), sweep: newSignal(),
	}
	name := "jobmachine worker " + cfg.Name
	pooled := cfg.PollOnly || !main.Same(direct)
	durable := map[string]string{"default_transaction_isolation": "read committed"}
	// A claim that a crash undoes is a pending job again, and the housekeeper does it again.
	quick := map[string]string{"default_transaction_isolation": "read committed", "synchronous_commit": "off"}
	w.settles = &pg.Session{Schema: cfg.Schema, Dialer: main.With(name, pooled, durable)}
	w.claims = &pg.Session{Schema: cfg.Schema, Dialer: main.With(name, pooled, quick)}
	if !cfg.PollOnly {
		w.listener = &listen.Listener{
			Dialer: direct.With(name+" (listen)", false, quick), Schema: cfg.Schema, Log: w.log, Idle: cfg.PollInterval,
			OnChange: w.onChange, OnNotify: w.onNotify,
		}
	}
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
	defer w.claims.Close()
	defer w.settles.Close()
	if err := w.connect(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	if w.base, err = w.cfg.OnStart(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("jobmachine: OnStart: %w", err)
	}
	// The worker's own calls outlive ctx: what it has begun it ends.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
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
	err = w.loop(ctx, life, drain)
	w.stop(life)
	w.log.Info("stopped")
	return err
}

// connect verifies the schema. It waits for a database that is away, but not for one that refuses.
func (w *Worker) connect(ctx context.Context) error {
	var backoff pg.Backoff
	for ctx.Err() == nil {
		err := w.claims.Do(ctx, pg.Verify)
		code := pg.Code(err)
		if errors.Is(err, ErrVersion) || code == "3D000" || code == "42501" || strings.HasPrefix(code, "28") {
			return pg.Wrap("connect", err)
		}
		if w.trouble("connect", err) == nil {
			return nil
		}
		backoff.Sleep(ctx)
	}
	return nil
}

// trouble wraps an error. It logs what goes on going wrong once, and that it is over.
func (w *Worker) trouble(op string, err error) error {
	text := ""
	if err != nil && pg.Code(err) != "JM004" {
		text = err.Error()
	}
	w.mu.Lock()
	was := w.said[op]
	w.said[op] = text
	w.mu.Unlock()
	if text != "" && text != was {
		w.log.Warn("trying again: "+op, "error", err)
	} else if text == "" && was != "" {
		w.log.Info("works again: " + op)
	}
	return pg.Wrap(op, err)
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
	h := Health{Listening: w.listener != nil && w.listener.Up(), LastClaim: w.lastClaim, Running: w.running, Unsettled: len(w.outcomes) + w.settling}
	if w.current != nil {
		h.Held, h.LeaseAge = w.current.held, time.Since(w.current.clock.Load().local)
	}
	return h
}
