package pg

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Gather makes one call of many. What comes while a call is under way goes with the next one, together with all else that came
// meanwhile; what comes alone goes at once. It is group commit (DeWitt et al., Implementation Techniques for Main Memory Database
// Systems, 1984) for the whole way to the database and back.
type Gather[K comparable, V, R any] struct {
	Call     func(ctx context.Context, key K, values []V) ([]R, error) // one transaction; the results in the order of the values
	Max      int                                                       // values of a call
	Patience time.Duration                                             // in line, then one goes alone: the call under way may hang

	mu    sync.Mutex
	lines map[K][]*waiter[V, R] // who comes next; there is a line, perhaps an empty one, while a call is under way
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

// errTogether sends each of a call its own way: the server refused it, one of them is the reason, and nothing has happened.
var errTogether = errors.New("refused together")

// Do returns the result for one value, or the error of a call for it alone. When ctx ends in line nothing has happened; when it
// ends later the outcome is unknown, as of every call.
func (g *Gather[K, V, R]) Do(ctx context.Context, key K, value V) (result R, err error) {
	w := &waiter[V, R]{ctx: ctx, value: value, done: make(chan error, 1)}
	if !g.join(key, w) {
		defer func() { go g.work(key) }()
		return g.alone(ctx, key, value)
	}
	late := time.NewTimer(g.Patience)
	defer late.Stop()
	for {
		select {
		case err = <-w.done:
			if err == errTogether {
				return g.alone(ctx, key, value)
			}
			return w.result, err
		case <-late.C:
			if g.leave(key, w) {
				return g.alone(ctx, key, value)
			}
		case <-ctx.Done():
			if !g.leave(key, w) && w.call.waiting.Add(-1) == 0 {
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
	return len(g.lines[key])
}

func (g *Gather[K, V, R]) alone(ctx context.Context, key K, value V) (result R, err error) {
	results, err := g.Call(ctx, key, []V{value})
	if err == nil {
		result = results[0]
	}
	return result, err
}

// join gets in line, or opens one if no call is under way, and then reports false.
func (g *Gather[K, V, R]) join(key K, w *waiter[V, R]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lines == nil {
		g.lines = map[K][]*waiter[V, R]{}
	}
	line, busy := g.lines[key]
	if busy {
		line = append(line, w)
	}
	g.lines[key] = line
	return busy
}

// leave gets out of line; false if the call is under way or over.
func (g *Gather[K, V, R]) leave(key K, w *waiter[V, R]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.call != nil {
		return false
	}
	g.lines[key] = slices.DeleteFunc(g.lines[key], func(other *waiter[V, R]) bool { return other == w })
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
	line := g.lines[key]
	n := min(len(line), g.Max)
	if n == 0 {
		delete(g.lines, key)
		return nil, nil
	}
	ctx, giveUp := context.WithCancel(context.WithoutCancel(line[0].ctx))
	c := &call{giveUp: giveUp}
	c.waiting.Store(int64(n))
	for _, w := range line[:n] {
		w.call = c
	}
	g.lines[key] = line[n:]
	return line[:n], ctx
}

// together makes a call, and hands out what came of it.
func (g *Gather[K, V, R]) together(ctx context.Context, key K, all []*waiter[V, R]) {
	defer all[0].call.giveUp()
	values := make([]V, len(all))
	for i, w := range all {
		values[i] = w.value
	}
	results, err := g.Call(ctx, key, values)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Severity == "ERROR" {
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
