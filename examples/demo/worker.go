package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"

	"github.com/jobmachine/jobmachine/worker"
)

const queue = "file.digest"

// work is the worker, a process of its own. It ends when its stdin does: with the demo, however that
// one ends.
func work(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	w, err := worker.New(worker.Config{
		Schema:      os.Getenv("JOBMACHINE_SCHEMA"),
		Concurrency: 64,
		Logger:      slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	worker.HandleFunc(w, queue, func(_ context.Context, in Request) (Digest, error) { return digest(in.Path) })
	return w.Run(ctx)
}

// startWorker starts this program again as the worker. The function it returns stops it.
func startWorker(url, schema string) (stop func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "worker")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url, "JOBMACHINE_SCHEMA="+schema)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() error {
		stdin.Close()
		return cmd.Wait()
	}, nil
}
