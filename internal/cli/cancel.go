package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) cancel() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "cancel ID...",
		Short: "Cancel jobs, also running ones",
		Long: `Cancel jobs and print, for each, its number and what became of it: cancelled (it will not start)
or stopping (it is running, and its worker is asked to stop; if it completes all the same, it is
completed). A job that is over already is an error.`,
		Example: `  jobmachine cancel 42 --reason 'ordered twice'`,
		Args:    cobra.MinimumNArgs(1),
	}
	c.Flags().StringVar(&reason, "reason", "", "`text` that is kept with the job (default cancelled)")
	c.RunE = func(c *cobra.Command, args []string) error {
		var why *string
		if reason != "" {
			why = &reason
		}
		return a.eachJob(c, args, func(ctx context.Context, db *database, id int64) (string, error) {
			return db.Cancel(ctx, id, why)
		}, map[string]string{"finished": "is over already"})
	}
	return c
}
