package worker

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

const (
	busyGap = 2 * time.Millisecond   // between two claims that find jobs, on the average: busier than that it does not sleep
	spinFor = 20 * time.Millisecond  // but goes on looking for so long after the last job
	spinGap = 500 * time.Microsecond // between two such looks
	deafGap = time.Second            // between two looks, and two renewals, while the listening connection is away
)

// loop claims and hands out until ctx ends, or nothing is left to drain. Its calls use life.
func (w *Worker) loop(ctx, life context.Context, drain bool) error {
	var backoff pg.Backoff
	var found time.Time // the last job
	gap := spinFor      // between those of late
	begun := false
	for turn := 0; ctx.Err() == nil; turn++ {
		p, quiet := w.room(turn)
		if p.N == 0 {
			if !w.freed.Wait(ctx, spinFor) {
				w.unpark(life)
				w.freed.Wait(ctx, time.Minute)
			}
			continue
		}
		if int(p.N) < w.cfg.Concurrency/4 && w.claimed.Hold(ctx, w.freed) {
			continue
		}
		jobs, err := w.claim(life, p)
		switch pause := time.Since(found); {
		case err != nil && !begun && pg.Refused(err):
			return err
		case err != nil:
			backoff.Sleep(ctx)
			continue
		case jobs > 0:
			found = time.Now()
			if gap += (min(pause, spinFor) - gap) / 8; gap < busyGap {
				w.unpark(life)
			} else if jobs < int(p.N) && !drain && w.sleeps() > 0 {
				w.idle(ctx, life) // that was all, and what comes rings
			}
		case drain && quiet:
			return nil
		case drain:
			w.freed.Wait(ctx, deafGap)
		case pause < spinFor && gap < busyGap && w.sleeps() <= 0:
			pg.Sleep(ctx, spinGap)
		default:
			w.idle(ctx, life)
		}
		begun = true
		backoff.Reset()
	}
	return nil
}

// room counts the free slots, and tells whether there is nothing to wait for. The queues take turns in
// being the first. Outcomes that pile up, because the database is slow, hold back new claims.
func (w *Worker) room(turn int) (p gen.ClaimManyParams, quiet bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	free := w.cfg.Concurrency - w.running - max(0, len(w.outcomes)-batchSize)
	for i := range w.handlers {
		h, limit := w.handlers[(turn+i)%len(w.handlers)], free
		if h.limit > 0 {
			limit = min(limit, h.limit-h.running)
		}
		if limit > 0 {
			p.Queues, p.Limits, p.N = append(p.Queues, h.queue), append(p.Limits, int32(limit)), int32(free)
		}
	}
	if len(p.Limits) > 0 && slices.Min(p.Limits) == p.N {
		p.Limits = nil // there is none
	}
	return p, w.running+len(w.outcomes) == 0
}

// claim takes jobs and starts them. After an error, and once per renewal, it looks for jobs that run
// under the lease and not here: the answer of their claim was lost, perhaps before it committed.
func (w *Worker) claim(ctx context.Context, p gen.ClaimManyParams) (n int, err error) {
	if w.lease.Load() == 0 {
		if err = w.trouble("open lease", w.renew(ctx, 0)); err != nil {
			return 0, err
		}
	}
	defer w.claimed.Time()()
	lease := w.lease.Load()
	p.LeaseID = &lease
	var jobs []gen.ClaimedJob
	if w.unsure.Swap(false) {
		w.unpark(ctx) // what comes from here is not all there is
		w.mu.Lock()
		here := []int64{} // the handler is at work, or the outcome not settled
		for _, r := range slices.AppendSeq(slices.Clone(w.outcomes), maps.Values(w.runs)) {
			here = append(here, r.Receipt)
		}
		w.mu.Unlock()
		jobs, err = pg.Ask(ctx, w.claims.Do, func(ctx context.Context, q *gen.Queries) ([]gen.ClaimedJob, error) {
			return q.ClaimedUnder(ctx, lease, here)
		})
	}
	if err == nil && len(jobs) == 0 {
		jobs, err = pg.Ask(ctx, w.claims.Do, func(ctx context.Context, q *gen.Queries) ([]gen.ClaimedJob, error) { return q.ClaimMany(ctx, p) })
	}
	if err = w.trouble("claim", err); err != nil {
		w.unsure.Store(true)
		w.leaseGone(lease, err)
		return 0, err
	}
	w.start(jobs)
	return len(jobs), nil
}

// idle parks, and waits until there may be something to claim. While park's answer holds, it need not park again: what comes rings.
func (w *Worker) idle(ctx, life context.Context) {
	var err error
	if w.sleeps() <= 0 {
		err = w.trouble("park", w.listener.Do(life, func(ctx context.Context, q *gen.Queries) error {
			seconds, err := q.Park(ctx, w.queues)
			if w.asleep.Store(0); err == nil { // within the call: before the listener can find the connection lost
				w.asleep.Store(time.Now().Add(pg.Seconds(seconds)).UnixNano())
			}
			return err
		}))
	}
	wait := pg.Jitter(w.cfg.PollInterval, 0.2)
	if err == nil {
		wait = min(wait, w.sleeps())
	} else if !w.cfg.PollOnly {
		wait = min(wait, deafGap)
	}
	w.wake.Wait(ctx, wait)
}

// sleeps returns for how long whatever comes rings; when that is over, park again.
func (w *Worker) sleeps() time.Duration { return time.Until(time.Unix(0, w.asleep.Load())) }

// unpark lets senders be quiet: the loop is busy looking.
func (w *Worker) unpark(ctx context.Context) {
	if w.asleep.Swap(0) != 0 {
		_ = w.trouble("unpark", w.listener.Do(ctx, func(ctx context.Context, q *gen.Queries) error { return q.Unpark(ctx) }))
	}
}

// heart renews the lease. While it is not tied to the listening session it renews every second: a
// lost listening connection must not look like death.
func (w *Worker) heart(ctx context.Context) {
	for wait := deafGap; ctx.Err() == nil; {
		w.beat.Wait(ctx, pg.Jitter(min(wait, w.cfg.LeaseTTL/3), 0.1))
		lease := w.lease.Load()
		if wait = deafGap; lease != 0 && w.trouble("renew", w.renew(ctx, lease)) == nil && (w.held.Load() || w.cfg.PollOnly) {
			wait = w.cfg.LeaseTTL
		}
	}
}

// renew keeps a lease alive, or opens one, and stops the runs that the database wants to be stopped.
func (w *Worker) renew(ctx context.Context, lease int64) error {
	w.mu.Lock()
	runs := maps.Clone(w.runs)
	w.mu.Unlock()
	ids, receipts := []int64{}, []int64{}
	for id, r := range runs {
		if !r.inTx.Load() {
			ids, receipts = append(ids, id), append(receipts, r.Receipt)
		}
	}
	isNew, now, stops := lease == 0, pg.Clock{}, []gen.StopRequest{}
	if err := w.claims.Or(w.settles)(ctx, func(ctx context.Context, q *gen.Queries) (err error) {
		if isNew {
			if err = pg.Verify(ctx, q); err == nil {
				lease, err = q.OpenLease(ctx, w.cfg.Name, pg.Interval(w.cfg.LeaseTTL), w.queues)
			}
		}
		if err == nil {
			stops, err = q.Renew(ctx, lease, ids, receipts)
		}
		if err == nil {
			now.Database, err = q.LeaseRenewedAt(ctx, lease)
			now.Local = time.Now() // late by a round trip, which is well: the database should end an attempt first
		}
		return err
	}); err != nil {
		w.leaseGone(lease, err)
		return err
	}
	for _, s := range stops {
		runs[s.JobID].cancel(map[string]error{"cancelled": ErrCancelled, "timeout": ErrTimeout, "stale": ErrLeaseLost}[s.Reason])
	}
	w.clock.Store(&now)
	if isNew {
		w.lease.Store(lease)
	}
	w.unsure.Store(!isNew)
	if !w.held.Load() {
		hold := func(ctx context.Context, q *gen.Queries) error {
			err := q.HoldLease(ctx, lease)
			w.held.Store(err == nil && lease == w.lease.Load())
			return err
		}
		go func() { _ = w.trouble("hold lease", w.listener.Do(ctx, hold)) }() // it must not delay the next renewal
	}
	return nil
}

// leaseGone looks whether that is what err says: then its jobs run elsewhere, or will.
func (w *Worker) leaseGone(lease int64, err error) {
	if pg.Code(err) == "JM004" && w.lease.CompareAndSwap(lease, 0) {
		w.held.Store(false)
		w.cancelAll(ErrLeaseLost)
		w.wake.Ring()
	}
}

// ticker calls the housekeeper when it wants to be called, on the listening connection: that has
// nothing to do while the loop is busy. While the loop sleeps, park does it.
func (w *Worker) ticker(ctx context.Context) {
	for wait := time.Second; ctx.Err() == nil; {
		pg.Sleep(ctx, pg.Jitter(wait, 0.1))
		if wait = time.Second; w.sleeps() > 0 {
			continue
		}
		do := w.listener.Do
		if !w.listener.Up() {
			do = w.claims.Or(w.settles)
		}
		seconds, err := pg.Ask(ctx, do, func(ctx context.Context, q *gen.Queries) (float64, error) { return q.Tick(ctx) })
		if w.trouble("tick", err) == nil {
			wait = max(time.Millisecond, pg.Seconds(seconds))
		}
	}
}

// onNotify is called for every notification. One to the lease tells of a cancel, others of jobs.
func (w *Worker) onNotify(channel string) {
	if strings.Contains(channel, ".lease") && strings.HasSuffix(channel, "*") {
		w.beat.Ring()
	}
	w.wake.Ring()
}

// onChange is called when the listening connection is lost or back.
func (w *Worker) onChange() {
	w.held.Store(false)
	w.asleep.Store(0)
	w.beat.Ring()
	w.wake.Ring()
}
