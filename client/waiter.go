package client

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

const (
	buckets    = 64 // that many bells ring for answers; a job's is its id modulo this
	allBuckets = -1
)

// waiter is one caller that waits for answers to one job.
type waiter struct {
	c    *Client
	id   int64
	flag chan struct{} // there may be news
	poll pg.Backoff
	seen time.Time // when it was last known that there is such a job
}

func (c *Client) wait(id int64) *waiter {
	w := &waiter{c: c, id: id, flag: make(chan struct{}, 1), poll: pg.Backoff{Min: 5 * time.Millisecond, Max: 500 * time.Millisecond}}
	if c.listener == nil {
		return w
	}
	c.start.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		c.stop = cancel
		c.stopped.Go(func() { c.listener.Run(ctx) })
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiters[w.bucket()] == nil {
		c.waiters[w.bucket()] = map[*waiter]struct{}{}
	}
	c.waiters[w.bucket()][w] = struct{}{}
	return w
}

func (w *waiter) bucket() int { return int(uint64(w.id) % buckets) }

// leave ends the waiting; the last one of a bucket lets its bell be silent.
func (w *waiter) leave() {
	c := w.c
	if c.listener == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiters[w.bucket()], w)
	if len(c.waiters[w.bucket()]) == 0 {
		c.listener.Go(func(ctx context.Context, q *gen.Queries) error { return q.Uncheck(ctx, w.id) })
	}
}

// news waits until there may be an answer that was not there at the last look.
func (w *waiter) news(ctx context.Context) error {
	pause, err := w.check(ctx)
	if err != nil || pause <= 0 {
		return err
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-w.flag:
	case <-t.C:
	case <-ctx.Done():
		return fmt.Errorf("jobmachine: waiting for job %d: %w", w.id, context.Cause(ctx))
	}
	return nil
}

// check makes sure that an answer will wake this waiter, and returns how long it may sleep.
func (w *waiter) check(ctx context.Context) (time.Duration, error) {
	if l := w.c.listener; l != nil {
		seconds, err := pg.Ask(ctx, l.Do, func(ctx context.Context, q *gen.Queries) (float64, error) { return q.Check(ctx, w.id) })
		if pg.Code(err) == "JM001" {
			return 0, fmt.Errorf("%w: %d", ErrUnknownJob, w.id)
		}
		if err == nil {
			w.poll.Reset()
			if seconds == 0 { // the session remembers what it was told of, for all who wait for this job
				w.c.wake(w.bucket(), func(o *waiter) bool { return o != w && o.id == w.id })
			}
			return pg.Seconds(seconds), nil
		}
	}
	if time.Since(w.seen) > time.Second {
		if _, err := w.c.Status(ctx, w.id); err != nil {
			return 0, err
		}
		w.seen = time.Now()
	}
	return w.poll.Next(), nil
}

// notified wakes those who wait on a bell.
func (c *Client) notified(channel string) {
	bucket := allBuckets
	_, _ = fmt.Sscanf(strings.TrimPrefix(channel, c.cfg.Schema), ".reply%d*", &bucket)
	c.wake(bucket, func(*waiter) bool { return true })
}

// wake wakes waiters of a bucket, or of all.
func (c *Client) wake(bucket int, which func(*waiter) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for b := range c.waiters {
		if b != bucket && bucket != allBuckets {
			continue
		}
		for w := range c.waiters[b] {
			if which(w) {
				select {
				case w.flag <- struct{}{}:
				default:
				}
			}
		}
	}
}
