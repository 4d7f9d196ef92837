package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) workers() *cobra.Command {
	c := &cobra.Command{
		Use:   "workers",
		Short: "List workers and how many jobs they run",
		Long: `List workers: rows of the view workers, one for each lease.

held tells whether the lease is tied to a connection: then its end is noticed within seconds. A
worker that only polls, or a claim without a worker, is noticed when its lease expires.`,
		Example: `  jobmachine workers`,
		Args:    cobra.NoArgs,
	}
	format := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		db, err := a.connect(c.Context())
		if err != nil {
			return err
		}
		defer db.close()
		rows, err := db.Workers(c.Context())
		if err != nil {
			return pg.Wrap("workers", err)
		}
		return list(a.stdout, *format, rows, []string{"lease", "worker", "queues", "running", "started", "renewed", "expires", "held"}, workerCells)
	}
	return c
}

func workerCells(w gen.Worker) []string {
	held := "no"
	if w.HeldAt != nil {
		held = "yes"
	}
	return []string{strconv.FormatInt(w.LeaseID, 10), short(value(w.Worker), 40), short(strings.Join(w.Queues, " "), 40), strconv.FormatInt(w.Running, 10),
		local(&w.StartedAt), local(&w.RenewedAt), local(&w.ExpiresAt), held}
}
