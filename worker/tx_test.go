package worker_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

func TestCompleteTx(t *testing.T) {
	b := newBench(t)
	b.Exec("create table mine (id bigint)")
	w := b.worker()
	handler := func(end func(context.Context, pgx.Tx) error, result error) worker.Handler {
		return func(ctx context.Context, job *worker.Job) (any, error) {
			tx, err := b.Pool.Begin(ctx)
			if err != nil {
				return nil, err
			}
			defer tx.Rollback(ctx)
			if _, err := tx.Exec(ctx, "insert into mine values ($1)", job.ID); err != nil {
				return nil, err
			}
			if err := job.CompleteTx(ctx, tx, "done"); err != nil {
				return nil, err
			}
			if err := end(ctx, tx); err != nil {
				return nil, err
			}
			return "not used", result
		}
	}
	commit := func(ctx context.Context, tx pgx.Tx) error { return tx.Commit(ctx) }
	rollback := func(ctx context.Context, tx pgx.Tx) error { return tx.Rollback(ctx) }
	w.Handle("commit", handler(commit, nil))
	w.Handle("commit and fail", handler(commit, errors.New("too late")))
	w.Handle("roll back", handler(rollback, errors.New("no")))
	w.Handle("forget", handler(rollback, nil))
	ids := map[string]int64{}
	for _, queue := range []string{"commit", "commit and fail", "roll back", "forget"} {
		ids[queue] = b.send(queue, nil)
	}
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ queue, state, reply, says string }{
		{"commit", "completed", `"done"`, ""},
		{"commit and fail", "completed", `"done"`, ""},
		{"roll back", "scheduled", "", "no"},
		{"forget", "scheduled", "", "without committing"},
	} {
		t.Run(test.queue+" is "+test.state, func(t *testing.T) {
			job := b.status(ids[test.queue])
			if job.State != test.state || string(job.Reply) != test.reply {
				t.Errorf("state %s, reply %s; want %s, %s", job.State, job.Reply, test.state, test.reply)
			}
			if test.says != "" && (job.Error == nil || !strings.Contains(*job.Error, test.says)) {
				t.Errorf("error %v", job.Error)
			}
			if rows := pgtest.Get[int](b.DB, "select count(*) from mine where id = $1", ids[test.queue]); (rows == 1) != (test.state == "completed") {
				t.Errorf("%d rows of the handler's own", rows)
			}
		})
	}
}
