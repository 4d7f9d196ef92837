package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"

	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/worker"
)

// hands are the handlers of a worker process.
type hands struct {
	spec
	ledger *ledger
	pool   *pgxpool.Pool
}

// work is a worker process, with nothing of its own but what its handlers note.
func work(ctx context.Context, s spec) error {
	l, err := openLedger(s.Ledger)
	if err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(s.URL)
	if err != nil {
		return err
	}
	if config.MaxConns = int32(s.Connections); s.Connections == 0 {
		config.MaxConns = int32(s.Concurrency)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	c := worker.Config{
		Pool: pool, ListenURL: s.ListenURL, Name: s.Name, Concurrency: s.Concurrency, LeaseTTL: s.LeaseTTL,
		StopTimeout: s.StopTimeout, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	if s.Mutant == mutantNoPoll {
		c.PollInterval = time.Hour
	}
	if s.Untold {
		c.Pool, c.DatabaseURL = nil, strings.TrimSuffix(s.URL, poolerMode)
	}
	w, err := worker.New(c)
	if err != nil {
		return err
	}
	h := &hands{spec: s, ledger: l, pool: pool}
	w.Handle("work", h.handle)
	w.Handle("call", h.handle)
	return w.Run(ctx)
}

// handle does one job, and notes when it begins and how it ends.
func (h *hands) handle(ctx context.Context, job *worker.Job) (any, error) {
	var t task
	if err := job.Bind(&t); err != nil {
		return nil, err
	}
	note := entry{What: started, Token: t.Token, Job: job.ID, Attempt: job.Attempt, Receipt: job.Receipt, Lease: job.LeaseID, Pid: os.Getpid(), Do: t.Do}
	h.ledger.append(note)
	note.What, note.How = ended, failed
	defer func() { h.ledger.append(note) }() // also after a panic

	reply := answer{Token: t.Token, Receipt: job.Receipt}
	err := h.do(ctx, t, job)
	if err == nil && (t.Do == "reply" || t.Do == "call") {
		note.How = returned
		return reply, nil
	}
	if err == nil {
		note.How, err = h.commit(ctx, job, reply)
	}
	if err != nil {
		note.Text = err.Error()
		leave(h.pool, err)
	}
	switch cause := context.Cause(ctx); {
	case err == nil:
	case errors.Is(cause, worker.ErrLeaseLost):
		note.How = givenUp
	case errors.Is(cause, worker.ErrStopped):
		note.How = stopped
	case errors.Is(cause, worker.ErrTimeout):
		note.How = timedOut
	}
	return nil, err
}

// do is the work.
func (h *hands) do(ctx context.Context, t task, job *worker.Job) error {
	switch t.Do {
	case "call":
		if err := job.Reply(ctx, answer{Token: t.Token, Receipt: job.Receipt}); err != nil {
			return err
		}
	case "fail":
		if job.Attempt == 1 {
			return errors.New("as it was told to")
		}
	case "panic":
		panic("as it was told to")
	case "exit":
		os.Exit(3)
	case "segfault":
		must(unix.Kill(os.Getpid(), unix.SIGSEGV))
	case "memory":
		eat()
	case "burn":
		for end := time.Now().Add(t.Takes); time.Now().Before(end); {
			math.Sqrt(2)
		}
		return nil
	case "hold":
		_, err := h.pool.Exec(ctx, "select pg_sleep($1)", t.Takes.Seconds())
		return err
	}
	select {
	case <-time.After(t.Takes):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// eat allocates until there is no more; then the runtime ends the process.
func eat() {
	var usage unix.Sysinfo_t
	must(unix.Sysinfo(&usage))
	limit := uint64(3 << 30) // what a Go process reserves at its start, and a little
	must(unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: limit, Max: limit}))
	for hoard := [][]byte{}; ; hoard = append(hoard, make([]byte, 64<<20)) {
	}
}

// commit completes the job together with its effect.
func (h *hands) commit(ctx context.Context, job *worker.Job, reply any) (how string, err error) {
	if h.Mutant == mutantTwoTransactions {
		if _, err := h.pool.Exec(ctx, "insert into effect values ($1, $2)", job.ID, job.Receipt); err != nil {
			return judgeEffect(err), err
		}
	}
	tx, err := h.pool.Begin(ctx)
	if err != nil {
		return failed, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := job.CompleteTx(ctx, tx, reply); errors.Is(err, worker.ErrLeaseLost) {
		return givenUp, err
	} else if err != nil {
		return failed, err
	}
	if h.Mutant != mutantTwoTransactions {
		if _, err := tx.Exec(ctx, "insert into effect values ($1, $2)", job.ID, job.Receipt); err != nil {
			return judgeEffect(err), err
		}
	}
	if err := tx.Commit(ctx); certain(err) {
		return failed, err
	} else if err != nil {
		return unknown, err
	}
	return committed, nil
}

// judgeEffect: the completion has let this run through, so nobody can have been here before.
func judgeEffect(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == "23505" {
		return twice
	}
	return failed
}

// certain reports whether the server has said that nothing was done.
func certain(err error) bool { return errors.Is(err, pgx.ErrTxCommitRollback) || pg.RolledBack(err) }

// leave gives up connections to a server that is the primary no more, as an application has to do with
// a pool of its own.
func leave(pool *pgxpool.Pool, err error) {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == "25006" {
		pool.Reset()
	}
}

var errRole = errors.New("no such role")

// play is a process that is not the one that runs the scenarios. Its ctx ends by SIGTERM: from here on
// it can be told to end, which it says by closing its output.
func play(ctx context.Context, s spec) error {
	if s.Role == "command" { // whose output is the reply
		return obey(ctx, s)
	}
	if err := os.Stdout.Close(); err != nil {
		return err
	}
	switch s.Role {
	case "worker":
		return work(ctx, s)
	case "producer":
		return produce(ctx, s)
	case "caller":
		return call(ctx, s)
	case "plain worker":
		return workPlainly(ctx, s)
	case "zombie":
		return haunt(ctx, s)
	}
	return fmt.Errorf("%w: %q", errRole, s.Role)
}
