package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) retry() *cobra.Command {
	var runAt moment
	c := &cobra.Command{
		Use:   "retry ID...",
		Short: "Run jobs that are over, or waiting for their time, again now",
		Long: `Make jobs that are over pending again, now or at a given time, and print their numbers. Attempts go
on counting, and one more is granted if they are used up. A scheduled job is moved to that time. A
job that is pending or running already is an error, and so is one whose unique key another job has.`,
		Example: `  jobmachine retry 42
  jobmachine retry 42 43 --run-at '2030-01-31 08:00'`,
		Args: cobra.MinimumNArgs(1),
	}
	c.Flags().Var(&runAt, "run-at", "not before this `time`: 2030-01-31T08:00:00Z, or local '2030-01-31 08:00' (default now)")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.eachJob(c, args, func(ctx context.Context, db *database, id int64) (string, error) {
			return db.Retry(ctx, id, runAt.at)
		}, map[string]string{"live": "is pending or running"})
	}
	return c
}
