package cli

import (
	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) resume() *cobra.Command {
	return &cobra.Command{
		Use:     "resume QUEUE",
		Short:   "End a pause",
		Long:    `End the pause of a queue, or with '*' that of all queues; a queue that is paused itself stays so.`,
		Example: `  jobmachine resume mail.welcome`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			db, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer db.close()
			return pg.Wrap("resume", db.Resume(c.Context(), args[0]))
		},
	}
}
