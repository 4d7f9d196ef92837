package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/listen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

// DBTX is a *pgxpool.Pool, a *pgx.Conn or a pgx.Tx.
type DBTX = gen.DBTX

// Config of a Client. The zero value is fine.
type Config struct {
	Queue     string       // where Send puts jobs when no queue is named
	Schema    string       // where jobmachine is installed; default jobmachine
	ListenURL string       // direct connection for LISTEN; Open takes its url, New polls without it
	Logger    *slog.Logger // default slog.Default()
}

// Client sends jobs and waits for answers. It may be used by many goroutines at once if its database
// handle may: a pool, not a connection or a transaction.
type Client struct {
	cfg  Config
	q    *gen.Queries
	pool *pgxpool.Pool // of Open

	listener *listen.Listener // nil: polling
	start    sync.Once
	stop     context.CancelFunc
	stopped  sync.WaitGroup

	mu      sync.Mutex
	bells   [buckets]bell
	session int // counts listening connections
}

// Open makes a client with a pool of its own. It connects when first used.
func Open(ctx context.Context, url string, cfg Config) (*Client, error) {
	if cfg.ListenURL == "" {
		cfg.ListenURL = url
	}
	pool, err := pg.NewPool(ctx, url, cfg.ListenURL)
	if err != nil {
		return nil, fmt.Errorf("jobmachine: %w", err)
	}
	c, err := New(pool, cfg)
	if err != nil {
		pool.Close()
		return nil, err
	}
	c.pool = pool
	return c, nil
}

// New makes a client that uses db.
func New(db DBTX, cfg Config) (*Client, error) {
	cfg.Schema = cmp.Or(cfg.Schema, schema.Default)
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	if err := schema.Check(cfg.Schema); err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, q: gen.New(schema.DB(db, cfg.Schema))}
	if cfg.ListenURL == "" {
		return c, nil
	}
	dialer, err := pg.FromURL(cfg.ListenURL)
	if err != nil {
		return nil, fmt.Errorf("jobmachine: ListenURL: %w", err)
	}
	c.listener = &listen.Listener{
		Dialer: dialer.With("jobmachine client (listen)", false, map[string]string{"default_transaction_isolation": "read committed"}),
		Schema: cfg.Schema, Log: cfg.Logger, Idle: 10 * time.Second, OnNotify: c.onNotify, OnChange: c.onChange,
	}
	return c, nil
}

// Close ends the LISTEN connection and the pool of Open.
func (c *Client) Close() {
	c.start.Do(func() {})
	if c.stop != nil {
		c.stop()
		c.stopped.Wait()
	}
	if c.pool != nil {
		c.pool.Close()
	}
}

// Answer is what a worker said to a job.
type Answer struct {
	JobID     int64
	Seq       int32  // counts from 1
	State     string // running: an interim answer; completed, failed or cancelled: the last one
	Payload   json.RawMessage
	Error     string
	CreatedAt time.Time
}

func answer(a gen.Answer) Answer {
	r := Answer{JobID: a.JobID, Seq: a.Seq, State: a.State, Payload: a.Payload, CreatedAt: a.CreatedAt}
	if a.Error != nil {
		r.Error = *a.Error
	}
	return r
}

// Receive returns the latest answer that is there now, ErrNoAnswer if there is none yet.
func (c *Client) Receive(ctx context.Context, id int64) (Answer, error) {
	a, err := c.q.Receive(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		if _, err = c.Status(ctx, id); err == nil {
			err = ErrNoAnswer
		}
		return Answer{}, err
	}
	return answer(a), pg.Wrap("receive", err)
}

// Status tells where a job is.
func (c *Client) Status(ctx context.Context, id int64) (gen.Job, error) {
	job, err := c.q.Status(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return job, fmt.Errorf("%w: %d", ErrUnknownJob, id)
	}
	return job, pg.Wrap("status", err)
}
