package cli

import (
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) configure() *cobra.Command {
	var maxAttempts int32
	var factor float64
	var backoff, backoffMax, timeout, retention duration
	c := &cobra.Command{
		Use:   "configure QUEUE",
		Short: "Change the settings of a queue and print them",
		Long: `Change the settings of a queue, or with '*' the defaults of every queue, and print its row of the
view queues. What is not given stays as it is. Options of a single job go before these.`,
		Example: `  jobmachine configure mail.welcome --max-attempts 5 --backoff 10s
  jobmachine configure '*' --retention 7d`,
		Args: cobra.ExactArgs(1),
	}
	f := c.Flags()
	f.Int32Var(&maxAttempts, "max-attempts", 0, "a job has failed after `n` tries, 1 to 10000 (at first 25)")
	f.Var(&backoff, "backoff", "`time` to wait after the first failed attempt (at first 1s)")
	f.Float64Var(&factor, "backoff-factor", 0, "each further wait is so many `times` longer, 1 to 100 (at first 2)")
	f.Var(&backoffMax, "backoff-max", "up to this `time` (at first 1h)")
	f.Var(&timeout, "timeout", "the longest `time` that one attempt may run, 0 = no limit (at first 30m)")
	f.Var(&retention, "retention", "`time` that finished jobs stay, 0 = removed when they end (at first 30d)")
	format := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		p := gen.ConfigureParams{Queue: args[0], Backoff: backoff.Interval, BackoffMax: backoffMax.Interval, Timeout: timeout.Interval, Retention: retention.Interval,
			BackoffFactor: pgtype.Float8{Float64: factor, Valid: f.Changed("backoff-factor")}}
		if f.Changed("max-attempts") {
			p.MaxAttempts = &maxAttempts
		}
		db, err := a.connect(c.Context())
		if err != nil {
			return err
		}
		defer db.close()
		row, err := db.Configure(c.Context(), p)
		if err != nil {
			return pg.Wrap("configure", err)
		}
		if *format != "table" {
			return printJSON(a.stdout, row)
		}
		return listQueues(a.stdout, *format, []gen.Queue{row})
	}
	return c
}
