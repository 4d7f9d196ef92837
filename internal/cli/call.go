package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) call() *cobra.Command {
	var options sendOptions
	within := seconds(30)
	c := &cobra.Command{
		Use:   "call QUEUE [PAYLOAD | @FILE | -]",
		Short: "Send a job, wait for its reply and print it",
		Long: `Send a job, wait for its reply and print it as JSON (null if the worker gave none).

The payload and the flags are those of send. The time given by --within ends only the waiting: the
job goes on, and 'jobmachine await' can wait for it again.`,
		Example: `  jobmachine call hello '{"name": "world"}'
  jobmachine call report @order.json --within 5m | jq .total`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := options.params(c, args[0])
			if err != nil {
				return err
			}
			if p.Payload, err = a.payload(args[1:]); err != nil {
				return err
			}
			db, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer db.close()
			id, err := db.Send(c.Context(), p)
			if err != nil {
				return pg.Wrap("send", err)
			}
			a.log.Debug("sent", "job", id)
			return a.waitFor(c.Context(), db, id, within.Duration())
		},
	}
	c.Flags().Var(&within, "within", "how much `time` to wait, 0 = as long as it takes")
	options.flags(c)
	return c
}

// waitFor prints the last answer to a job.
func (a *app) waitFor(ctx context.Context, db *database, id int64, within time.Duration) error {
	cl, err := a.client(db)
	if err != nil {
		return err
	}
	defer cl.Close()
	wait := ctx
	if within > 0 {
		var cancel context.CancelFunc
		wait, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	answer, err := cl.Await(wait, id)
	switch {
	case errors.As(err, new(*client.JobError)) || err == nil && len(answer.Payload) > 0:
	case err == nil:
		answer.Payload = json.RawMessage("null")
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted; job %d goes on: jobmachine await %d", id, id)
	case wait.Err() != nil:
		return failf(exitTimeout, "job %d is not over after %v; it goes on: jobmachine await %d", id, within, id)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s\n", answer.Payload)
	return err
}
