package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/jobmachine/jobmachine/gen"
)

// generated works through the bindings that sqlc generates, on one connection.
type generated struct {
	conn *pgx.Conn
	q    *gen.Queries
}

func startGenerated(t *testing.T, url string) Worker {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return &generated{conn: conn, q: gen.New(conn)}
}

// Kill cuts the connection, without a goodbye.
func (g *generated) Kill() { _ = g.conn.PgConn().Conn().Close() }

func (g *generated) Do(ctx context.Context, command map[string]any) (json.RawMessage, error) {
	text, err := json.Marshal(command)
	if err != nil {
		return nil, err
	}
	var c struct {
		Do, Queue, Error       string
		N                      *int32
		Lease                  *int64
		Worker                 *string
		TTL, Delay             *string
		RetryIn                *string `json:"retry_in"`
		Job, Receipt           int64
		Jobs, Receipts         []int64
		Queues                 []string
		Reply, Detail, Payload json.RawMessage
		Permanent              bool
		Seconds                float64
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	ttl, err := g.interval(ctx, c.TTL)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{}
	switch c.Do {
	case "claim":
		n := int32(1)
		if c.N != nil {
			n = *c.N
		}
		var jobs []gen.ClaimedJob
		jobs, err = g.q.Claim(ctx, gen.ClaimParams{Queue: c.Queue, N: n, LeaseID: c.Lease, Ttl: ttl, Worker: c.Worker})
		list := []any{}
		for _, j := range jobs {
			list = append(list, map[string]any{"id": j.ID, "receipt": j.Receipt, "queue": j.Queue, "payload": j.Payload, "headers": j.Headers,
				"attempt": j.Attempt, "max_attempts": j.MaxAttempts, "deadline_at": j.DeadlineAt, "reply_to": j.ReplyTo})
		}
		answer["jobs"] = list
	case "complete":
		answer["verdict"], err = g.q.Complete(ctx, c.Job, c.Receipt, c.Reply)
	case "fail":
		var retryIn pgtype.Interval
		if retryIn, err = g.interval(ctx, c.RetryIn); err == nil {
			answer["verdict"], err = g.q.Fail(ctx, gen.FailParams{JobID: c.Job, Receipt: c.Receipt, Error: c.Error, Detail: c.Detail, RetryIn: retryIn, Permanent: c.Permanent})
		}
	case "snooze":
		var delay pgtype.Interval
		if delay, err = g.interval(ctx, c.Delay); err == nil {
			answer["verdict"], err = g.q.Snooze(ctx, c.Job, c.Receipt, delay)
		}
	case "release":
		answer["verdict"], err = g.q.Release(ctx, c.Job, c.Receipt)
	case "reply":
		answer["verdict"], err = g.q.Reply(ctx, c.Job, c.Receipt, c.Payload)
	case "open_lease":
		answer["lease"], err = g.q.OpenLease(ctx, *c.Worker, ttl, []string{})
	case "renew":
		var stop []gen.StopRequest
		stop, err = g.q.Renew(ctx, *c.Lease, c.Jobs, c.Receipts)
		list := []any{}
		for _, s := range stop {
			list = append(list, map[string]any{"job_id": s.JobID, "reason": s.Reason})
		}
		answer["stop"] = list
	case "close_lease":
		answer["released"], err = g.q.CloseLease(ctx, *c.Lease)
	case "park":
		answer["seconds"], err = g.q.Park(ctx, c.Queues)
	case "wait":
		answer["woken"], err = g.wait(ctx, c.Seconds)
	default:
		return nil, fmt.Errorf("unknown command %q", c.Do)
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		answer = map[string]any{"error": refused.Code}
	} else if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

func (g *generated) wait(ctx context.Context, seconds float64) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds*float64(time.Second)))
	defer cancel()
	_, err := g.conn.WaitForNotification(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return false, nil
	}
	return err == nil, err
}

// interval has PostgreSQL read an interval; nil is null.
func (g *generated) interval(ctx context.Context, text *string) (v pgtype.Interval, err error) {
	err = g.conn.QueryRow(ctx, "select $1::text::interval", text).Scan(&v)
	return v, err
}
