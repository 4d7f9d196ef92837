package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

// exampleDatabase returns a database with jobmachine installed.
func exampleDatabase() (url string, drop func()) {
	slog.SetLogLoggerLevel(slog.LevelWarn)
	t := &exampleTB{}
	return pgtest.New(t).URL, func() {
		for _, f := range t.cleanups {
			defer f()
		}
	}
}

// exampleTB is as much of a test as a database needs.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (t *exampleTB) Helper()           {}
func (t *exampleTB) Cleanup(f func())  { t.cleanups = append(t.cleanups, f) }
func (t *exampleTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
func (t *exampleTB) Error(args ...any) { panic(fmt.Sprint(args...)) }

func Example() {
	ctx := context.Background()
	url, drop := exampleDatabase()
	defer drop()

	c, err := client.Open(ctx, url, client.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	id, err := c.Send(ctx, "mail.welcome", map[string]string{"to": "a@b.c"})
	if err != nil {
		log.Fatal(err)
	}

	w, err := worker.New(worker.Config{DatabaseURL: url})
	if err != nil {
		log.Fatal(err)
	}
	type mail struct{ To string }
	worker.HandleFunc(w, "mail.welcome", func(ctx context.Context, m mail) (string, error) {
		return "sent to " + m.To, nil
	})
	if err := w.Drain(ctx); err != nil { // a service calls Run
		log.Fatal(err)
	}

	answer, err := c.Await(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(answer.Payload))
	// Output: "sent to a@b.c"
}

func ExampleJob_CompleteTx() {
	ctx := context.Background()
	url, drop := exampleDatabase()
	defer drop()
	c, err := client.Open(ctx, url, client.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	pool := newPool(ctx, url)
	if _, err := pool.Exec(ctx, "create table entry (amount int)"); err != nil {
		log.Fatal(err)
	}

	w, err := worker.New(worker.Config{Pool: pool})
	if err != nil {
		log.Fatal(err)
	}
	w.Handle("gl.book", func(ctx context.Context, job *worker.Job) (any, error) {
		tx, err := pool.Begin(ctx)
		if err != nil {
			return nil, err
		}
		defer tx.Rollback(ctx)
		if _, err := tx.Exec(ctx, "insert into entry values (7)"); err != nil {
			return nil, err
		}
		// The entry and the end of the job are committed together, or neither is.
		if err := job.CompleteTx(ctx, tx, "booked"); err != nil {
			return nil, err
		}
		return nil, tx.Commit(ctx)
	})

	id, err := c.Send(ctx, "gl.book", nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Drain(ctx); err != nil {
		log.Fatal(err)
	}
	answer, err := c.Await(ctx, id)
	fmt.Println(string(answer.Payload), err)
	// Output: "booked" <nil>
}

func ExampleRetryIn() {
	handler := func(ctx context.Context, job *worker.Job) (any, error) {
		var to string
		if err := job.Bind(&to); err != nil {
			return nil, worker.Permanent(err) // will never be any better
		}
		if time.Now().Hour() < 6 {
			return nil, worker.Snooze(time.Hour) // not an attempt
		}
		return nil, worker.RetryIn(10*time.Minute, errors.New("mailbox busy"))
	}
	_, err := handler(context.Background(), &worker.Job{})
	fmt.Println(err)
	// Output: jobmachine: payload of job 0: unexpected end of JSON input
}
