package cli

import "github.com/spf13/cobra"

func (a *app) await() *cobra.Command {
	within := seconds(30)
	c := &cobra.Command{
		Use:   "await ID",
		Short: "Wait for the reply to a job and print it",
		Long: `Wait until a job is over and print its reply as JSON (null if the worker gave none).

A job that is over already answers at once, also one that somebody else sent.`,
		Example: `  id=$(jobmachine send report @order.json)
  jobmachine await $id --within 5m`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ids, err := ticketNumbers(args)
			if err != nil {
				return err
			}
			db, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer db.close()
			return a.waitFor(c.Context(), db, ids[0], within.Duration())
		},
	}
	c.Flags().Var(&within, "within", "how much `time` to wait, 0 = as long as it takes")
	return c
}
