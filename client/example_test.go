package client_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/internal/pgtest"
	"github.com/jobmachine/jobmachine/worker"
)

// exampleTB is as much of a test as a database needs.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (t *exampleTB) Helper()           {}
func (t *exampleTB) Cleanup(f func())  { t.cleanups = append(t.cleanups, f) }
func (t *exampleTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
func (t *exampleTB) Error(args ...any) { panic(fmt.Sprint(args...)) }

// exampleDatabase returns a database with jobmachine installed, and a worker of the queue length.
func exampleDatabase(ctx context.Context) (url string, drop func()) {
	t := &exampleTB{}
	url = pgtest.New(t).URL
	w, err := worker.New(worker.Config{DatabaseURL: url, Logger: quiet})
	if err != nil {
		panic(err)
	}
	w.Handle("length", func(ctx context.Context, job *worker.Job) (any, error) {
		var s string
		if err := job.Bind(&s); err != nil {
			return nil, err
		}
		return len(s), job.Reply(ctx, "counting")
	})
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	return url, func() {
		stop()
		<-done
		for _, f := range t.cleanups {
			defer f()
		}
	}
}

func ExampleCall() {
	ctx := context.Background()
	url, drop := exampleDatabase(ctx)
	defer drop()

	c, err := client.Open(ctx, url, client.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	n, err := client.Call[int](ctx, c, "length", "four")
	fmt.Println(n, err)
	// Output: 4 <nil>
}

func ExampleClient_Answers() {
	ctx := context.Background()
	url, drop := exampleDatabase(ctx)
	defer drop()

	c, err := client.Open(ctx, url, client.Config{Queue: "length"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	id, err := c.Send(ctx, "", "four", client.Options{UniqueKey: "example"})
	if err != nil {
		log.Fatal(err)
	}
	for answer, err := range c.Answers(ctx, id) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.State, string(answer.Payload))
	}
	// Output:
	// running "counting"
	// completed 4
}
