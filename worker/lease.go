package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// lease is the right to run jobs. There is one at a time, and retired ones as long as their jobs run.
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

// local translates a time of the database's clock. The worker's wall clock is not asked. It is late
// by about a round trip: the database should end an attempt first.
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
	if err := w.claims.do(ctx, func(ctx context.Context, q *gen.Queries) (err error) {
		if l.id, err = q.OpenLease(ctx, w.cfg.Name, pg.Interval(w.cfg.LeaseTTL), w.queues); err != nil {
			return err
		}
		return l.read(ctx, q)
	}); err != nil {
		return nil, pg.Wrap("open lease", err)
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
	if w.current == l {
		w.current = nil
	}
	w.mu.Unlock()
	w.beat.raise()
}

// leaseGone is what the database said: its jobs run elsewhere, or will.
func (w *Worker) leaseGone(l *lease) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.leases[l.id] != l {
		return
	}
	delete(w.leases, l.id)
	if w.current == l {
		w.current = nil
	}
	w.log.Warn("lease is gone", "lease", l.id, "jobs", l.jobs)
	for _, r := range w.runs {
		if r.lease == l {
			r.cancel(ErrLeaseLost)
		}
	}
	w.wake.raise()
}

// heart renews the leases, ties them to the listening session and closes retired ones. While a lease
// that was tied is not, it renews every second: a lost listening connection must not look like death.
func (w *Worker) heart(ctx context.Context) {
	var complaint complaint
	wait := w.cfg.LeaseTTL / 3
	for {
		w.beat.wait(ctx, pg.Jitter(wait, 0.1))
		if ctx.Err() != nil {
			return
		}
		wait = w.cfg.LeaseTTL / 3
		for _, l := range w.allLeases() {
			err := w.renew(ctx, l)
			if pg.Code(err) == "JM004" {
				w.leaseGone(l)
				err = nil
			}
			if err != nil && ctx.Err() == nil {
				complaint.warn(w.log, "renew", pg.Wrap("renew", err))
				wait = min(wait, time.Second)
			} else if err == nil {
				complaint.over(w.log, "renew")
			}
			w.mu.Lock()
			if l.lost {
				wait = min(wait, time.Second)
			}
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
	w.mu.Lock()
	runs := map[int64]*run{}
	for id, r := range w.runs {
		if r.lease == l && !r.inTx.Load() {
			runs[id] = r
		}
	}
	over, held, session := l != w.current && l.jobs == 0, l.held, w.session
	w.mu.Unlock()
	if over {
		return w.closeLease(ctx, l)
	}
	ids, receipts := make([]int64, 0, len(runs)), make([]int64, 0, len(runs))
	for id, r := range runs {
		ids, receipts = append(ids, id), append(receipts, r.Receipt)
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
		runs[s.JobID].cancel(reasons[s.Reason])
	}
	if held || w.listener == nil || !w.listener.Up() {
		return nil
	}
	if err := w.listener.Do(ctx, func(ctx context.Context, q *gen.Queries) error { return q.HoldLease(ctx, l.id) }); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if l.held = session == w.session; l.held {
		l.lost = false
	} else {
		w.beat.raise() // that connection is gone already
	}
	return nil
}

var reasons = map[string]error{"cancelled": ErrCancelled, "timeout": ErrTimeout, "stale": ErrLeaseLost}

// closeLease gives back whatever is left of a lease.
func (w *Worker) closeLease(ctx context.Context, l *lease) error {
	w.mu.Lock()
	delete(w.leases, l.id) // before, or a renewal under way would find it gone and say so
	w.mu.Unlock()
	var released int64
	err := w.own(ctx, func(ctx context.Context, q *gen.Queries) (err error) {
		released, err = q.CloseLease(ctx, l.id)
		return err
	})
	if err != nil {
		w.mu.Lock()
		w.leases[l.id] = l
		w.mu.Unlock()
		return err
	}
	if released > 0 {
		w.log.Warn("jobs released with their lease", "lease", l.id, "jobs", released)
	}
	return nil
}

// isLease reports whether a channel is that of a lease of this worker.
func (w *Worker) isLease(channel string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.leases {
		if strings.HasSuffix(channel, fmt.Sprintf(".lease%d*", id)) {
			return true
		}
	}
	return false
}
