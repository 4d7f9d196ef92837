package worker

import (
	"context"
	"log/slog"
	"strings"

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
	var backoff pg.Backoff
	for limit := batchSize; ctx.Err() == nil; {
		batch := w.take(limit)
		if len(batch) == 0 {
			select {
			case <-w.ended:
			case <-ctx.Done():
			}
			continue
		}
		verdicts, err := w.settle(ctx, batch)
		if err = w.trouble("settle", err); err == nil {
			w.settled(batch, verdicts)
			backoff.Reset()
			limit = batchSize
			continue
		}
		if blamed(pg.Code(err)) {
			// One of them is to blame: go one by one, that one at last as a failure.
			if limit == 1 {
				batch[0] = outcome{run: batch[0].run, verb: "fail", err: "the outcome cannot be stored: " + err.Error()}
			}
			limit = 1
		}
		w.mu.Lock()
		w.outcomes, w.settling = append(w.outcomes, batch...), 0
		w.mu.Unlock()
		backoff.Sleep(ctx)
	}
}

// blamed reports whether an error is of the data, so that to repeat the call cannot help. Everything
// else (a full disk, a deadlock, a timeout) passes.
func blamed(code string) bool {
	return strings.HasPrefix(code, "22") || strings.HasPrefix(code, "54") || strings.HasPrefix(code, "JM")
}

// take moves outcomes from the list into the settler's hands.
func (w *Worker) take(limit int) []outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(limit, len(w.outcomes))
	batch := w.outcomes[:n:n]
	w.outcomes, w.settling = w.outcomes[n:], n
	return batch
}

func (w *Worker) settle(ctx context.Context, batch []outcome) ([]string, error) {
	var p gen.SettleParams
	for _, o := range batch {
		p.JobIds, p.Receipts = append(p.JobIds, o.run.ID), append(p.Receipts, o.run.Receipt)
		p.Outcomes, p.Replies = append(p.Outcomes, o.verb), append(p.Replies, o.reply)
		p.Errors, p.Delays = append(p.Errors, pg.Text(o.err)), append(p.Delays, o.delay)
	}
	return pg.Ask(ctx, w.settles.Do, func(ctx context.Context, q *gen.Queries) ([]string, error) { return q.Settle(ctx, p) })
}

func (w *Worker) settled(batch []outcome, verdicts []string) {
	for i, o := range batch {
		job := slog.Group("job", "id", o.run.ID, "queue", o.run.Queue, "attempt", o.run.Attempt)
		switch v := verdicts[i]; {
		case v == "stale" || v == "unknown" || v == "invalid":
			w.log.Warn("outcome not taken", job, "outcome", o.verb, "verdict", v)
		case v == "ok" && (o.verb == "fail" || o.verb == "discard"):
			w.log.Info("attempt failed", job, "error", o.err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settling = 0
	for _, o := range batch {
		o.run.lease.jobs--
	}
	w.freed.raise()
}
