// Queue has three types of job done by one worker, which prints what it claims, and in the end lists
// where each job is.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/worker"
)

func main() {
	if err := run(context.Background(), os.Getenv("DATABASE_URL")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) error {
	c, err := client.Open(ctx, url, client.Config{})
	if err != nil {
		return err
	}
	defer c.Close()
	ids, err := send(ctx, c)
	if err != nil {
		return err
	}

	w, err := worker.New(worker.Config{DatabaseURL: url, Concurrency: 3})
	if err != nil {
		return err
	}
	// The queue is the type of the job: each has its handler.
	w.Handle("example.sum", claimed(sum))
	w.Handle("example.shout", claimed(shout))
	w.Handle("example.fetch", claimed(fetch))
	if err := w.Drain(ctx); err != nil { // Run would go on until ctx ends
		return err
	}
	return list(ctx, c, ids)
}

func send(ctx context.Context, c *client.Client) ([]int64, error) {
	ids, err := c.SendMany(ctx, "example.sum", []any{[]int{1, 2, 3}, []int{40, 2}})
	if err != nil {
		return nil, err
	}
	for _, job := range []struct {
		queue   string
		payload any
		options client.Options
	}{
		{"example.shout", "hello", client.Options{}},
		{"example.shout", "a word that is no word", client.Options{MaxAttempts: 1}},
		{"example.shout", "tomorrow", client.Options{Delay: 24 * time.Hour}},
		{"example.fetch", "https://example.com/", client.Options{}},
	} {
		id, err := c.Send(ctx, job.queue, job.payload, job.options)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func sum(_ context.Context, job *worker.Job) (any, error) {
	var numbers []int
	if err := job.Bind(&numbers); err != nil {
		return nil, err
	}
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total, nil
}

func shout(_ context.Context, job *worker.Job) (any, error) {
	var word string
	if err := job.Bind(&word); err != nil {
		return nil, err
	}
	if strings.Contains(word, " ") {
		return nil, errors.New("one word at a time, please")
	}
	return strings.ToUpper(word) + "!", nil
}

// fetch stands for a service that does not always answer: it fails, and the next attempt succeeds.
func fetch(ctx context.Context, job *worker.Job) (any, error) {
	if err := job.Reply(ctx, map[string]any{"progress": "connecting"}); err != nil {
		return nil, err
	}
	if job.Attempt == 1 {
		return nil, worker.RetryIn(0, errors.New("connection reset"))
	}
	return map[string]any{"status": 200}, nil
}

// claimed prints each job as it is claimed.
func claimed(h worker.Handler) worker.Handler {
	return func(ctx context.Context, job *worker.Job) (any, error) {
		fmt.Printf("claimed %d: %s %s, attempt %d of %d\n", job.ID, job.Queue, job.Payload, job.Attempt, job.MaxAttempts)
		return h(ctx, job)
	}
}

func list(ctx context.Context, c *client.Client, ids []int64) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nID\tQUEUE\tSTATE\tATTEMPT\tANSWER")
	for _, id := range ids {
		job, err := c.Status(ctx, id)
		if err != nil {
			return err
		}
		answer := json.RawMessage(job.Reply)
		if job.State == "failed" && job.Error != nil {
			answer = []byte(*job.Error)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\n", job.ID, job.Queue, job.State, job.Attempt, answer)
	}
	return table.Flush()
}
