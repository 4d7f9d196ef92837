package worker

import (
	"context"
	"errors"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/listen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// ticker calls the housekeeper when it wants to be called. While the loop sleeps, park does it.
func (w *Worker) ticker(ctx context.Context) {
	for wait := pg.Jitter(time.Second, 0.5); ctx.Err() == nil; {
		asked := w.sweep.wait(ctx, wait)
		wait = time.Second
		w.mu.Lock()
		parked := time.Now().Before(w.sleepUntil)
		w.mu.Unlock()
		if parked && !asked || ctx.Err() != nil {
			continue
		}
		seconds, err := pg.Ask(ctx, w.idler, func(ctx context.Context, q *gen.Queries) (float64, error) { return q.Tick(ctx) })
		if ctx.Err() == nil && w.trouble("tick", err) == nil {
			wait = max(time.Millisecond, pg.Seconds(seconds))
		}
	}
}

// idler runs a call on the listening connection, which has nothing to do while the loop is busy.
func (w *Worker) idler(ctx context.Context, fn pg.Query) error {
	if w.listener != nil {
		if err := w.listener.Do(ctx, fn); !errors.Is(err, listen.ErrDown) {
			return err
		}
	}
	return w.own(ctx, fn)
}
