package agent

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/worker"
)

type jobmachine struct {
	url    string
	forget bool // a job is removed when it ends: retention 0
	alone  bool // every send has a transaction of its own
	pool   *pgxpool.Pool
	client *client.Client
}

// jobmachineSlots is Concurrency where throughput counts: as many as River has workers.
const jobmachineSlots = 2000

func (j *jobmachine) Install(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, j.url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	if err := db.Migrate(ctx, conn, db.Options{}); err != nil || !j.forget {
		return err
	}
	_, err = conn.Exec(ctx, "select jobmachine.configure('bench', retention => '0')")
	return err
}

func (j *jobmachine) Open(ctx context.Context, producers int) (err error) {
	if j.pool, err = newPool(ctx, j.url, producers); err != nil {
		return err
	}
	j.client, err = client.New(j.pool, client.Config{ListenURL: j.url, SendAlone: j.alone, Logger: quiet()})
	return err
}

func (j *jobmachine) Send(ctx context.Context, p Payload) error {
	_, err := j.client.Send(ctx, "bench", p)
	return err
}

func (j *jobmachine) SendMany(ctx context.Context, p []Payload) error {
	payloads := make([]any, len(p))
	for i := range p {
		payloads[i] = p[i]
	}
	_, err := j.client.SendMany(ctx, "bench", payloads)
	return err
}

func (j *jobmachine) Call(ctx context.Context, p Payload) error {
	_, err := client.Call[Payload](ctx, j.client, "bench", p)
	return err
}

func (j *jobmachine) Work(ctx context.Context, concurrency int, handle Handler) (func() error, error) {
	if concurrency == 0 {
		concurrency = jobmachineSlots
	}
	w, err := worker.New(worker.Config{DatabaseURL: j.url, Concurrency: concurrency, Logger: quiet()})
	if err != nil {
		return nil, err
	}
	worker.HandleFunc(w, "bench", func(ctx context.Context, p Payload) (any, error) {
		return handle(ctx, p), nil
	})
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { err = w.Run(ctx) })
	return func() error {
		cancel()
		running.Wait()
		return err
	}, nil
}
