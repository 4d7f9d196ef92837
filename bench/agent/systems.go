package agent

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
)

// New makes the named system on the database of url.
func New(name, url string) (System, error) {
	switch name {
	case "jobmachine":
		return &jobmachine{url: url}, nil
	case "jobmachine-alone":
		return &jobmachine{url: url, alone: true}, nil
	case "jobmachine-keep0":
		return &jobmachine{url: url, forget: true}, nil
	case "river":
		return &river{url: url, tuned: true}, nil
	case "river-default":
		return &river{url: url}, nil
	case "bare":
		return &bare{url: url}, nil
	case "bare-gather":
		return (&bare{url: url}).gathering(), nil
	case "bare-notify":
		return &bare{url: url, notify: true}, nil
	}
	return nil, fmt.Errorf("there is no system %q in Go", name)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newPool opens all its connections at once.
func newPool(ctx context.Context, url string, n int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MinConns = int32(n), int32(n)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return pool, pool.Ping(ctx)
}
