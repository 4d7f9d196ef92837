package budget

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/bench/result"
	"github.com/jobmachine/jobmachine/internal/measure"
	"github.com/jobmachine/jobmachine/worker"
)

// producers lets 8 clients send single jobs while a worker is busy, with the bell and without its trigger, in turn.
func (b *bench) producers() error {
	var with, without, notifies []float64
	for range b.passes {
		rate, _, err := b.produce(false)
		if err != nil {
			return err
		}
		without = append(without, rate)
		rate, n, err := b.produce(true)
		if err != nil {
			return err
		}
		with, notifies = append(with, rate), append(notifies, n)
	}
	b.report("8 producers beside a busy worker, without the bell", result.Median(without), "sends/s", -1, -1)
	b.report("8 producers beside a busy worker", result.Median(with), "sends/s", -1, -1)
	b.report("the same as a ratio", result.Median(with)/result.Median(without), "", -1, 0.9)
	b.report("NOTIFYs per 100,000 of these sends", result.Median(notifies), "", 500, -1)
	return nil
}

// produce sends for a few seconds and returns sends per second and NOTIFYs per 100,000 sends.
func (b *bench) produce(trigger bool) (rate, notifies float64, err error) {
	conn, err := b.fresh()
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close(b.ctx)
	if !trigger {
		// Nor the look for sleepers that a single send takes before: all of the bell.
		if _, err := conn.Exec(b.ctx, `alter table jobmachine.pending disable trigger ring;
			create or replace function jobmachine._may_sleep(class integer, key_a integer) returns boolean language sql as 'select false';
			create or replace function jobmachine._sleeps_itself() returns boolean language sql as 'select false'`); err != nil {
			return 0, 0, err
		}
	}
	// A backlog keeps the worker busy from the first moment to the last.
	if _, err := conn.Exec(b.ctx, "select jobmachine.send_many('bench', array_fill("+measure.Payload+", array[10000])) from generate_series(1, 10)"); err != nil {
		return 0, 0, err
	}
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	listener, err := pgx.Connect(ctx, b.server.DatabaseURL("bench"))
	if err != nil {
		return 0, 0, err
	}
	if _, err := listener.Exec(ctx, `listen "jobmachine.bench"`); err != nil {
		return 0, 0, err
	}
	var tasks sync.WaitGroup
	heard := 0
	tasks.Go(func() {
		defer listener.Close(context.Background())
		for {
			if _, err := listener.WaitForNotification(ctx); err != nil {
				return
			}
			heard++
		}
	})
	w, err := worker.New(worker.Config{DatabaseURL: b.server.DatabaseURL("bench"), Concurrency: 20, Logger: quiet()})
	if err != nil {
		return 0, 0, err
	}
	w.Handle("bench", func(context.Context, *worker.Job) (any, error) { return nil, nil })
	tasks.Go(func() { w.Run(ctx) })

	const seconds = 4
	sent := make([]int, 8)
	errs := make([]error, len(sent))
	var producing sync.WaitGroup
	start := time.Now()
	for i := range sent {
		p, err := pgx.Connect(ctx, b.server.DatabaseURL("bench"))
		if err != nil {
			return 0, 0, err
		}
		producing.Go(func() {
			defer p.Close(context.Background())
			for time.Since(start) < seconds*time.Second {
				if _, errs[i] = p.Exec(ctx, "select jobmachine.send('bench', "+measure.Payload+")"); errs[i] != nil {
					return
				}
				sent[i]++
			}
		})
	}
	producing.Wait()
	elapsed := time.Since(start)
	stop()
	tasks.Wait()
	total := 0
	for i, n := range sent {
		if errs[i] != nil {
			return 0, 0, errs[i]
		}
		total += n
	}
	return float64(total) / elapsed.Seconds(), float64(heard) * 100000 / float64(total), nil
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
