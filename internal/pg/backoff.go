package pg

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is the wait before the next try: it doubles from Min to Max. The zero value goes from
// 50 ms to 5 s.
type Backoff struct {
	Min, Max time.Duration
	next     time.Duration
}

// Reset starts over, after a success.
func (b *Backoff) Reset() { b.next = 0 }

// Next returns the wait, jittered by half: a fleet must not come back in step.
func (b *Backoff) Next() time.Duration {
	lo, hi := b.Min, b.Max
	if lo == 0 {
		lo, hi = 50*time.Millisecond, 5*time.Second
	}
	d := max(b.next, lo)
	b.next = min(2*d, hi)
	return Jitter(d, 0.5)
}

// Sleep waits for Next, or until ctx ends.
func (b *Backoff) Sleep(ctx context.Context) { Sleep(ctx, b.Next()) }

// Sleep waits, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Jitter spreads a duration by a fraction to both sides.
func Jitter(d time.Duration, by float64) time.Duration {
	return time.Duration(float64(d) * (1 - by + 2*by*rand.Float64()))
}

// Pace keeps calls apart that would do little: each for as long as the last one took, so that the slower the database,
// the more they gather.
type Pace struct{ until time.Time }

// Time is called before a call, and what it returns after it.
func (p *Pace) Time() (end func()) {
	begin := time.Now()
	return func() { p.until = time.Now().Add(min(time.Since(begin), 10*time.Millisecond)) }
}

// Hold waits if it is too soon for a call that would do little, or until b rings, and reports whether it did.
func (p *Pace) Hold(ctx context.Context, b Bell) bool {
	rest := time.Until(p.until)
	if rest > 0 {
		b.Wait(ctx, rest)
	}
	return rest > 0
}
