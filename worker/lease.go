package worker

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// lease is the right to run jobs. There is one, and retired ones as long as their jobs run.
type lease struct {
	id    int64
	clock atomic.Pointer[clock]

	// Under Worker.mu.
	jobs int  // claimed under it and not settled
	held bool // tied to the listening session
	lost bool // was held, and is not any more
}

// clock is the database's time at a moment of the local monotonic clock.
type clock struct{ database, local time.Time }

// local translates a time of the database's clock; the worker's own clock is not asked. It is late by
// about a round trip, which is well: the database should end an attempt first.
func (l *lease) local(at time.Time) time.Time {
	c := l.clock.Load()
	return c.local.Add(at.Sub(c.database))
}

func (l *lease) read(ctx context.Context, q *gen.Queries) error {
	renewed, err := q.LeaseRenewedAt(ctx, l.id)
	if err == nil {
		l.clock.Store(&clock{database: renewed, local: time.Now()})
	}
	return err
}

// openLease returns the lease for new claims, and opens it if there is none. The loop alone calls it.
func (w *Worker) openLease(ctx context.Context) (*lease, error) {
	w.mu.Lock()
	l := w.current
	w.mu.Unlock()
	if l != nil {
		return l, nil
	}
	l = &lease{}
	err := w.claims.Do(ctx, func(ctx context.Context, q *gen.Queries) (err error) {
		if l.id, err = q.OpenLease(ctx, w.cfg.Name, pg.Interval(w.cfg.LeaseTTL), w.queues); err != nil {
			return err
		}
		return l.read(ctx, q)
	})
	if err = w.trouble("open lease", err); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.current, w.leases[l.id] = l, l
	w.mu.Unlock()
	w.beat.raise() // to be held
	return l, nil
}

// retireLease takes no new jobs under a lease; it is closed when its jobs are over.
func (w *Worker) retireLease(l *lease) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current == l {
		w.current = nil
	}
	w.beat.raise()
}

// leaseGone is what the database said: its jobs run elsewhere, or will.
func (w *Worker) leaseGone(l *lease) {
	w.mu.Lock()
	known := w.leases[l.id] == l
	delete(w.leases, l.id)
	for _, r := range w.runs {
		if r.lease == l {
			r.cancel(ErrLeaseLost)
		}
	}
	w.mu.Unlock()
	if known {
		w.log.Warn("lease is gone", "lease", l.id)
		w.retireLease(l)
		w.wake.raise()
	}
}

// heart renews the leases, ties them to the listening session and closes retired ones. While a lease
// that was tied is not, it renews every second: a lost listening connection must not look like death.
func (w *Worker) heart(ctx context.Context) {
	for hurry := false; ctx.Err() == nil; {
		wait := w.cfg.LeaseTTL / 3
		if hurry {
			wait = min(wait, time.Second)
		}
		w.beat.wait(ctx, pg.Jitter(wait, 0.1))
		hurry = false
		for _, l := range w.allLeases() {
			err := w.renew(ctx, l)
			if ctx.Err() == nil {
				_ = w.trouble("renew", err)
			}
			if pg.Code(err) == "JM004" {
				w.leaseGone(l)
			}
			w.mu.Lock()
			hurry = hurry || l.lost || err != nil
			w.mu.Unlock()
		}
	}
}

func (w *Worker) allLeases() []*lease {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Values(w.leases))
}

// renew keeps one lease alive, and stops the runs that the database wants to be stopped.
func (w *Worker) renew(ctx context.Context, l *lease) error {
	var ids, receipts = []int64{}, []int64{}
	runs := map[int64]*run{}
	w.mu.Lock()
	for id, r := range w.runs {
		if r.lease == l && !r.inTx.Load() {
			ids, receipts, runs[id] = append(ids, id), append(receipts, r.Receipt), r
		}
	}
	over, held, session := l != w.current && l.jobs == 0, l.held, w.session
	w.mu.Unlock()
	if over {
		return w.closeLease(ctx, l)
	}
	var stops []gen.StopRequest
	if err := w.own(ctx, func(ctx context.Context, q *gen.Queries) (err error) {
		if stops, err = q.Renew(ctx, l.id, ids, receipts); err != nil {
			return err
		}
		return l.read(ctx, q)
	}); err != nil {
		return err
	}
	for _, s := range stops {
		runs[s.JobID].cancel(map[string]error{"cancelled": ErrCancelled, "timeout": ErrTimeout, "stale": ErrLeaseLost}[s.Reason])
	}
	if held || w.listener == nil || !w.listener.Up() {
		return nil
	}
	if err := w.listener.Do(ctx, func(ctx context.Context, q *gen.Queries) error { return q.HoldLease(ctx, l.id) }); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	l.held = session == w.session // else that connection is gone already
	l.lost = !l.held
	return nil
}

// closeLease gives back whatever is left of a lease. If it fails the lease expires.
func (w *Worker) closeLease(ctx context.Context, l *lease) error {
	w.mu.Lock()
	delete(w.leases, l.id) // before, or a renewal under way would find it gone and say so
	w.mu.Unlock()
	released, err := pg.Ask(ctx, w.own, func(ctx context.Context, q *gen.Queries) (int64, error) { return q.CloseLease(ctx, l.id) })
	if released > 0 {
		w.log.Warn("jobs released with their lease", "lease", l.id, "jobs", released)
	}
	return err
}

// own runs a call on whichever of the two working connections is free.
func (w *Worker) own(ctx context.Context, fn pg.Query) error {
	return w.claims.DoOr(ctx, w.settles, fn)
}
