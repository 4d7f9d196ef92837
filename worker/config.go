package worker

import (
	"cmp"
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
	poll := 10 * time.Second
	if c.PollOnly {
		poll = time.Second
	}
	host, _ := os.Hostname()
	c.DatabaseURL = cmp.Or(c.DatabaseURL, os.Getenv("DATABASE_URL"))
	c.Schema = cmp.Or(c.Schema, schema.Default)
	c.Name = cmp.Or(c.Name, fmt.Sprintf("%s:%d", host, os.Getpid()))
	c.Concurrency = cmp.Or(c.Concurrency, 10)
	c.LeaseTTL = cmp.Or(c.LeaseTTL, 30*time.Second)
	c.PollInterval = cmp.Or(c.PollInterval, poll)
	c.StopTimeout = cmp.Or(c.StopTimeout, 25*time.Second)
	c.Logger = cmp.Or(c.Logger, slog.Default()).With("worker", c.Name)
	if c.OnStart == nil {
		c.OnStart = func(ctx context.Context) (context.Context, error) { return ctx, nil }
	}
	if c.Concurrency < 0 || c.LeaseTTL < time.Second || c.PollInterval < 0 {
		return c, fmt.Errorf("jobmachine: Concurrency %d, LeaseTTL %v (at least 1s) or PollInterval %v is out of range", c.Concurrency, c.LeaseTTL, c.PollInterval)
	}
	return c, schema.Check(c.Schema)
}
