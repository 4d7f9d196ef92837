package cli

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) queues() *cobra.Command {
	c := &cobra.Command{
		Use:   "queues",
		Short: "List queues with their counts and settings",
		Long: `List the queues that have settings or jobs: rows of the view queues.

Counts are exact up to 10,000 and estimated above. Completed jobs are not counted. The row * holds
the defaults of every queue.`,
		Example: `  jobmachine queues
  jobmachine queues -o json | jq '.[] | select(.pending > 1000) | .name'`,
		Args: cobra.NoArgs,
	}
	format := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		db, err := a.connect(c.Context())
		if err != nil {
			return err
		}
		defer db.close()
		rows, err := db.Queues(c.Context())
		if err != nil {
			return pg.Wrap("queues", err)
		}
		return listQueues(a.stdout, *format, rows)
	}
	return c
}

func listQueues(w io.Writer, format output, rows []gen.Queue) error {
	header := []string{"name", "state", "pending", "running", "scheduled", "failed", "oldest", "attempts", "backoff", "timeout", "retention"}
	return list(w, format, rows, header, func(q gen.Queue) []string {
		count := func(n int64) string { return strconv.FormatInt(n, 10) }
		backoff := fmt.Sprintf("%s x%g up to %s", intervalText(q.Backoff), q.BackoffFactor, intervalText(q.BackoffMax))
		return []string{short(q.Name, 40), q.State, count(q.Pending), count(q.Running), count(q.Scheduled), count(q.Failed), ago(q.OldestPendingAt),
			strconv.Itoa(int(q.MaxAttempts)), backoff, intervalText(q.Timeout), intervalText(q.Retention)}
	})
}
