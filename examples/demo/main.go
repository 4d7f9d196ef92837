// Command demo shows jobmachine at work on real input: make demo.
//
// It starts a private PostgreSQL (or uses DATABASE_URL, in the schema jobmachine_demo), installs
// jobmachine, and starts a worker in a process of its own. Then it sends one job for every file of the
// Go standard library and waits for the replies, each through the wake-up path. At last the results
// are compared with those of a direct computation.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/internal/pgserver"
)

const (
	batch   = 1000                  // jobs per transaction
	waiters = 64                    // callers that wait at the same time
	nap     = 40 * time.Millisecond // after which an idle worker sleeps
)

func main() {
	dir := flag.String("dir", "", "digest the files of this folder (default the Go standard library)")
	calls := flag.Int("calls", 300, "single calls that measure the latency")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not ask
	run := func() error { return demo(ctx, *dir, *calls) }
	if flag.Arg(0) == "worker" {
		run = func() error { return work(ctx) }
	}
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "demo: %s\n", strings.TrimPrefix(err.Error(), "jobmachine: "))
		os.Exit(1)
	}
}

func demo(ctx context.Context, dir string, calls int) (err error) {
	files, err := list(ctx, dir)
	if err != nil {
		return err
	}
	say("starting PostgreSQL")
	url, schema, closeDB, err := database(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDB()) }()
	stopWorker, err := startWorker(url, schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopWorker()) }()
	c, err := client.Open(ctx, url, client.Config{Schema: schema, Queue: queue})
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := client.Call[Digest](ctx, c, queue, Request{files[0]}); err != nil { // the worker is up
		return err
	}

	say("sending %d jobs, all at once", len(files))
	all, err := sendAll(ctx, c, files)
	if err != nil {
		return err
	}
	say("%d single calls, with the worker asleep before each", calls)
	single, err := callOneByOne(ctx, c, files, calls)
	if err != nil {
		return err
	}
	say("computing the same without the queue")
	direct, err := compute(ctx, files)
	if err != nil {
		return err
	}
	return report(os.Stdout, files, all, single, direct)
}

// list returns the regular files below a folder.
func list(ctx context.Context, dir string) ([]string, error) {
	if dir == "" {
		goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
		if err != nil {
			return nil, fmt.Errorf("go env GOROOT: %w", err)
		}
		dir = filepath.Join(strings.TrimSpace(string(goroot)), "src")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("there are no files in %s", dir)
	}
	return files, err
}

// database starts a private server, unless there is a DATABASE_URL, and installs jobmachine.
func database(ctx context.Context) (url, schema string, stop func() error, err error) {
	url, schema, stop = os.Getenv("DATABASE_URL"), "jobmachine_demo", func() error { return nil }
	if url == "" {
		server, err := pgserver.Start(ctx, pgserver.Options{})
		if err != nil {
			return "", "", nil, err
		}
		url, schema, stop = server.URL(), "jobmachine", server.Stop
	}
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		err = errors.Join(db.Migrate(ctx, conn, db.Options{Schema: schema}), conn.Close(context.WithoutCancel(ctx)))
	}
	if err != nil {
		return "", "", nil, errors.Join(err, stop())
	}
	return url, schema, stop, nil
}

// results are the digests in the order of the files.
type results struct {
	digests []Digest
	latency []time.Duration // from send to reply
	took    time.Duration
}

// sendAll sends a job for every file and waits for the replies meanwhile.
func sendAll(ctx context.Context, c *client.Client, files []string) (results, error) {
	r := results{digests: make([]Digest, len(files)), latency: make([]time.Duration, len(files))}
	type ticket struct {
		index int
		id    int64
		sent  time.Time
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tickets := make(chan ticket, len(files))
	bar := progress(len(files))
	start := time.Now()
	var group sync.WaitGroup
	group.Go(func() {
		defer close(tickets)
		for from := 0; from < len(files) && ctx.Err() == nil; from += batch {
			payloads := make([]any, 0, batch)
			for _, path := range files[from:min(from+batch, len(files))] {
				payloads = append(payloads, Request{path})
			}
			sent := time.Now()
			ids, err := c.SendMany(ctx, queue, payloads)
			if err != nil {
				cancel(err)
				return
			}
			for i, id := range ids {
				tickets <- ticket{from + i, id, sent}
			}
		}
	})
	for range waiters {
		group.Go(func() {
			for t := range tickets {
				answer, err := c.Await(ctx, t.id)
				if err == nil {
					r.latency[t.index] = time.Since(t.sent)
					err = json.Unmarshal(answer.Payload, &r.digests[t.index])
				}
				if err != nil {
					cancel(err)
					return
				}
				_ = bar.Add(1)
			}
		})
	}
	group.Wait()
	r.took = time.Since(start)
	_ = bar.Exit()
	return r, context.Cause(ctx)
}

// callOneByOne measures what a single caller sees.
func callOneByOne(ctx context.Context, c *client.Client, files []string, calls int) ([]time.Duration, error) {
	latency := make([]time.Duration, 0, calls)
	bar := progress(calls)
	defer func() { _ = bar.Exit() }()
	for i := range calls {
		select {
		case <-time.After(nap):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		start := time.Now()
		if _, err := client.Call[Digest](ctx, c, queue, Request{files[i%len(files)]}); err != nil {
			return nil, err
		}
		latency = append(latency, time.Since(start))
		_ = bar.Add(1)
	}
	return latency, nil
}

// compute does the jobs without the queue.
func compute(ctx context.Context, files []string) (results, error) {
	r := results{digests: make([]Digest, len(files))}
	bar := progress(len(files))
	defer func() { _ = bar.Exit() }()
	start := time.Now()
	for i, path := range files {
		var err error
		if r.digests[i], err = digest(path); err != nil {
			return r, err
		}
		if ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		_ = bar.Add(1)
	}
	r.took = time.Since(start)
	return r, nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func progress(n int) *progressbar.ProgressBar {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return progressbar.DefaultSilent(int64(n))
	}
	return progressbar.NewOptions(n, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
}
