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
