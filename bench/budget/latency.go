package budget

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/bench/result"
	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/worker"
)

// idle runs fn beside a worker that has nothing else to do. The handler passes on what it was sent, with the time.
func (b *bench) idle(fn func(ctx context.Context, started <-chan start) error) error {
	conn, err := b.fresh()
	if err != nil {
		return err
	}
	conn.Close(b.ctx)
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	w, err := worker.New(worker.Config{DatabaseURL: b.server.DatabaseURL("bench"), Concurrency: 50, Logger: quiet()})
	if err != nil {
		return err
	}
	started := make(chan start, 10000)
	w.Handle("idle", func(_ context.Context, job *worker.Job) (any, error) {
		started <- start{job.ID, job.Payload, time.Now()}
		return job.Payload, nil
	})
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	err = fn(ctx, started)
	stop()
	running.Wait()
	return err
}

type start struct {
	id      int64
	payload json.RawMessage
	at      time.Time
}

// latency measures from commit to handler start, open loop at 200 a second, and from call to reply.
func (b *bench) latency() error {
	return b.idle(func(ctx context.Context, started <-chan start) error {
		conn, err := pgx.Connect(ctx, b.server.DatabaseURL("bench"))
		if err != nil {
			return err
		}
		defer conn.Close(context.Background())
		const n = 1000
		committed := map[int64]time.Time{}
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range n {
			<-tick.C
			var id int64
			if err := conn.QueryRow(ctx, "select jobmachine.send('idle')").Scan(&id); err != nil {
				return err
			}
			committed[id] = time.Now()
		}
		var ms []float64
		for range n {
			s := <-started
			ms = append(ms, max(0, s.at.Sub(committed[s.id]).Seconds()*1000))
		}
		b.report("commit to handler start on an idle worker, 200/s, p50", result.Percentile(ms, 50), "ms", 5, -1)
		b.report("commit to handler start on an idle worker, 200/s, p99", result.Percentile(ms, 99), "ms", -1, -1)

		c, err := client.Open(ctx, b.server.DatabaseURL("bench"), client.Config{Logger: quiet()})
		if err != nil {
			return err
		}
		defer c.Close()
		ms = nil
		for range 300 {
			begin := time.Now()
			if _, err := client.Call[json.RawMessage](ctx, c, "idle", struct{}{}); err != nil {
				return err
			}
			ms = append(ms, time.Since(begin).Seconds()*1000)
			<-started
		}
		b.report("call to reply, one at a time, p50", result.Percentile(ms, 50), "ms", -1, -1)
		b.report("call to reply, one at a time, p99", result.Percentile(ms, 99), "ms", -1, -1)
		return nil
	})
}

// due lets 1,000 jobs fall due at random moments and measures how late they start.
func (b *bench) due() error {
	return b.idle(func(ctx context.Context, started <-chan start) error {
		conn, err := pgx.Connect(ctx, b.server.DatabaseURL("bench"))
		if err != nil {
			return err
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(ctx, `select jobmachine.send('idle', to_jsonb(extract(epoch from at)), run_at => at)
			from (select clock_timestamp() + '1 s'::interval + 15 * random() * '1 s'::interval as at from generate_series(1, 1000)) due`); err != nil {
			return err
		}
		var ms []float64
		for range 1000 {
			s := <-started
			var at float64
			if err := json.Unmarshal(s.payload, &at); err != nil {
				return err
			}
			ms = append(ms, float64(s.at.UnixMicro())/1000-at*1000)
		}
		b.report("start of due jobs after their time, p50", result.Percentile(ms, 50), "ms", -1, -1)
		b.report("start of due jobs after their time, p99", result.Percentile(ms, 99), "ms", 50, -1)
		return nil
	})
}
