package pg

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Gather makes one call of many. What comes while a call is under way goes with the next one, together with all else that came
// meanwhile; what comes alone goes at once. It is group commit (DeWitt et al., Implementation Techniques for Main Memory Database
// Systems, 1984) for the whole way to the database and back.
type Gather[K comparable, V, R any] struct {
	Call     func(ctx context.Context, key K, values []V) ([]R, error) // one transaction; the results in the order of the values
	Max      int                                                       // values of a call
	Patience time.Duration                                             // with a call under way; who is in line behind it then goes alone

	mu    sync.Mutex
	lines map[K]*line[V, R] // there is one while a call is under way
}

// line is who comes next.
type line[V, R any] struct {
	begun   time.Time // the call under way
	waiting []*waiter[V, R]
}

// waiter is one in line, and then of a call.
type waiter[V, R any] struct {
	ctx    context.Context
	value  V
	call   *call
	result R
	done   chan error
}

// call is given up when nobody waits for it any more.
type call struct {
	waiting atomic.Int64
	giveUp  context.CancelFunc
}

// errTogether sends each of a call its own way: the server refused it, mostly for one of them, and nothing has happened.
var errTogether = errors.New("refused together")

// Do returns the result for one value, or the error of a call for it alone. When ctx ends in line nothing has happened; when it
// ends later the outcome is unknown, as of every call.
func (g *Gather[K, V, R]) Do(ctx context.Context, key K, value V) (result R, err error) {
	w := &waiter[V, R]{ctx: ctx, value: value, done: make(chan error, 1)}
	rest, busy := g.join(key, w)
	if !busy {
		defer func() { go g.work(key) }()
		return g.alone(ctx, key, value)
	}
	late := time.NewTimer(rest)
	defer late.Stop()
	for {
		select {
		case err = <-w.done:
			if err == errTogether {
				return g.alone(ctx, key, value)
			}
			return w.result, err
		case <-late.C:
			if g.leave(key, w, g.Patience) {
				return g.alone(ctx, key, value)
			}
			late.Reset(g.Patience)
		case <-ctx.Done():
			if !g.leave(key, w, 0) && w.call.waiting.Add(-1) == 0 {
				w.call.giveUp()
			}
			return result, ctx.Err()
		}
	}
}

// InLine returns how many wait for the next call.
func (g *Gather[K, V, R]) InLine(key K) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.lines[key]; l != nil {
		return len(l.waiting)
	}
	return 0
}

func (g *Gather[K, V, R]) alone(ctx context.Context, key K, value V) (result R, err error) {
	results, err := g.Call(ctx, key, []V{value})
	if err == nil {
		result = results[0]
	}
	return result, err
}

// join gets in line, and tells for how long to be patient; or it opens the line if no call is under way.
func (g *Gather[K, V, R]) join(key K, w *waiter[V, R]) (rest time.Duration, busy bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.lines[key]; l != nil {
		l.waiting = append(l.waiting, w)
		return time.Until(l.begun.Add(g.Patience)), true
	}
	if g.lines == nil {
		g.lines = map[K]*line[V, R]{}
	}
	g.lines[key] = &line[V, R]{begun: time.Now()}
	return 0, false
}

// leave gets out of line, if it has come to a stop for so long; false if not, or if the call is under way or over.
func (g *Gather[K, V, R]) leave(key K, w *waiter[V, R], stop time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lines[key]
	if w.call != nil || time.Since(l.begun) < stop {
		return false
	}
	l.waiting = slices.DeleteFunc(l.waiting, func(other *waiter[V, R]) bool { return other == w })
	return true
}

// work makes calls until the line is empty.
func (g *Gather[K, V, R]) work(key K) {
	for all, ctx := g.next(key); len(all) > 0; all, ctx = g.next(key) {
		g.together(ctx, key, all)
	}
}

// next takes those in line for a call. If there are none, the line is closed.
func (g *Gather[K, V, R]) next(key K) ([]*waiter[V, R], context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lines[key]
	n := min(len(l.waiting), g.Max)
	if n == 0 {
		delete(g.lines, key)
		return nil, nil
	}
	all := l.waiting[:n]
	ctx, giveUp := ctxOf(all)
	c := &call{giveUp: giveUp}
	c.waiting.Store(int64(n))
	for _, w := range all {
		w.call = c
	}
	l.begun, l.waiting = time.Now(), l.waiting[n:]
	return all, ctx
}

// ctxOf makes the ctx of a call: the first one's, but it ends when the last of them would give up.
func ctxOf[V, R any](all []*waiter[V, R]) (context.Context, context.CancelFunc) {
	ctx, last := context.WithoutCancel(all[0].ctx), time.Time{}
	for _, w := range all {
		end, ends := w.ctx.Deadline()
		if !ends {
			return context.WithCancel(ctx)
		}
		if end.After(last) {
			last = end
		}
	}
	return context.WithDeadline(ctx, last)
}

// together makes a call, and hands out what came of it.
func (g *Gather[K, V, R]) together(ctx context.Context, key K, all []*waiter[V, R]) {
	defer all[0].call.giveUp()
	values := make([]V, len(all))
	for i, w := range all {
		values[i] = w.value
	}
	results, err := g.Call(ctx, key, values)
	if len(all) > 1 && RolledBack(err) {
		err = errTogether
	}
	full := g.InLine(key) + len(all)
	for i, w := range all {
		if err == nil {
			w.result = results[i]
		}
		w.done <- err
	}
	// They may have more to ask: who comes back at once goes with the next call, not with the one after it.
	for turn := 0; turn < 32 && g.InLine(key) < full; turn++ {
		runtime.Gosched()
	}
}
