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
	buckets = 64               // that many bells ring for answers; a job's is its id modulo this
	linger  = time.Second      // how long a bell is listened to when nobody waits any more
	longest = 10 * time.Second // between two looks in any case
)

// bell is one bucket. It is safe if the session sleeps on it and check has said that no answer is
// under way: every later one rings. Then waiters need not ask again, and a thousand of them cost the
// listening connection nothing. All under Client.mu.
type bell struct {
	waiters map[*waiter]struct{}
	safe    bool
	since   int  // counts the times it became safe
	leaving bool // a timer will look whether anybody still waits
}

// waiter is one caller that waits for answers to one job.
type waiter struct {
	c    *Client
	id   int64
	bell *bell
	safe int           // bell.since before the last look
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
	w.bell = &c.bells[uint64(id)%buckets]
	w.safe = w.bell.since
	if w.bell.waiters == nil {
		w.bell.waiters = map[*waiter]struct{}{}
	}
	w.bell.waiters[w] = struct{}{}
	return w
}

// leave ends the waiting. A bell that nobody waits for is given up after a while: it would make
// every answer of its bucket notify.
func (w *waiter) leave() {
	c, b := w.c, w.bell
	if b == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(b.waiters, w)
	if len(b.waiters) > 0 || b.leaving {
		return
	}
	b.leaving = true
	time.AfterFunc(linger, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		b.leaving = false
		if len(b.waiters) == 0 {
			b.safe = false
			c.listener.Go(func(ctx context.Context, q *gen.Queries) error { return q.Uncheck(ctx, w.id) })
		}
	})
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
		return fmt.Errorf("job %d: %w", w.id, context.Cause(ctx))
	}
	return nil
}

// check makes sure that an answer will wake this waiter, and returns how long it may sleep.
func (w *waiter) check(ctx context.Context) (time.Duration, error) {
	c := w.c
	if c.listener != nil {
		c.mu.Lock()
		safe, sure, session := w.bell.safe, w.safe == w.bell.since, c.session
		w.safe = w.bell.since
		c.mu.Unlock()
		if safe && !sure {
			return 0, nil // what came before it was safe did not ring
		} else if safe {
			return longest, w.exists(ctx)
		}
		seconds, err := pg.Ask(ctx, c.listener.Do, func(ctx context.Context, q *gen.Queries) (float64, error) { return q.Check(ctx, w.id) })
		if pg.Code(err) == "JM001" {
			return 0, fmt.Errorf("%w: %d", ErrUnknownJob, w.id)
		}
		if err == nil {
			w.poll.Reset()
			c.checked(w, seconds, session)
			return min(longest, pg.Seconds(seconds)), nil
		}
	}
	return w.poll.Next(), w.exists(ctx)
}

// checked notes what check has said.
func (c *Client) checked(w *waiter, seconds float64, session int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if seconds == 0 { // the session remembers what it was told of, for all who wait for this job
		for o := range w.bell.waiters {
			if o != w && o.id == w.id {
				o.raise()
			}
		}
	}
	if seconds > 1 && session == c.session && !w.bell.safe {
		w.bell.safe = true
		w.bell.since++
		w.safe = w.bell.since
	}
}

// exists looks now and then whether there is such a job.
func (w *waiter) exists(ctx context.Context) error {
	if time.Since(w.seen) < time.Second {
		return nil
	}
	w.seen = time.Now()
	_, err := w.c.Status(ctx, w.id)
	return err
}

// onNotify wakes those who wait on a bell.
func (c *Client) onNotify(channel string) {
	var bucket int
	if _, err := fmt.Sscanf(strings.TrimPrefix(channel, c.cfg.Schema), ".reply%d*", &bucket); err != nil || bucket < 0 || bucket >= buckets {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.bells[bucket].waiters {
		w.raise()
	}
}

// onChange wakes all: what was listened to on the old connection is gone.
func (c *Client) onChange(bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session++
	for i := range c.bells {
		c.bells[i].safe = false
		for w := range c.bells[i].waiters {
			w.raise()
		}
	}
}

func (w *waiter) raise() {
	select {
	case w.flag <- struct{}{}:
	default:
	}
}
