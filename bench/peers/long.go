package peers

import (
	"context"
	"time"

	"github.com/jobmachine/jobmachine/bench/agent"
)

// long: a fixed rate for minutes, with checkpoints and vacuums as a server has them; what grows, and what does it cost?
func long(ctx context.Context, s *stage) error {
	for _, sql := range []string{"alter system set checkpoint_timeout = '5min'", "select pg_reload_conf()"} {
		if _, err := s.db.Exec(ctx, sql); err != nil {
			return err
		}
	}
	defer func() {
		s.db.Exec(context.WithoutCancel(ctx), "alter system reset checkpoint_timeout")
		s.db.Exec(context.WithoutCancel(ctx), "select pg_reload_conf()")
	}()
	w, err := s.idle(ctx, agent.Request{Concurrency: 50})
	if err != nil {
		return err
	}
	jobs := int(s.Rate * s.Long.Seconds())
	return s.measure(ctx, func() (int, float64, error) {
		done := make(chan error, 1)
		var sent agent.Reply
		go func() {
			var err error
			sent, err = s.producer().ask(agent.Request{Do: "pace", Producers: paceSenders, Rate: s.Rate, Jobs: jobs, Quiet: true})
			done <- err
		}()
		begin, err := s.read(ctx)
		if err != nil {
			return 0, 0, err
		}
		tick := time.NewTicker(max(time.Second, s.Long/120))
		defer tick.Stop()
		for {
			select {
			case err := <-done:
				if err != nil {
					return 0, 0, err
				}
				_, err = s.started(ctx, []*process{w}, jobs)
				return jobs, sent.Seconds, err
			case <-tick.C:
				if err := s.sample(ctx, begin, w); err != nil {
					return 0, 0, err
				}
			}
		}
	})
}

// sample notes how things stand.
func (s *stage) sample(ctx context.Context, begin reading, w *process) error {
	r, err := s.read(ctx)
	if err != nil {
		return err
	}
	n, _, err := s.count([]*process{w})
	if err != nil {
		return err
	}
	var dead, size float64
	if err := s.db.QueryRow(ctx, "select sum(n_dead_tup)::float8, sum(pg_total_relation_size(relid))::float8 from pg_stat_user_tables").Scan(&dead, &size); err != nil {
		return err
	}
	for name, value := range map[string]float64{
		"seconds": r.at.Sub(begin.at).Seconds(), "wal_bytes": r.wal - begin.wal, "server_seconds": (r.server - begin.server).Seconds(),
		"done": float64(n), "dead_tuples": dead, "table_bytes": size,
	} {
		s.series[name] = append(s.series[name], value)
	}
	s.figures["dead_tuples_max"] = max(s.figures["dead_tuples_max"], dead)
	s.figures["table_bytes_end"] = size
	s.figures["behind_max"] = max(s.figures["behind_max"], s.Rate*r.at.Sub(begin.at).Seconds()-float64(n))
	return nil
}
