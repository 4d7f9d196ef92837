package peers

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/bench/agent"
	"github.com/jobmachine/jobmachine/bench/result"
)

// snapshot: rounds of jobs while somebody holds back VACUUM. The last round against the first is what counts.
func snapshot(hold func(context.Context, *stage) (release func(), err error)) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		release, err := hold(ctx, s)
		if err != nil {
			return err
		}
		defer release()
		var rates []float64
		if err := s.measure(ctx, func() (int, float64, error) {
			for range s.Rounds {
				if err := s.load(ctx, s.RoundJobs); err != nil {
					return 0, 0, err
				}
				seconds, err := s.drain(ctx, s.agents, s.RoundJobs, agent.Request{})
				if err != nil {
					return 0, 0, err
				}
				if _, err := s.producer().ask(agent.Request{Do: "stop"}); err != nil {
					return 0, 0, err
				}
				rates = append(rates, float64(s.RoundJobs)/seconds)
			}
			return s.Rounds * s.RoundJobs, 0, nil
		}); err != nil {
			return err
		}
		s.series["jobs_per_second"] = rates
		// The first and the last are the medians of three rounds each: one may have had a bad moment.
		n := min(3, len(rates)/2)
		if n == 0 {
			return errors.New("there must be two rounds at least")
		}
		first, last := result.Median(rates[:n]), result.Median(rates[len(rates)-n:])
		s.figures["first_per_second"], s.figures["last_per_second"], s.figures["last_to_first"] = first, last, last/first
		return nil
	}
}

// holdRead is a report that forgot to end.
func holdRead(ctx context.Context, s *stage) (func(), error) {
	return s.holdWith(ctx, "begin isolation level repeatable read, read only; select count(*) from pg_class")
}

// holdWrite is a transaction of somebody else that has written.
func holdWrite(ctx context.Context, s *stage) (func(), error) {
	return s.holdWith(ctx, "create table unrelated (n int); begin; insert into unrelated values (1)")
}

func (s *stage) holdWith(ctx context.Context, sql string) (func(), error) {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, sql)
	return func() { conn.Close(context.WithoutCancel(ctx)) }, err
}

// holdDump is a pg_dump whose output nobody takes, as over a slow line.
func holdDump(ctx context.Context, s *stage) (func(), error) {
	if _, err := s.db.Exec(ctx, "create table unrelated as select repeat('x', 1000) as filler from generate_series(1, 10000)"); err != nil {
		return nil, err
	}
	program := filepath.Join(s.server.BinDir, "pg_dump")
	if _, err := exec.LookPath(program); err != nil {
		program = "pg_dump"
	}
	dump := exec.CommandContext(ctx, program, "--dbname", s.url)
	out, err := dump.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := dump.Start(); err != nil {
		return nil, err
	}
	release := func() {
		out.Close()
		dump.Process.Kill()
		dump.Wait()
	}
	// It has its snapshot once the first bytes are there.
	if _, err := io.ReadFull(out, make([]byte, 100)); err != nil {
		release()
		return nil, err
	}
	for {
		var held bool
		if err := s.db.QueryRow(ctx, `select exists (select from pg_stat_activity where application_name = 'pg_dump' and backend_xmin is not null)`).Scan(&held); err != nil || held {
			return release, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
