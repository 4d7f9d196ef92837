package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/worker"
)

func (a *app) work() *cobra.Command {
	var queues []string
	var command, name string
	var concurrency, maxRunning int
	var drain, pollOnly bool
	leaseTTL, stopTimeout, pollInterval := seconds(30), seconds(25), duration{}
	c := &cobra.Command{
		Use:   "work --queue QUEUE --exec COMMAND",
		Short: "Make any program a worker",
		Long: `Run a command for every job of one or more queues.

The command is run by sh -c. It gets the payload on stdin, and JOBMACHINE_JOB_ID, JOBMACHINE_QUEUE,
JOBMACHINE_ATTEMPT and JOBMACHINE_RECEIPT in its environment. What it writes to stdout is the reply:
JSON as it is, other text as a JSON string without its last newline, nothing is no reply (up to 4 MB
are read, the database takes 1 MB). A non-zero exit is a failed attempt, with the last 16 kB of
stderr as the error.

The command runs in a process group of its own. When its time is up or its job is cancelled, the group
gets SIGTERM, and SIGKILL 5 seconds later; how it exits then does not matter. What is left of the group
when the command ends is killed.

SIGINT or SIGTERM stops the worker: it takes no more jobs and waits for those that run, up to
--stop-timeout; then it stops them too and gives their jobs back. A second signal does that at once.`,
		Example: `  jobmachine work --queue thumbnail --exec ./thumbnail.sh --concurrency 4
  jobmachine work --queue 'mail.*,sms' --exec 'python3 notify.py'
  jobmachine work --queue report --exec ./report --drain     # ends when the queue is empty`,
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.StringSliceVar(&queues, "queue", nil, "work on this `queue` or pattern (gl.*); several: repeat it, or put commas between")
	f.StringVar(&command, "exec", "", "the `command` to run for each job")
	f.IntVar(&concurrency, "concurrency", 10, "run at most `n` jobs at once in this process")
	f.IntVar(&maxRunning, "max-running", 0, "run at most `n` jobs of one --queue at once in this process (default no limit)")
	f.BoolVar(&drain, "drain", false, "end when nothing is left to be done")
	f.StringVar(&name, "name", "", "`name` in the list of workers (default host:pid)")
	f.Var(&leaseTTL, "lease-ttl", "`time` after which the jobs of a silent worker run elsewhere, at least 1s")
	f.Var(&stopTimeout, "stop-timeout", "`time` that running jobs have left after a signal")
	f.BoolVar(&pollOnly, "poll-only", false, "do not LISTEN, look for jobs every --poll-interval")
	f.Var(&pollInterval, "poll-interval", "`time` between looks for jobs that no notification told of (default 10s, 1s with --poll-only)")
	_ = c.MarkFlagRequired("queue")
	_ = c.MarkFlagRequired("exec")
	c.RunE = func(c *cobra.Command, _ []string) error {
		for _, q := range queues {
			if q == "" || utf8.RuneCountInString(q) > 255 {
				return usagef("--queue %.40q: give a name or a pattern of 1 to 255 characters", q)
			}
		}
		switch {
		case len(queues) == 0:
			return usagef("--queue is empty")
		case concurrency < 1:
			return usagef("--concurrency %d: give at least 1", concurrency)
		case maxRunning < 0:
			return usagef("--max-running %d: give at least 1", maxRunning)
		case leaseTTL.Duration() < time.Second:
			return usagef("--lease-ttl %v: give at least 1s", leaseTTL.Duration())
		}
		if !a.verbose {
			a.level.Set(slog.LevelInfo)
		}
		db, err := a.connect(c.Context())
		if err != nil {
			return err
		}
		db.close() // the worker has connections of its own; this was to say at once what is wrong
		exec := &execHandler{command: command, log: a.log}
		defer exec.wait()
		base, stopJobs := context.WithCancelCause(context.Background())
		defer stopJobs(nil)
		defer onSignals(
			func() {
				a.log.Info("stopping when the running jobs are over; a second signal stops them", "within", stopTimeout.Duration())
			},
			func() { a.log.Info("stopping the running jobs"); stopJobs(errAtOnce) })()
		w, err := worker.New(worker.Config{
			DatabaseURL: db.url, ListenURL: db.listenURL, Schema: db.schema, Name: name, Concurrency: concurrency,
			LeaseTTL: leaseTTL.Duration(), PollInterval: pollInterval.Duration(), PollOnly: pollOnly,
			StopTimeout: max(stopTimeout.Duration(), 1), Logger: a.log,
			OnStart: func(context.Context) (context.Context, error) { return base, nil },
		})
		if err != nil {
			return err
		}
		for _, q := range queues {
			var options []worker.QueueOption
			if maxRunning > 0 {
				options = append(options, worker.MaxRunning(maxRunning))
			}
			w.Handle(q, exec.handle, options...)
		}
		if drain {
			return w.Drain(c.Context())
		}
		return w.Run(c.Context())
	}
	return c
}

// errAtOnce ends a run because of a second signal.
var errAtOnce = fmt.Errorf("stopped by a second signal: %w", worker.ErrStopped)

// onSignals calls a function at the first signal and another at the second. After that, and after the
// function that it returns, signals do what they usually do.
func onSignals(first, second func()) (stop func()) {
	came := make(chan os.Signal, 2)
	signal.Notify(came, signals()...)
	done := make(chan struct{})
	go func() {
		defer signal.Stop(came)
		for _, fn := range []func(){first, second} {
			select {
			case <-came:
				fn()
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}
