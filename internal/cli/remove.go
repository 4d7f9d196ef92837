package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) remove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove ID...",
		Short:   "Delete jobs with their answers and failed attempts",
		Long:    `Delete jobs with their answers, failed attempts and keys. A running job is an error: cancel it first.`,
		Example: `  jobmachine remove 42`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.eachJob(c, args, func(ctx context.Context, db *database, id int64) (string, error) {
				return db.Remove(ctx, id)
			}, map[string]string{"running": "is running: cancel it first"})
		},
	}
}
