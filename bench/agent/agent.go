// Package agent is one process of a measurement: producers or a worker of one system, told what to do by lines of JSON
// on its standard input. The systems in Go live here; those in Node speak the same lines, see ../node.
package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// System is a queue, used in the way its own documentation recommends.
type System interface {
	Install(ctx context.Context) error
	// Open connects so many producers.
	Open(ctx context.Context, producers int) error
	Send(ctx context.Context, p Payload) error
	SendMany(ctx context.Context, p []Payload) error
	// Work starts a worker and returns what stops it. Concurrency 0 is what the system does best with.
	Work(ctx context.Context, concurrency int, handle Handler) (stop func() error, err error)
}

// Handler does a job; the reply is for systems that have replies.
type Handler func(context.Context, Payload) (reply any)

// Caller is a system that can wait for a reply.
type Caller interface {
	Call(ctx context.Context, p Payload) error
}

// Payload is 200 bytes of JSON.
type Payload struct {
	I    int64  `json:"i"`
	Data string `json:"data"`
}

// First is the number of the first payload: all have as many digits.
const First = 1000000

var filler = strings.Repeat("x", 177)

func payload(n int) Payload { return Payload{First + int64(n)%(9*First), filler} }

// Request is a line to an agent.
type Request struct {
	Do          string  `json:"do"` // share, install, send, bulk, pace, call, work, count, stamps or stop
	Producers   int     `json:"producers,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"`
	Jobs        int     `json:"jobs,omitempty"`
	Batch       int     `json:"batch,omitempty"`
	Rate        float64 `json:"rate,omitempty"` // per second
	Quiet       bool    `json:"quiet,omitempty"`
	Concurrency int     `json:"concurrency,omitempty"`
	Mode        string  `json:"mode,omitempty"`  // of handlers: noop, sleep (10 ms), stamp, reply or hold
	Cores       int     `json:"cores,omitempty"` // of share
}

// Reply is the line that answers it. Times are microseconds of CLOCK_MONOTONIC, so that those of two processes compare.
type Reply struct {
	Error   string    `json:"error,omitempty"`
	Jobs    int       `json:"jobs,omitempty"`
	Seconds float64   `json:"seconds,omitempty"`
	First   float64   `json:"first,omitempty"` // when the first handler started
	I       []int64   `json:"i,omitempty"`
	Due     []float64 `json:"due,omitempty"`
	Begin   []float64 `json:"begin,omitempty"`
	Done    []float64 `json:"done,omitempty"`
}

// Serve answers requests until in ends.
func Serve(ctx context.Context, s System, in io.Reader, out io.Writer) error {
	a := &agent{System: s}
	lines := bufio.NewScanner(in)
	answers := json.NewEncoder(out)
	for lines.Scan() {
		var r Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		reply, err := a.do(ctx, r)
		if err != nil {
			reply.Error = fmt.Sprintf("%s: %v", r.Do, err)
		}
		if err := answers.Encode(reply); err != nil {
			return err
		}
	}
	return lines.Err()
}

type agent struct {
	System
	producers int
	stop      func() error
	count     atomic.Int64
	first     atomic.Int64
	mu        sync.Mutex
	stamps    Reply
}

func (a *agent) do(ctx context.Context, r Request) (Reply, error) {
	switch r.Do {
	case "share":
		runtime.GOMAXPROCS(r.Cores)
		return Reply{}, nil
	case "install":
		return Reply{}, a.Install(ctx)
	case "send":
		return a.send(ctx, r)
	case "bulk":
		return a.bulk(ctx, r)
	case "pace":
		return a.pace(ctx, r, a.Send)
	case "call":
		c, ok := a.System.(Caller)
		if !ok {
			return Reply{}, errors.New("this system has no replies")
		}
		return a.pace(ctx, r, c.Call)
	case "work":
		return Reply{}, a.work(ctx, r)
	case "count":
		return Reply{Jobs: int(a.count.Load()), First: float64(a.first.Load()) / 1000}, nil
	case "stamps":
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.stamps, nil
	case "stop":
		return Reply{}, a.stop()
	}
	return Reply{}, errors.New("unknown")
}

func (a *agent) open(ctx context.Context, n int) error {
	if a.producers == n {
		return nil
	}
	a.producers = n
	return a.Open(ctx, n)
}

// send lets producers send one job after the other for some time.
func (a *agent) send(ctx context.Context, r Request) (Reply, error) {
	if err := a.open(ctx, r.Producers); err != nil {
		return Reply{}, err
	}
	var tasks sync.WaitGroup
	errs := make([]error, r.Producers)
	var sent atomic.Int64
	begin := time.Now()
	until := begin.Add(time.Duration(r.Seconds * float64(time.Second)))
	for p := range r.Producers {
		tasks.Go(func() {
			for errs[p] == nil && time.Now().Before(until) {
				errs[p] = a.Send(ctx, payload(int(sent.Add(1))))
			}
		})
	}
	tasks.Wait()
	return Reply{Jobs: int(sent.Load()), Seconds: time.Since(begin).Seconds()}, errors.Join(errs...)
}

// bulk lets one producer send batch after batch.
func (a *agent) bulk(ctx context.Context, r Request) (Reply, error) {
	if err := a.open(ctx, 1); err != nil {
		return Reply{}, err
	}
	begin := time.Now()
	for n := 0; n < r.Jobs; {
		batch := make([]Payload, min(r.Batch, r.Jobs-n))
		for i := range batch {
			batch[i] = payload(n)
			n++
		}
		if err := a.SendMany(ctx, batch); err != nil {
			return Reply{}, err
		}
	}
	return Reply{Jobs: r.Jobs, Seconds: time.Since(begin).Seconds()}, nil
}

// pace sends at a rate whatever the answers do (an open loop), and tells when each send was due, when it began (a timer may be
// a millisecond late) and when it was done.
func (a *agent) pace(ctx context.Context, r Request, send func(context.Context, Payload) error) (Reply, error) {
	if err := a.open(ctx, r.Producers); err != nil {
		return Reply{}, err
	}
	reply := Reply{Jobs: r.Jobs, I: make([]int64, r.Jobs), Due: make([]float64, r.Jobs), Begin: make([]float64, r.Jobs), Done: make([]float64, r.Jobs)}
	var tasks sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	begin := now()
	for n := range r.Jobs {
		due := begin + int64(float64(n)/r.Rate*1e9)
		time.Sleep(time.Duration(due - now()))
		tasks.Go(func() {
			p := payload(n)
			begin := now()
			if err := send(ctx, p); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
			reply.I[n], reply.Due[n], reply.Begin[n], reply.Done[n] = p.I, float64(due)/1000, float64(begin)/1000, float64(now())/1000
		})
	}
	tasks.Wait()
	if r.Quiet {
		reply.I, reply.Due, reply.Begin, reply.Done = nil, nil, nil, nil
	}
	reply.Seconds = float64(now()-begin) / 1e9
	return reply, errors.Join(errs...)
}

func (a *agent) work(ctx context.Context, r Request) (err error) {
	a.count.Store(0)
	a.first.Store(0)
	a.stamps = Reply{}
	a.stop, err = a.Work(ctx, r.Concurrency, func(ctx context.Context, p Payload) any {
		if a.count.Add(1) == 1 {
			a.first.Store(now())
		}
		switch r.Mode {
		case "sleep":
			time.Sleep(10 * time.Millisecond)
		case "stamp":
			at := float64(now()) / 1000
			a.mu.Lock()
			a.stamps.I, a.stamps.Done = append(a.stamps.I, p.I), append(a.stamps.Done, at)
			a.mu.Unlock()
		case "reply":
			return p
		case "hold":
			<-ctx.Done()
		}
		return nil
	})
	return err
}
