package peers

import (
	"context"
	"time"

	"github.com/jobmachine/jobmachine/bench/agent"
)

// crashJobs run when the worker is killed.
const crashJobs = 20

// crash: kill -9 of a worker with running jobs, beside another one that is idle. How long until all were started again?
func crash(ctx context.Context, s *stage) error {
	// Sessions that are gone mean little to jobmachine just after a restart of the server.
	if err := s.db.QueryRow(ctx, "select pg_sleep(greatest(0, 31 - extract(epoch from clock_timestamp() - pg_postmaster_start_time())))::text").Scan(new(string)); err != nil {
		return err
	}
	doomed, err := s.idle(ctx, agent.Request{Concurrency: crashJobs, Mode: "hold"})
	if err != nil {
		return err
	}
	if err := s.load(ctx, crashJobs); err != nil {
		return err
	}
	if _, err := s.started(ctx, []*process{doomed}, crashJobs); err != nil {
		return err
	}
	heir, err := s.idle(ctx, agent.Request{Concurrency: crashJobs, Mode: "hold"})
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Second) // to settle down
	doomed.kill()
	killed := time.Now()
	s.agents = []*process{s.producer(), heir}
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	_, err = s.started(ctx, []*process{heir}, crashJobs)
	if ctx.Err() != nil {
		s.figures["over_seconds"] = s.Patience.Seconds() // not within that time: a figure, not an error
		return nil
	}
	s.figures["recovered_seconds"] = time.Since(killed).Seconds()
	return err
}
