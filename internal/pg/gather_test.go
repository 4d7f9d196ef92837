package pg

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A line that moves keeps those who wait, though each of them waits longer than a call may hang: calls stay one at a time.
func TestALineThatMovesIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most, calls atomic.Int64
		g := Gather[string, int, int]{Max: 1, Patience: time.Second, Call: func(_ context.Context, _ string, values []int) ([]int, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			calls.Add(1)
			time.Sleep(600 * time.Millisecond) // by the clock of the bubble: nobody waits
			return values, nil
		}}
		var senders sync.WaitGroup
		for n := range 8 {
			senders.Go(func() {
				if got, err := g.Do(t.Context(), "q", n); got != n || err != nil {
					t.Error(got, err)
				}
			})
		}
		senders.Wait()
		if most.Load() != 1 || calls.Load() != 8 {
			t.Errorf("%d calls, %d at a time", calls.Load(), most.Load())
		}
	})
}

// One that hangs is waited for as long as Patience says, and by those who come later not at all.
func TestACallThatHangsIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		g := Gather[string, int, int]{Max: 9, Patience: time.Second, Call: func(_ context.Context, _ string, values []int) ([]int, error) {
			if values[0] == 0 {
				<-release
			}
			return values, nil
		}}
		var hung sync.WaitGroup
		hung.Go(func() { g.Do(t.Context(), "q", 0) })
		synctest.Wait()
		for n, want := range []time.Duration{time.Second, 0} {
			begin := time.Now()
			if got, err := g.Do(t.Context(), "q", n+1); got != n+1 || err != nil || time.Since(begin) != want {
				t.Errorf("send %d after %v: %v, %v", n+1, time.Since(begin), got, err)
			}
		}
		close(release)
		hung.Wait()
	})
}

// A call that nobody would wait for any more must end by itself: pgx keeps a connection for some time that it cannot ask whether it lives.
func TestACallEndsWithTheLastDeadlineOfThoseInIt(t *testing.T) {
	for name, test := range map[string]struct {
		patience []time.Duration // of each in line; 0: for ever
		want     time.Duration
	}{
		"the last one's":   {[]time.Duration{3 * time.Second, 5 * time.Second, 4 * time.Second}, 5 * time.Second},
		"one has no such":  {[]time.Duration{3 * time.Second, 0, 4 * time.Second}, 0},
		"the only one's":   {[]time.Duration{2 * time.Second}, 2 * time.Second},
		"the first has no": {[]time.Duration{0, 2 * time.Second}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, release := time.Now(), make(chan struct{})
				g := Gather[string, int, int]{Max: 9, Patience: time.Minute, Call: func(ctx context.Context, _ string, values []int) ([]int, error) {
					if values[0] < 0 {
						<-release
						return values, nil
					}
					got := time.Duration(0)
					if end, ok := ctx.Deadline(); ok {
						got = end.Sub(begin)
					}
					if got != test.want || len(values) != len(test.patience) {
						t.Errorf("a call of %d ends after %v, want %v", len(values), got, test.want)
					}
					return values, nil
				}}
				var senders sync.WaitGroup
				senders.Go(func() { g.Do(t.Context(), "q", -1) })
				synctest.Wait()
				for n, patience := range test.patience {
					senders.Go(func() {
						ctx := t.Context()
						if patience > 0 {
							var cancel context.CancelFunc
							ctx, cancel = context.WithTimeout(ctx, patience)
							defer cancel()
						}
						if got, err := g.Do(ctx, "q", n); got != n || err != nil {
							t.Error(got, err)
						}
					})
				}
				synctest.Wait()
				close(release)
				senders.Wait()
			})
		})
	}
}
