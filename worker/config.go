package worker

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/internal/schema"
)

// Config says where and how to work. The zero value works on the database of $DATABASE_URL or the
// PG* variables.
type Config struct {
	// Pool is the handlers' pool. The worker takes its settings, and its connections for interim
	// replies only.
	Pool *pgxpool.Pool
	// DatabaseURL is used when there is no Pool; default $DATABASE_URL, then the PG* variables.
	DatabaseURL string
	// ListenURL is a direct connection for LISTEN when the database is reached through a pooler.
	// With it the other connections keep no session state. Default: the same as the others.
	ListenURL string
	// Schema is where jobmachine is installed; default jobmachine.
	Schema string
	// Name is shown in jobmachine.workers; default host:pid.
	Name string
	// Concurrency is how many handlers run at once in this process; default 10.
	Concurrency int
	// LeaseTTL is how long the jobs of a silent worker stay its own; default 30 s. It is renewed
	// every third of it.
	LeaseTTL time.Duration
	// PollInterval is the pace of looking for jobs that no notification told of: default 10 s, and
	// 1 s when PollOnly.
	PollInterval time.Duration
	// PollOnly works without LISTEN.
	PollOnly bool
	// StopTimeout is how long handlers may go on after the ctx of Run has ended, before their own
	// ctx is cancelled; default 25 s, negative: none.
	StopTimeout time.Duration
	// Logger gets what an operator should know; default slog.Default().
	Logger *slog.Logger
	// OnStart is called once before the first job. What it returns is the parent of every handler's
	// ctx; it does not end when the ctx of Run does.
	OnStart func(ctx context.Context) (context.Context, error)
}

// withDefaults fills what is zero and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.DatabaseURL == "" {
		c.DatabaseURL = os.Getenv("DATABASE_URL")
	}
	if c.Schema == "" {
		c.Schema = "jobmachine"
	}
	if c.Name == "" {
		host, _ := os.Hostname()
		c.Name = fmt.Sprintf("%s:%d", host, os.Getpid())
	}
	if c.Concurrency == 0 {
		c.Concurrency = 10
	}
	if c.LeaseTTL == 0 {
		c.LeaseTTL = 30 * time.Second
	}
	if c.PollInterval == 0 {
		c.PollInterval = 10 * time.Second
		if c.PollOnly {
			c.PollInterval = time.Second
		}
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = 25 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.OnStart == nil {
		c.OnStart = func(ctx context.Context) (context.Context, error) { return ctx, nil }
	}
	switch {
	case c.Concurrency < 0:
		return c, fmt.Errorf("jobmachine: Concurrency is %d", c.Concurrency)
	case c.LeaseTTL < time.Second:
		return c, fmt.Errorf("jobmachine: LeaseTTL is %v, at least 1s is needed", c.LeaseTTL)
	case c.PollInterval < 0:
		return c, fmt.Errorf("jobmachine: PollInterval is %v", c.PollInterval)
	}
	return c, schema.Check(c.Schema)
}
