package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/listen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

// Errors, for errors.Is. What PostgreSQL said is in the message, and as *pgconn.PgError for errors.As.
var (
	ErrInvalid    = pg.ErrInvalid   // JM001
	ErrTooLarge   = pg.ErrTooLarge  // JM002
	ErrConflict   = pg.ErrConflict  // JM003
	ErrLeaseGone  = pg.ErrLeaseGone // JM004
	ErrVersion    = pg.ErrVersion   // JM005, and a schema that is not installed
	ErrUnknownJob = errors.New("jobmachine: no such job")
	ErrNoAnswer   = errors.New("jobmachine: no answer yet")
)

// DBTX is a *pgxpool.Pool, a *pgx.Conn or a pgx.Tx.
type DBTX = gen.DBTX

var patience = time.Second // of sends with one that is under way and may hang

// Config of a Client. The zero value is fine.
type Config struct {
	Queue     string       // where Send puts jobs when no queue is named
	Schema    string       // where jobmachine is installed; default jobmachine
	ListenURL string       // direct connection for LISTEN; Open takes its url, New polls without it
	SendAlone bool         // every Send has a transaction of its own; default: those to a queue that come while one is under way share the next
	Logger    *slog.Logger // default slog.Default()
}

// Client sends jobs and waits for answers. It may be used by many goroutines at once if its database
// handle may: a pool, not a connection or a transaction.
type Client struct {
	cfg  Config
	q    *gen.Queries
	pool *pgxpool.Pool // of Open

	gather   pg.Gather[string, json.RawMessage, int64] // by queue
	listener *listen.Listener                          // down without ListenURL
	listen   func()                                    // runs it
	stop     context.CancelFunc
	stopped  sync.WaitGroup

	waiting [buckets]sync.Map     // the pg.Bell of each who waits
	safe    [buckets]atomic.Int64 // every answer in the bucket rings, and none has since then (Unix ns); 0: it may not ring
}

// Open makes a client with a pool of its own. It connects when first used.
func Open(ctx context.Context, url string, cfg Config) (*Client, error) {
	cfg.ListenURL = cmp.Or(cfg.ListenURL, url)
	pool, err := pg.NewPool(ctx, url, cfg.ListenURL)
	if err != nil {
		return nil, fmt.Errorf("jobmachine: %w", err)
	}
	c, err := New(pool, cfg)
	if err != nil {
		pool.Close()
		return nil, err
	}
	c.pool, c.cfg.SendAlone = pool, cfg.SendAlone // its hook does not look at ctx
	return c, nil
}

// New makes a client that uses db.
func New(db DBTX, cfg Config) (*Client, error) {
	cfg.Schema, cfg.Logger = cmp.Or(cfg.Schema, schema.Default), cmp.Or(cfg.Logger, slog.Default())
	cfg.SendAlone = cfg.SendAlone || !pg.MayGather(db)
	if err := schema.Check(cfg.Schema); err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	c := &Client{cfg: cfg, q: gen.New(schema.DB(db, cfg.Schema)), listener: &listen.Listener{}, listen: func() {}, stop: stop}
	c.gather = pg.Gather[string, json.RawMessage, int64]{Max: 100, Patience: patience, Call: func(ctx context.Context, queue string, payloads []json.RawMessage) ([]int64, error) {
		return pg.Send(ctx, c.q, queue, payloads)
	}}
	if cfg.ListenURL != "" {
		dialer, err := pg.NewDialer(nil, cfg.ListenURL)
		if err != nil {
			return nil, fmt.Errorf("jobmachine: ListenURL: %w", err)
		}
		c.listener = &listen.Listener{Dialer: dialer.With("jobmachine client (listen)", false, false), Schema: cfg.Schema, Log: cfg.Logger, OnNotify: c.onNotify, OnChange: c.onChange}
		c.listen = sync.OnceFunc(func() { c.stopped.Go(func() { c.listener.Run(life) }) })
	}
	return c, nil
}

// Close ends the LISTEN connection and the pool of Open.
func (c *Client) Close() {
	c.stop()
	c.stopped.Wait()
	if c.pool != nil {
		c.pool.Close()
	}
}

// Options of a job. What is zero is the default of its queue.
type Options struct {
	Priority    *int           // 0 starts first, 9 last; default 5
	RunAt       time.Time      // not before
	Delay       time.Duration  // not before that long from now
	Timeout     time.Duration  // the longest that one attempt may run; negative: no limit
	ExpiresIn   time.Duration  // not started by then: failed
	MaxAttempts int            //
	UniqueKey   string         // one unfinished job per queue and key; a duplicate gets the id of the first
	UniqueKeys  []string       // one per payload, for SendMany
	UniqueFor   time.Duration  // the key holds that long, finished or not
	ReplyTo     string         // this queue gets a job when this one is over
	Headers     map[string]any // a flat object for the handler
}

// Send puts a job into a queue and returns its ticket number when it is committed. []byte and json.RawMessage are sent as they are,
// anything else as encoding/json encodes it; nil is {}. After an error of ctx it may be sent all the same: repeat it with a UniqueKey.
func (c *Client) Send(ctx context.Context, queue string, payload any, o ...Options) (int64, error) {
	return c.send(ctx, c.q, queue, payload, o)
}

// SendTx is Send within a transaction of the caller's.
func (c *Client) SendTx(ctx context.Context, tx pgx.Tx, queue string, payload any, o ...Options) (int64, error) {
	return c.send(ctx, gen.New(schema.DB(tx, c.cfg.Schema)), queue, payload, o)
}

func (c *Client) send(ctx context.Context, q *gen.Queries, queue string, payload any, options []Options) (int64, error) {
	p, o, err := c.params(queue, []any{payload}, false, options)
	if err != nil {
		return 0, err
	}
	if !c.cfg.SendAlone && q == c.q && pg.IsZero(o) && len(p.Payloads[0]) <= 16<<10 { // a large one goes alone
		id, err := c.gather.Do(ctx, p.Queue, p.Payloads[0])
		return id, pg.Wrap("send", err)
	}
	id, err := q.Send(ctx, gen.SendParams{
		Queue: p.Queue, Payload: p.Payloads[0], Priority: p.Priority, RunAt: p.RunAt, Delay: p.Delay, MaxAttempts: p.MaxAttempts, Timeout: p.Timeout,
		ExpiresIn: p.ExpiresIn, UniqueKey: pg.Optional(o.UniqueKey), UniqueFor: p.UniqueFor, Headers: p.Headers, ReplyTo: p.ReplyTo,
	})
	return id, pg.Wrap("send", err)
}

// SendMany puts many jobs into a queue, all or none, and returns their ticket numbers in the order of the payloads.
func (c *Client) SendMany(ctx context.Context, queue string, payloads []any, o ...Options) ([]int64, error) {
	p, _, err := c.params(queue, payloads, true, o)
	if err != nil {
		return nil, err
	}
	ids, err := c.q.SendMany(ctx, p)
	return ids, pg.Wrap("send", err)
}

// params makes arguments of payloads and options; what is zero becomes null.
func (c *Client) params(queue string, payloads []any, many bool, options []Options) (p gen.SendManyParams, o Options, err error) {
	if len(options) > 0 {
		o = options[0]
	}
	if len(options) > 1 || many && o.UniqueKey != "" || !many && o.UniqueKeys != nil {
		return p, o, fmt.Errorf("%w: give one Options, with UniqueKey for Send and UniqueKeys, one per payload, for SendMany", ErrInvalid)
	}
	p = gen.SendManyParams{
		Queue: cmp.Or(queue, c.cfg.Queue), Payloads: make([]json.RawMessage, len(payloads)), RunAt: pg.Optional(o.RunAt),
		Delay: pg.OptionalInterval(o.Delay), Timeout: pg.OptionalInterval(o.Timeout), ExpiresIn: pg.OptionalInterval(o.ExpiresIn), UniqueFor: pg.OptionalInterval(o.UniqueFor),
		MaxAttempts: pg.Optional(pg.Int4(o.MaxAttempts)), UniqueKeys: o.UniqueKeys, ReplyTo: pg.Optional(o.ReplyTo),
	}
	for i, payload := range payloads {
		if p.Payloads[i], err = pg.JSON(payload); err != nil {
			return p, o, fmt.Errorf("%w: payload %d: %w", ErrInvalid, i, err)
		}
	}
	if o.Priority != nil {
		p.Priority = new(pg.Int4(*o.Priority))
	}
	if o.Timeout < 0 {
		p.Timeout = pg.Interval(0)
	}
	if o.Headers != nil {
		if p.Headers, err = json.Marshal(o.Headers); err != nil {
			return p, o, fmt.Errorf("%w: headers: %w", ErrInvalid, err)
		}
	}
	return p, o, nil
}
