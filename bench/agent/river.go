package agent

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	queue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// river is measured with the settings of its own benchmark (cmd/river/riverbench), and with its defaults.
type river struct {
	url    string
	tuned  bool
	client *queue.Client[pgx.Tx]
}

type riverArgs struct{ Payload }

func (riverArgs) Kind() string { return "bench" }

func (r *river) Install(ctx context.Context) error {
	pool, err := pgxpool.New(ctx, r.url)
	if err != nil {
		return err
	}
	defer pool.Close()
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet()})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// config is of producers too: they notify at most once per FetchCooldown.
func (r *river) config() *queue.Config {
	config := &queue.Config{Logger: quiet()}
	if r.tuned {
		config.FetchCooldown, config.FetchPollInterval = 2*time.Millisecond, 20*time.Millisecond
	}
	return config
}

func (r *river) Open(ctx context.Context, producers int) error {
	pool, err := newPool(ctx, r.url, producers)
	if err != nil {
		return err
	}
	r.client, err = queue.NewClient(riverpgxv5.New(pool), r.config())
	return err
}

func (r *river) Send(ctx context.Context, p Payload) error {
	_, err := r.client.Insert(ctx, riverArgs{p}, nil)
	return err
}

func (r *river) SendMany(ctx context.Context, p []Payload) error {
	jobs := make([]queue.InsertManyParams, len(p))
	for i := range p {
		jobs[i].Args = riverArgs{p[i]}
	}
	_, err := r.client.InsertManyFast(ctx, jobs)
	return err
}

func (r *river) Work(ctx context.Context, concurrency int, handle Handler) (func() error, error) {
	pool, err := newPool(ctx, r.url, 10)
	if err != nil {
		return nil, err
	}
	config := r.config()
	if concurrency == 0 {
		concurrency = 100 // what its examples have
		if r.tuned {
			concurrency = 2000
		}
	}
	config.Queues = map[string]queue.QueueConfig{queue.QueueDefault: {MaxWorkers: concurrency}}
	config.Workers = queue.NewWorkers()
	queue.AddWorker(config.Workers, queue.WorkFunc(func(ctx context.Context, job *queue.Job[riverArgs]) error {
		handle(ctx, job.Args.Payload)
		return nil
	}))
	client, err := queue.NewClient(riverpgxv5.New(pool), config)
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	return func() error {
		defer pool.Close()
		return client.Stop(ctx)
	}, nil
}
