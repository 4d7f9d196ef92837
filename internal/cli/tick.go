package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) tick() *cobra.Command {
	return &cobra.Command{
		Use:   "tick",
		Short: "Do the housekeeping that is due, once",
		Long: `Do the housekeeping that is due, once: start delayed jobs, end attempts past their timeout, expire
jobs and leases. Workers do it all the time; this is for a database where none is running. Prints
the seconds until it wants to be called again.`,
		Example: `  jobmachine tick`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			db, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer db.close()
			wait, err := db.Tick(c.Context())
			if err != nil {
				return pg.Wrap("tick", err)
			}
			_, err = fmt.Fprintf(a.stdout, "%.3f\n", wait)
			return err
		},
	}
}
