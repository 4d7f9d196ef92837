package peers

import (
	"context"
	"fmt"

	"github.com/jobmachine/jobmachine/bench/agent"
	"github.com/jobmachine/jobmachine/bench/result"
)

const (
	paceRate    = 200 // per second
	paceWarm    = 200 // jobs
	paceSenders = 16  // connections: one that is slow holds up no other
)

// latency: an idle worker gets 200 jobs a second, each at its moment whatever became of the others (an open loop).
// Notifications are counted before: one who listens besides the worker is woken as often as it.
func latency(ctx context.Context, s *stage) error {
	w, err := s.idle(ctx, agent.Request{Concurrency: 50, Mode: "stamp"})
	if err != nil {
		return err
	}
	if err := s.pace(ctx, "pace", paceWarm); err != nil {
		return err
	}
	if err := s.notifies(ctx, func() (int, error) { return paceWarm, s.pace(ctx, "pace", paceWarm) }); err != nil {
		return err
	}
	if _, err := s.started(ctx, []*process{w}, 2*paceWarm); err != nil {
		return err
	}
	jobs := int(paceRate * s.Seconds * 2)
	var sent agent.Reply
	if err := s.measure(ctx, func() (int, float64, error) {
		if sent, err = s.producer().ask(agent.Request{Do: "pace", Producers: paceSenders, Rate: paceRate, Jobs: jobs}); err != nil {
			return 0, 0, err
		}
		_, err := s.started(ctx, []*process{w}, 2*paceWarm+jobs)
		return jobs, sent.Seconds, err
	}); err != nil {
		return err
	}
	stamps, err := w.ask(agent.Request{Do: "stamps"})
	if err != nil {
		return err
	}
	// The same numbers were used to warm up: the last stamp counts.
	startedAt := map[int64]float64{}
	for i, id := range stamps.I {
		startedAt[id] = stamps.Done[i]
	}
	var fromCommit, fromDue []float64
	for i, id := range sent.I {
		at, ok := startedAt[id]
		if !ok {
			return fmt.Errorf("job %d was not started", id)
		}
		// A handler may start before the sender hears of its commit.
		fromCommit, fromDue = append(fromCommit, max(0, at-sent.Done[i])/1000), append(fromDue, (at-sent.Due[i])/1000)
	}
	s.percentiles("start", fromCommit)
	s.percentiles("due", fromDue)
	return nil
}

// call: the same, from the moment a call is made to its reply, and from the moment it was due.
func call(ctx context.Context, s *stage) error {
	if _, err := s.idle(ctx, agent.Request{Concurrency: 50, Mode: "reply"}); err != nil {
		return err
	}
	if err := s.pace(ctx, "call", paceWarm); err != nil {
		return err
	}
	jobs := int(paceRate * s.Seconds * 2)
	var r agent.Reply
	if err := s.measure(ctx, func() (_ int, _ float64, err error) {
		r, err = s.producer().ask(agent.Request{Do: "call", Producers: paceSenders, Rate: paceRate, Jobs: jobs})
		return jobs, r.Seconds, err
	}); err != nil {
		return err
	}
	var fromCall, fromDue []float64
	for i := range r.I {
		fromCall, fromDue = append(fromCall, (r.Done[i]-r.Begin[i])/1000), append(fromDue, (r.Done[i]-r.Due[i])/1000)
	}
	s.percentiles("reply", fromCall)
	s.percentiles("due", fromDue)
	return nil
}

// idle starts a worker with nothing to do.
func (s *stage) idle(ctx context.Context, r agent.Request) (*process, error) {
	w, err := s.agent(ctx)
	if err != nil {
		return nil, err
	}
	return w, s.work([]*process{w}, r)
}

func (s *stage) pace(_ context.Context, do string, jobs int) error {
	_, err := s.producer().ask(agent.Request{Do: do, Producers: paceSenders, Rate: paceRate, Jobs: jobs})
	return err
}

func (s *stage) percentiles(of string, ms []float64) {
	for _, p := range []struct {
		name string
		p    float64
	}{{"p50", 50}, {"p95", 95}, {"p99", 99}, {"max", 100}} {
		s.figures[of+"_"+p.name+"_ms"] = result.Percentile(ms, p.p)
	}
	for p := range 100 {
		s.series[of+"_ms"] = append(s.series[of+"_ms"], result.Percentile(ms, float64(p)))
	}
}
