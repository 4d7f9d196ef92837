package worker

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// batchSize is how many outcomes go into one call at most.
const batchSize = 1000

// outcome is what becomes of a run.
type outcome struct {
	run   *run
	verb  string // complete, fail, discard, snooze, release or cancel; empty: the database knows it
	reply string // JSON, or none
	err   string
	delay pgtype.Interval // null: the backoff of the queue
}

// settler delivers outcomes: all that are there, as soon as the previous call has returned. What
// could not be delivered is kept and repeated, which is safe: the receipt makes it count once.
func (w *Worker) settler(ctx context.Context) {
	var (
		backoff   pg.Backoff
		complaint complaint
		limit     = batchSize
	)
	for {
		batch := w.take(limit)
		if len(batch) == 0 {
			select {
			case <-w.ended:
				continue
			case <-ctx.Done():
				return
			}
		}
		verdicts, err := w.settle(ctx, batch)
		if err == nil {
			w.settled(batch, verdicts)
			complaint.over(w.log, "settle")
			backoff.Reset()
			limit = batchSize
			continue
		}
		if ctx.Err() == nil {
			complaint.warn(w.log, "settle", pg.Wrap("settle", err))
		}
		if pg.Code(err) != "" {
			// Refused, not lost. One of them may be to blame: go one by one, that one at last as a failure.
			if limit == 1 {
				batch[0] = outcome{run: batch[0].run, verb: "fail", err: "the outcome cannot be stored: " + err.Error()}
			}
			limit = 1
		}
		w.mu.Lock()
		w.outcomes, w.settling = append(w.outcomes, batch...), 0
		w.mu.Unlock()
		backoff.Sleep(ctx)
		if ctx.Err() != nil {
			return
		}
	}
}

// take moves outcomes from the list into the settler's hands.
func (w *Worker) take(limit int) []outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(limit, len(w.outcomes))
	batch := w.outcomes[:n:n]
	w.outcomes = w.outcomes[n:]
	w.settling = n
	return batch
}

func (w *Worker) settle(ctx context.Context, batch []outcome) (verdicts []string, err error) {
	n := len(batch)
	p := gen.SettleParams{
		JobIds: make([]int64, n), Receipts: make([]int64, n), Outcomes: make([]string, n),
		Replies: make([]string, n), Errors: make([]string, n), Delays: make([]pgtype.Interval, n),
	}
	for i, o := range batch {
		p.JobIds[i], p.Receipts[i], p.Outcomes[i] = o.run.ID, o.run.Receipt, o.verb
		p.Replies[i], p.Errors[i], p.Delays[i] = o.reply, pg.Text(o.err), o.delay
	}
	err = w.settles.do(ctx, func(ctx context.Context, q *gen.Queries) error {
		verdicts, err = q.Settle(ctx, p)
		return err
	})
	return verdicts, err
}

func (w *Worker) settled(batch []outcome, verdicts []string) {
	for i, o := range batch {
		job := slog.Group("job", "id", o.run.ID, "queue", o.run.Queue, "attempt", o.run.Attempt)
		switch v := verdicts[i]; {
		case v == "ok" && (o.verb == "fail" || o.verb == "discard"):
			w.log.Info("attempt failed", job, "error", o.err)
		case v == "stale":
			w.log.Warn("outcome of a run that was given up: nothing changed", job, "outcome", o.verb)
		case v == "invalid":
			w.log.Warn("outcome could not be stored: the attempt failed", job, "outcome", o.verb)
		case v == "unknown":
			w.log.Warn("outcome of a job that was removed", job, "outcome", o.verb)
		}
	}
	w.mu.Lock()
	w.settling = 0
	for _, o := range batch {
		o.run.lease.jobs--
	}
	w.mu.Unlock()
	w.freed.raise()
}
