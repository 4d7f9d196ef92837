package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/jobmachine/jobmachine/gen"
)

// last words are what a run may say that was given up long ago.
var lastWords = []struct {
	word string
	say  func(ctx context.Context, q *gen.Queries, j gen.ClaimedJob) (string, error)
}{
	{"complete", func(ctx context.Context, q *gen.Queries, j gen.ClaimedJob) (string, error) {
		return q.Complete(ctx, j.ID, j.Receipt, json.RawMessage(`"from the grave"`))
	}},
	{"fail", func(ctx context.Context, q *gen.Queries, j gen.ClaimedJob) (string, error) {
		return q.Fail(ctx, gen.FailParams{JobID: j.ID, Receipt: j.Receipt, Error: "from the grave"})
	}},
	{"reply", func(ctx context.Context, q *gen.Queries, j gen.ClaimedJob) (string, error) {
		return q.Reply(ctx, j.ID, j.Receipt, json.RawMessage(`"from the grave"`))
	}},
	{"snooze", func(ctx context.Context, q *gen.Queries, j gen.ClaimedJob) (string, error) {
		return q.Snooze(ctx, j.ID, j.Receipt, seconds(3600))
	}},
	{"release", func(ctx context.Context, q *gen.Queries, j gen.ClaimedJob) (string, error) {
		return q.Release(ctx, j.ID, j.Receipt)
	}},
}

// haunt is a worker in plain calls that takes jobs, is stopped for longer than its lease lasts, and
// then says all that a worker can say.
func haunt(ctx context.Context, s spec) error {
	l, err := openLedger(s.Ledger)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return err
	}
	q := gen.New(conn)
	lease, err := q.OpenLease(ctx, s.Name, seconds(s.LeaseTTL.Seconds()), []string{"work"})
	if err != nil {
		return err
	}
	jobs, err := q.ClaimMany(ctx, gen.ClaimManyParams{Queues: []string{"work"}, N: int32(len(lastWords)), LeaseID: &lease})
	if err != nil {
		return err
	}
	for _, j := range jobs {
		var t task
		must(json.Unmarshal(j.Payload, &t))
		l.append(entry{What: started, Token: t.Token, Job: j.ID, Attempt: j.Attempt, Receipt: j.Receipt, Lease: lease, Pid: os.Getpid()})
	}
	for last := monotonic(); since(last) < time.Second; time.Sleep(10 * time.Millisecond) { // until it was frozen
		last = monotonic()
		if ctx.Err() != nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	for i, j := range jobs {
		word := lastWords[i]
		answer, err := word.say(ctx, q, j)
		if err != nil {
			return fmt.Errorf("%s: %w", word.word, err)
		}
		l.append(entry{What: verdict, Job: j.ID, Receipt: j.Receipt, Pid: os.Getpid(), How: answer, Text: word.word})
	}
	_, err = q.Renew(ctx, lease, []int64{}, []int64{})
	var e *pgconn.PgError
	answer := "ok"
	if errors.As(err, &e) {
		answer = e.Code
	}
	l.append(entry{What: verdict, Pid: os.Getpid(), How: answer, Text: "renew"})
	return conn.Close(ctx)
}

func seconds(s float64) pgtype.Interval {
	return pgtype.Interval{Microseconds: int64(s * 1e6), Valid: true}
}
