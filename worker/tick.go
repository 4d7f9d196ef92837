package worker

import (
	"context"
	"errors"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/listen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// ticker calls the housekeeper when it wants to be called. While the loop is parked, park does it.
func (w *Worker) ticker(ctx context.Context) {
	var complaint complaint
	wait := pg.Jitter(500*time.Millisecond, 1)
	for {
		asked := w.sweep.wait(ctx, wait)
		if ctx.Err() != nil {
			return
		}
		wait = time.Second
		w.mu.Lock()
		parked := w.parked
		w.mu.Unlock()
		if parked && !asked {
			continue
		}
		seconds, err := w.tick(ctx)
		if err == nil {
			complaint.over(w.log, "tick")
			wait = max(time.Millisecond, pg.Jitter(pg.Seconds(seconds), 0.1))
		} else if ctx.Err() == nil {
			complaint.warn(w.log, "tick", pg.Wrap("tick", err))
		}
	}
}

// tick runs on the listening connection, which has nothing else to do while the loop is busy.
func (w *Worker) tick(ctx context.Context) (seconds float64, err error) {
	call := func(ctx context.Context, q *gen.Queries) (float64, error) { return q.Tick(ctx) }
	if w.listener != nil {
		if seconds, err = listen.Ask(ctx, w.listener, call); !errors.Is(err, listen.ErrDown) {
			return seconds, err
		}
	}
	err = w.own(ctx, func(ctx context.Context, q *gen.Queries) error {
		seconds, err = call(ctx, q)
		return err
	})
	return seconds, err
}
