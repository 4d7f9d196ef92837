package cli

import (
	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) pause() *cobra.Command {
	return &cobra.Command{
		Use:   "pause QUEUE",
		Short: "Start no more jobs of a queue",
		Long: `Start no more jobs of a queue, or with '*' of any queue, until it is resumed. Sending goes on and
running jobs finish. A second pause changes nothing.`,
		Example: `  jobmachine pause mail.welcome
  jobmachine pause '*'`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			db, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer db.close()
			return pg.Wrap("pause", db.Pause(c.Context(), args[0]))
		},
	}
}
