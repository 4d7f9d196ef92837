package peers

import (
	"cmp"
	"context"
	"time"

	"github.com/jobmachine/jobmachine/bench/agent"
)

// send: 8 producers send one job after the other; nobody works.
func send(ctx context.Context, s *stage) error {
	return s.send(ctx, min(1, s.Seconds))
}

// send counts the notifications of a warm-up, and measures then: one who listens would be woken by each.
func (s *stage) send(ctx context.Context, warm float64) error {
	ask := func(seconds float64) (int, float64, error) {
		r, err := s.producer().ask(agent.Request{Do: "send", Producers: 8, Seconds: seconds})
		return r.Jobs, r.Seconds, err
	}
	if err := s.notifies(ctx, func() (int, error) {
		jobs, _, err := ask(warm)
		return jobs, err
	}); err != nil {
		return err
	}
	return s.measure(ctx, func() (int, float64, error) { return ask(s.Seconds) })
}

// bulk: one producer sends in batches of 1,000.
func bulk(ctx context.Context, s *stage) error {
	if _, err := s.producer().ask(agent.Request{Do: "bulk", Jobs: 5 * batch, Batch: batch}); err != nil {
		return err
	}
	return s.measure(ctx, func() (int, float64, error) {
		r, err := s.producer().ask(agent.Request{Do: "bulk", Jobs: s.Jobs, Batch: batch})
		return r.Jobs, r.Seconds, err
	})
}

// drain: jobs that do nothing, until all are over in the database.
func drain(processes int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		jobs := s.Jobs
		if s.Name == "river-default" {
			jobs /= 10 // it would take minutes
		}
		if err := s.load(ctx, jobs); err != nil {
			return err
		}
		workers := s.agents
		for len(workers) < processes {
			if _, err := s.agent(ctx); err != nil {
				return err
			}
			workers = s.agents
		}
		return s.notifies(ctx, func() (int, error) {
			return jobs, s.measure(ctx, func() (int, float64, error) {
				seconds, err := s.drain(ctx, workers, jobs, agent.Request{})
				return jobs, seconds, err
			})
		})
	}
}

// life: as much as drain, but from the first send to the last completion: what a job costs over its whole life.
func life(ctx context.Context, s *stage) error {
	return s.measure(ctx, func() (int, float64, error) {
		if _, err := s.producer().ask(agent.Request{Do: "bulk", Jobs: s.Jobs, Batch: batch}); err != nil {
			return 0, 0, err
		}
		if _, err := s.db.Exec(ctx, "analyze"); err != nil {
			return 0, 0, err
		}
		_, err := s.drain(ctx, s.agents, s.Jobs, agent.Request{})
		return s.Jobs, 0, err
	})
}

// busy: 8 producers send one by one beside a worker that has more to do than it can: 20 handlers of 10 ms, for all the same.
func busy(ctx context.Context, s *stage) error {
	if err := s.load(ctx, int(3000*(s.Seconds+2))); err != nil {
		return err
	}
	w, err := s.agent(ctx)
	if err != nil {
		return err
	}
	if err := s.work([]*process{w}, agent.Request{Concurrency: 20, Mode: "sleep"}); err != nil {
		return err
	}
	if _, err := s.started(ctx, []*process{w}, 500); err != nil {
		return err
	}
	before, _, err := s.count([]*process{w})
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := s.send(ctx, 0.5); err != nil {
		return err
	}
	after, _, err := s.count([]*process{w})
	if err == nil {
		s.figures["worked_per_second"] = float64(after-before) / time.Since(begin).Seconds()
	}
	return err
}

// backlog: the first jobs of a long queue, and what they cost. 0: as long as is configured.
func backlog(size int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		if err := s.load(ctx, cmp.Or(size, s.Backlog)); err != nil {
			return err
		}
		return s.measure(ctx, func() (int, float64, error) {
			if err := s.work(s.agents, agent.Request{}); err != nil {
				return 0, 0, err
			}
			seconds, err := s.started(ctx, s.agents, s.Jobs)
			if err != nil {
				return 0, 0, err
			}
			jobs, _, err := s.count(s.agents)
			return jobs, seconds, err
		})
	}
}
