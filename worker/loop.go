package worker

import (
	"context"
	"errors"
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
func (w *Worker) loop(ctx, life context.Context, drain bool) {
	var (
		backoff   pg.Backoff
		complaint complaint
		spinUntil time.Time
	)
	for turn := 0; ctx.Err() == nil; turn++ {
		r := w.room(turn)
		if r.n == 0 {
			select {
			case <-w.freed:
			case <-ctx.Done():
			}
			continue
		}
		jobs, err := w.claim(life, r)
		if err != nil {
			complaint.warn(w.log, "claim", err)
			backoff.Sleep(ctx)
			continue
		}
		complaint.over(w.log, "claim")
		backoff.Reset()
		switch {
		case jobs > 0:
			spinUntil = time.Now().Add(spinFor)
		case drain && r.quiet:
			return
		case drain:
			w.freed.wait(ctx, deafGap)
		case time.Now().Before(spinUntil):
			pg.Sleep(ctx, spinGap)
		default:
			w.idle(ctx, life, r)
		}
	}
}

// room is what may be claimed now.
type room struct {
	queues []string
	limits []int32
	n      int
	full   bool // some queue has as many running as it may
	quiet  bool // nothing runs, nothing is to be settled
}

// room counts the free slots. The queues take turns in being the first. Outcomes that pile up,
// because the database is slow, hold back new claims.
func (w *Worker) room(turn int) room {
	w.mu.Lock()
	defer w.mu.Unlock()
	unsettled := len(w.outcomes) + w.settling
	r := room{
		n:     max(0, min(w.cfg.Concurrency-w.running, w.cfg.Concurrency+batchSize-w.running-unsettled)),
		quiet: w.running+unsettled == 0,
	}
	for i := range w.queues {
		queue := w.queues[(turn+i)%len(w.queues)]
		limit := r.n
		if reg := w.handlers[queue]; reg.limit > 0 {
			limit = min(limit, reg.limit-reg.running)
			r.full = r.full || reg.running >= reg.limit
		}
		if limit > 0 {
			r.queues = append(r.queues, queue)
			r.limits = append(r.limits, int32(limit))
		}
	}
	if len(r.queues) == 0 {
		r.n = 0
	}
	return r
}

// claim takes jobs and starts them. When the answer is lost, jobs may have been claimed that nobody
// will ever run here: the lease is retired, and what is left of it goes back when it is closed.
func (w *Worker) claim(ctx context.Context, r room) (int, error) {
	l, err := w.openLease(ctx)
	if err != nil {
		return 0, err
	}
	var jobs []gen.ClaimedJob
	err = w.claims.do(ctx, func(ctx context.Context, q *gen.Queries) (err error) {
		jobs, err = q.ClaimMany(ctx, gen.ClaimManyParams{Queues: r.queues, N: int32(r.n), Limits: r.limits, LeaseID: &l.id})
		return err
	})
	var lost *lostError
	switch {
	case pg.Code(err) == "JM004":
		w.leaseGone(l)
	case errors.As(err, &lost):
		w.retireLease(l)
	}
	if err != nil {
		return 0, pg.Wrap("claim", err)
	}
	w.mu.Lock()
	w.lastClaim = time.Now()
	unpark := len(jobs) > 0 && w.parked
	w.parked = w.parked && !unpark
	w.mu.Unlock()
	if unpark {
		w.listener.Go(func(ctx context.Context, q *gen.Queries) error { return q.Unpark(ctx) })
	}
	if len(jobs) > 0 {
		w.start(jobs, l)
	}
	return len(jobs), nil
}

// idle parks, and waits until there may be something to claim.
func (w *Worker) idle(ctx, life context.Context, r room) {
	wait := w.cfg.PollInterval
	if w.listener != nil {
		w.wake.clear()
		seconds, err := listen.Ask(life, w.listener, func(ctx context.Context, q *gen.Queries) (float64, error) {
			return q.Park(ctx, r.queues)
		})
		if err != nil {
			seconds = deafGap.Seconds()
			if !errors.Is(err, listen.ErrDown) {
				w.parking.warn(w.log, "park", err)
				w.listener.Go(func(ctx context.Context, q *gen.Queries) error { return q.Unpark(ctx) }) // it may have been done
			}
		}
		w.mu.Lock()
		w.parked = err == nil
		w.mu.Unlock()
		wait = min(wait, pg.Seconds(seconds))
	}
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(pg.Jitter(wait, 0.2))
	defer timer.Stop()
	var freed signal
	if r.full {
		freed = w.freed
	}
	select {
	case <-w.wake:
	case <-freed:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// onNotify is called for every notification: one to a lease tells of a cancel, others of jobs.
func (w *Worker) onNotify(channel string) {
	if w.isLease(channel) {
		w.beat.raise()
	} else {
		w.wake.raise()
	}
}

// onChange is called when the listening connection is lost or back.
func (w *Worker) onChange(up bool) {
	w.mu.Lock()
	w.parked = false
	w.session++
	for _, l := range w.leases {
		l.lost = l.lost || l.held
		l.held = false
	}
	w.mu.Unlock()
	w.beat.raise()
	w.wake.raise()
}
