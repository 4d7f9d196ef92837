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
	spinFor  = 20 * time.Millisecond  // how long a busy loop goes on looking after the last job, and
	spinMin  = 10                     // how often at least: on a slow machine the time is over soon
	spinGap  = 500 * time.Microsecond // between two such looks
	busyHits = 4                      // claims that found jobs, each that soon after the other: busy
	deafGap  = time.Second            // between two looks while the listening connection is away
)

// loop claims and hands out until ctx ends, or nothing is left to drain. Its calls use life.
func (w *Worker) loop(ctx, life context.Context, drain bool) error {
	var (
		backoff pg.Backoff
		found   time.Time // the last job
		hits    int       // claims that found jobs
		misses  int       // since then
	)
	for turn := 0; ctx.Err() == nil; turn++ {
		w.wake.lower() // what comes from now on is for the next look
		r := w.room(turn)
		if r.n == 0 {
			if !w.freed.wait(ctx, spinFor) {
				w.unpark()
				w.freed.wait(ctx, time.Minute)
			}
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
			if time.Since(found) > spinFor {
				hits = 0
			}
			found, misses = time.Now(), 0
			if hits++; hits >= busyHits {
				w.unpark()
			}
		case drain && r.quiet:
			return nil
		case drain:
			w.freed.wait(ctx, deafGap)
		case (time.Since(found) < spinFor || misses < spinMin) && !w.asleep(r):
			misses++
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
	w.start(jobs, l)
	return len(jobs), nil
}

// idle parks, and waits until there may be something to claim. One who sleeps on all its queues, and
// was told so for a while, need not park again: whatever comes rings.
func (w *Worker) idle(ctx, life context.Context, r room) {
	wait := pg.Jitter(w.cfg.PollInterval, 0.2)
	if w.listener != nil && !w.asleep(r) {
		seconds, err := pg.Ask(life, w.listener.Do, func(ctx context.Context, q *gen.Queries) (float64, error) { return q.Park(ctx, r.queues) })
		if err != nil {
			seconds = deafGap.Seconds()
		}
		if !errors.Is(err, listen.ErrDown) {
			_ = w.trouble("park", err)
		}
		wait = min(wait, pg.Seconds(seconds))
		w.mu.Lock()
		w.parked, w.sleepUntil = err == nil, time.Time{}
		if w.parked && seconds > 0.5 && len(r.queues) == len(w.queues) { // less: a sender is under way
			w.sleepUntil = time.Now().Add(wait)
		}
		w.mu.Unlock()
	} else if w.listener != nil {
		w.mu.Lock()
		wait = min(wait, time.Until(w.sleepUntil))
		w.mu.Unlock()
	}
	w.wake.wait(ctx, wait)
}

// asleep reports whether senders notify for everything that can be claimed.
func (w *Worker) asleep(r room) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Before(w.sleepUntil) && len(r.queues) == len(w.queues)
}

// unpark lets senders be quiet: the loop is busy looking.
func (w *Worker) unpark() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.parked {
		w.parked, w.sleepUntil = false, time.Time{}
		w.listener.Go(func(ctx context.Context, q *gen.Queries) error { return q.Unpark(ctx) })
	}
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
	w.parked, w.sleepUntil = false, time.Time{}
	w.session++
	for _, l := range w.leases {
		l.lost = l.lost || l.held
		l.held = false
	}
	w.beat.raise()
	w.wake.raise()
}
