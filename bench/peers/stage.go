package peers

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/bench/agent"
	"github.com/jobmachine/jobmachine/bench/result"
	"github.com/jobmachine/jobmachine/internal/pgserver"
)

// stage is one measurement: one system in a database that was made for it.
type stage struct {
	System
	*Config
	server  *pgserver.Server
	url     string
	db      *pgx.Conn
	agents  []*process
	figures map[string]float64
	series  map[string][]float64
}

// run measures one scenario of one system.
func (b *bench) run(ctx context.Context, sc scenario, system System, pass int) result.Run {
	s := &stage{System: system, Config: b.Config, server: b.server, url: b.server.DatabaseURL("bench"),
		figures: map[string]float64{}, series: map[string][]float64{}}
	run := result.Run{Scenario: sc.name, System: system.Name, Pass: pass, Figures: s.figures, Series: s.series}
	ctx, cancel := context.WithTimeout(ctx, sc.limit+b.Long)
	defer cancel()
	defer context.AfterFunc(ctx, s.killAll)() // an agent that hangs would hold us up
	err := s.set(ctx)
	if err == nil {
		err = sc.run(ctx, s)
	}
	s.killAll()
	if s.db != nil {
		s.db.Close(context.WithoutCancel(ctx))
	}
	if err != nil {
		run.Error = err.Error()
	}
	return run
}

// set makes the database anew, with the system in it. DROP DATABASE makes a checkpoint, so what follows is free of
// full-page images: the tables are new.
func (s *stage) set(ctx context.Context) error {
	admin, err := pgx.Connect(ctx, s.server.URL())
	if err != nil {
		return err
	}
	defer admin.Close(ctx)
	for _, sql := range []string{"drop database if exists bench with (force)", "create database bench", "checkpoint"} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if s.db, err = pgx.Connect(ctx, s.url); err != nil {
		return err
	}
	p, err := s.agent(ctx)
	if err != nil {
		return err
	}
	_, err = p.ask(agent.Request{Do: "install"})
	return err
}

// agent starts one more process of the system; the first one is the one that installed it. All of them share the cores, as
// containers with limits do.
func (s *stage) agent(ctx context.Context) (*process, error) {
	p, err := startAgent(ctx, s.System, s.NodeDir, s.url)
	if err != nil {
		return nil, err
	}
	s.agents = append(s.agents, p)
	for _, a := range s.agents {
		if _, err := a.ask(agent.Request{Do: "share", Cores: max(1, runtime.GOMAXPROCS(0)/len(s.agents))}); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s *stage) producer() *process { return s.agents[0] }

func (s *stage) killAll() {
	for _, p := range s.agents {
		p.kill()
	}
}

// load sends jobs in bulk, and lets the planner know of them.
func (s *stage) load(ctx context.Context, jobs int) error {
	if _, err := s.producer().ask(agent.Request{Do: "bulk", Jobs: jobs, Batch: batch}); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, "analyze")
	return err
}

// batch is the size of bulk sends.
const batch = 1000

// work starts workers, at the same time.
func (s *stage) work(workers []*process, r agent.Request) error {
	r.Do = "work"
	errs := make(chan error)
	for _, w := range workers {
		go func() {
			_, err := w.ask(r)
			errs <- err
		}()
	}
	var all error
	for range workers {
		all = errors.Join(all, <-errs)
	}
	return all
}

// count adds up the handlers that have started, and tells when the first one did.
func (s *stage) count(workers []*process) (jobs int, first float64, err error) {
	for _, w := range workers {
		r, err := w.ask(agent.Request{Do: "count"})
		if err != nil {
			return 0, 0, err
		}
		if jobs += r.Jobs; r.First > 0 && (first == 0 || r.First < first) {
			first = r.First
		}
	}
	return jobs, first, nil
}

// started waits until so many handlers have started, and returns the seconds since the first one.
func (s *stage) started(ctx context.Context, workers []*process, jobs int) (seconds float64, err error) {
	for ctx.Err() == nil {
		n, first, err := s.count(workers)
		if err != nil {
			return 0, err
		}
		if n >= jobs {
			return (agent.Now() - first) / 1e6, nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	n, _, _ := s.count(workers)
	return 0, fmt.Errorf("%d of %d jobs were started: %w", n, jobs, ctx.Err())
}

// drain works until all jobs are over in the database, and returns the seconds since the first handler started.
func (s *stage) drain(ctx context.Context, workers []*process, jobs int, r agent.Request) (seconds float64, err error) {
	if err := s.work(workers, r); err != nil {
		return 0, err
	}
	if _, err := s.started(ctx, workers, jobs); err != nil {
		return 0, err
	}
	for {
		var left bool
		if err := s.db.QueryRow(ctx, s.left).Scan(&left); err != nil {
			return 0, err
		}
		if !left {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	_, first, err := s.count(workers)
	return (agent.Now() - first) / 1e6, err
}
