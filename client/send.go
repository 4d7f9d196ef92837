package client

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

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

// Send puts a job into a queue and returns its ticket number. []byte and json.RawMessage are sent as
// the JSON they are, anything else as encoding/json encodes it.
func (c *Client) Send(ctx context.Context, queue string, payload any, o ...Options) (int64, error) {
	return c.send(ctx, c.q, queue, payload, o)
}

// SendTx is Send within a transaction of the caller's.
func (c *Client) SendTx(ctx context.Context, tx pgx.Tx, queue string, payload any, o ...Options) (int64, error) {
	return c.send(ctx, gen.New(schema.DB(tx, c.cfg.Schema)), queue, payload, o)
}

// SendMany puts many jobs into a queue, all or none, and returns their ticket numbers in the order
// of the payloads.
func (c *Client) SendMany(ctx context.Context, queue string, payloads []any, o ...Options) ([]int64, error) {
	p, err := c.params(queue, o)
	if err != nil {
		return nil, err
	}
	many := make([]json.RawMessage, len(payloads))
	for i, payload := range payloads {
		if many[i], err = pg.JSON(payload); err != nil {
			return nil, fmt.Errorf("%w: payload %d: %w", ErrInvalid, i, err)
		}
	}
	if p.UniqueKey != nil {
		return nil, fmt.Errorf("%w: SendMany takes UniqueKeys, one per payload", ErrInvalid)
	}
	ids, err := c.q.SendMany(ctx, gen.SendManyParams{
		Queue: p.Queue, Payloads: many, Priority: p.Priority, RunAt: p.RunAt, Delay: p.Delay, MaxAttempts: p.MaxAttempts, Timeout: p.Timeout,
		ExpiresIn: p.ExpiresIn, UniqueKeys: first(o).UniqueKeys, UniqueFor: p.UniqueFor, Headers: p.Headers, ReplyTo: p.ReplyTo,
	})
	return ids, pg.Wrap("send", err)
}

func (c *Client) send(ctx context.Context, q *gen.Queries, queue string, payload any, o []Options) (int64, error) {
	p, err := c.params(queue, o)
	if err != nil {
		return 0, err
	}
	if p.Payload, err = pg.JSON(payload); err != nil {
		return 0, fmt.Errorf("%w: payload: %w", ErrInvalid, err)
	}
	if first(o).UniqueKeys != nil {
		return 0, fmt.Errorf("%w: UniqueKeys are for SendMany", ErrInvalid)
	}
	id, err := q.Send(ctx, p)
	return id, pg.Wrap("send", err)
}

// params makes arguments of options; what is zero becomes null.
func (c *Client) params(queue string, options []Options) (gen.SendParams, error) {
	if len(options) > 1 {
		return gen.SendParams{}, fmt.Errorf("%w: more than one Options", ErrInvalid)
	}
	o := first(options)
	p := gen.SendParams{
		Queue: cmp.Or(queue, c.cfg.Queue), RunAt: optional(o.RunAt), MaxAttempts: optional(int32(o.MaxAttempts)),
		Delay: interval(o.Delay), Timeout: interval(o.Timeout), ExpiresIn: interval(o.ExpiresIn), UniqueFor: interval(o.UniqueFor),
		UniqueKey: optional(o.UniqueKey), ReplyTo: optional(o.ReplyTo),
	}
	if o.Priority != nil {
		n := int32(*o.Priority)
		p.Priority = &n
	}
	if o.Timeout < 0 {
		p.Timeout = pg.Interval(0)
	}
	if o.Headers == nil {
		return p, nil
	}
	headers, err := json.Marshal(o.Headers)
	if err != nil {
		return p, fmt.Errorf("%w: headers: %w", ErrInvalid, err)
	}
	p.Headers = headers
	return p, nil
}

func first(o []Options) (f Options) {
	if len(o) > 0 {
		f = o[0]
	}
	return f
}

func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func interval(d time.Duration) pgtype.Interval {
	i := pg.Interval(d)
	i.Valid = d != 0
	return i
}
