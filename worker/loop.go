package worker

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/listen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

const (
	spinFor = 10 * time.Millisecond  // how long the loop goes on looking after the last job
	spinGap = 500 * time.Microsecond // between two looks
	deafGap = time.Second            // between two looks while the listening connection is away
)

// loop claims and hands out until ctx ends, or nothing is left to drain. Its calls use life.
func (w *Worker) loop(ctx, life context.Context, drain bool) error {
	var backoff pg.Backoff
	var spinUntil time.Time
	for turn := 0; ctx.Err() == nil; turn++ {
		r := w.room(turn)
		if r.n == 0 {
			w.freed.wait(ctx, time.Minute)
			continue
		}
		jobs, err := w.claim(life, r)
		switch {
		case errors.Is(err, pg.ErrInvalid):
			return err
		case err != nil:
			backoff.Sleep(ctx)
			continue
		case jobs > 0:
			spinUntil = time.Now().Add(spinFor)
		case drain && r.quiet:
			return nil
		case drain:
			w.freed.wait(ctx, deafGap)
		case time.Now().Before(spinUntil):
			pg.Sleep(ctx, spinGap)
		default:
			w.idle(ctx, life, r)
		}
		backoff.Reset()
	}
	return nil
}

// room is what may be claimed now.
type room struct {
	queues []string
	limits []int32
	n      int
	quiet  bool // nothing runs, nothing is to be settled
}

// room counts the free slots. The queues take turns in being the first. Outcomes that pile up,
// because the database is slow, hold back new claims.
func (w *Worker) room(turn int) (r room) {
	w.mu.Lock()
	defer w.mu.Unlock()
	unsettled := len(w.outcomes) + w.settling
	free := w.cfg.Concurrency - w.running - max(0, unsettled-batchSize)
	for i := range w.queues {
		queue, limit := w.queues[(turn+i)%len(w.queues)], free
		if reg := w.handlers[queue]; reg.limit > 0 {
			limit = min(limit, reg.limit-reg.running)
		}
		if limit > 0 {
			r.queues, r.limits, r.n = append(r.queues, queue), append(r.limits, int32(limit)), free
		}
	}
	r.quiet = w.running+unsettled == 0
	return r
}

// claim takes jobs and starts them. When the answer is lost, jobs may have been claimed that nobody
// will ever run here: the lease is retired, and what is left of it goes back when it is closed.
func (w *Worker) claim(ctx context.Context, r room) (int, error) {
	l, err := w.openLease(ctx)
	if err != nil {
		return 0, err
	}
	jobs, err := pg.Ask(ctx, w.claims.Do, func(ctx context.Context, q *gen.Queries) ([]gen.ClaimedJob, error) {
		return q.ClaimMany(ctx, gen.ClaimManyParams{Queues: r.queues, N: int32(r.n), Limits: r.limits, LeaseID: &l.id})
	})
	if err = w.trouble("claim", err); err != nil {
		if pg.Code(err) == "JM004" {
			w.leaseGone(l)
		} else if pg.Unsure(err) {
			w.retireLease(l)
		}
		return 0, err
	}
	w.mu.Lock()
	w.lastClaim = time.Now()
	unpark := len(jobs) > 0 && w.parked
	w.parked = w.parked && !unpark
	w.mu.Unlock()
	if unpark {
		w.listener.Go(func(ctx context.Context, q *gen.Queries) error { return q.Unpark(ctx) })
	}
	w.start(jobs, l)
	return len(jobs), nil
}

// idle parks, and waits until there may be something to claim.
func (w *Worker) idle(ctx, life context.Context, r room) {
	wait := pg.Jitter(w.cfg.PollInterval, 0.2)
	if w.listener != nil {
		select {
		case <-w.wake:
		default:
		}
		seconds, err := pg.Ask(life, w.listener.Do, func(ctx context.Context, q *gen.Queries) (float64, error) { return q.Park(ctx, r.queues) })
		if err != nil {
			seconds = deafGap.Seconds()
		}
		if !errors.Is(err, listen.ErrDown) {
			_ = w.trouble("park", err)
		}
		w.mu.Lock()
		w.parked = err == nil
		w.mu.Unlock()
		wait = min(wait, pg.Seconds(seconds))
	}
	w.wake.wait(ctx, wait)
}

// onNotify is called for every notification. One to the lease tells of a cancel, others of jobs.
func (w *Worker) onNotify(channel string) {
	if strings.Contains(channel, ".lease") && strings.HasSuffix(channel, "*") {
		w.beat.raise()
	}
	w.wake.raise()
}

// onChange is called when the listening connection is lost or back.
func (w *Worker) onChange(bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parked = false
	w.session++
	for _, l := range w.leases {
		l.lost = l.lost || l.held
		l.held = false
	}
	w.beat.raise()
	w.wake.raise()
}
