package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/internal/pg"
)

// bare is the queue that one writes by hand: a table, and a DELETE that skips what is locked. Handlers run inside of
// the transaction that deletes, so a crash gives the jobs back. No history, no retries, no replies: the floor.
type bare struct {
	url    string
	notify bool                                  // a NOTIFY per send wakes the worker, which else looks every 10 ms
	gather *pg.Gather[string, Payload, struct{}] // what is sent at the same time shares a transaction, as with jobmachine's client
	pool   *pgxpool.Pool
}

const (
	bareBatch = 1000
	barePoll  = 10 * time.Millisecond
)

func (b *bare) Install(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, b.url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	sql := `create table queue (id bigint generated always as identity primary key, payload jsonb not null)`
	if b.notify {
		sql += `;
			create function ring() returns trigger language plpgsql as $$ begin notify queue; return null; end $$;
			create trigger ring after insert on queue for each statement execute function ring()`
	}
	_, err = conn.Exec(ctx, sql)
	return err
}

func (b *bare) Open(ctx context.Context, producers int) (err error) {
	b.pool, err = newPool(ctx, b.url, producers)
	return err
}

func (b *bare) Send(ctx context.Context, p Payload) error {
	if b.gather != nil {
		_, err := b.gather.Do(ctx, "", p)
		return err
	}
	_, err := b.pool.Exec(ctx, "insert into queue (payload) values ($1)", p)
	return err
}

func (b *bare) SendMany(ctx context.Context, p []Payload) error {
	_, err := b.pool.Exec(ctx, "insert into queue (payload) select unnest($1::jsonb[])", p)
	return err
}

// gathering makes b gather what it sends.
func (b *bare) gathering() *bare {
	b.gather = &pg.Gather[string, Payload, struct{}]{Max: 100, Patience: time.Second, Call: func(ctx context.Context, _ string, p []Payload) ([]struct{}, error) {
		return make([]struct{}, len(p)), b.SendMany(ctx, p)
	}}
	return b
}

func (b *bare) Work(ctx context.Context, concurrency int, handle Handler) (func() error, error) {
	conn, err := pgx.Connect(ctx, b.url)
	if err != nil {
		return nil, err
	}
	if b.notify {
		if _, err := conn.Exec(ctx, "listen queue"); err != nil {
			return nil, err
		}
	}
	if concurrency == 0 {
		concurrency = bareBatch
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		defer conn.Close(context.Background())
		done <- b.loop(ctx, conn, concurrency, handle)
	}()
	return func() error {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}, nil
}

func (b *bare) loop(ctx context.Context, conn *pgx.Conn, n int, handle Handler) error {
	for ctx.Err() == nil {
		found := 0
		// What is begun is finished: only the waiting ends with ctx.
		err := pgx.BeginFunc(context.WithoutCancel(ctx), conn, func(tx pgx.Tx) error {
			rows, err := tx.Query(context.WithoutCancel(ctx), `delete from queue where id = any (array(
				select id from queue order by id limit $1 for update skip locked)) returning payload`, n)
			if err != nil {
				return err
			}
			jobs, err := pgx.CollectRows(rows, pgx.RowTo[Payload])
			if err != nil {
				return err
			}
			var handlers sync.WaitGroup
			for _, job := range jobs {
				handlers.Go(func() { handle(ctx, job) })
			}
			handlers.Wait()
			found = len(jobs)
			return nil
		})
		if err != nil {
			return err
		}
		if found == 0 {
			if err := b.wait(ctx, conn); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func (b *bare) wait(ctx context.Context, conn *pgx.Conn) error {
	if b.notify {
		_, err := conn.WaitForNotification(ctx)
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(barePoll):
	}
	return nil
}
