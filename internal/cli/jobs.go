package cli

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

var states = []string{"scheduled", "pending", "running", "completed", "failed", "cancelled"}

func (a *app) jobs() *cobra.Command {
	var queue, state string
	var limit int32
	c := &cobra.Command{
		Use:   "jobs",
		Short: "List jobs, newest first",
		Long:  `List jobs, newest first: rows of the view jobs.`,
		Example: `  jobmachine jobs --queue mail.welcome --state failed
  jobmachine jobs --state failed -o jsonl | jq .id | xargs jobmachine retry`,
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.StringVar(&queue, "queue", "", "only this `queue`")
	f.StringVar(&state, "state", "", "only this `state`: "+strings.Join(states, ", "))
	f.Int32Var(&limit, "limit", 50, "at most `n` jobs")
	_ = c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(states, cobra.ShellCompDirectiveNoFileComp))
	format := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if state != "" && !slices.Contains(states, state) {
			return usagef("--state %q: give one of %s", state, strings.Join(states, ", "))
		}
		if limit < 1 {
			return usagef("--limit %d: give at least 1", limit)
		}
		db, err := a.connect(c.Context())
		if err != nil {
			return err
		}
		defer db.close()
		rows, err := db.Jobs(c.Context(), queue, state, limit)
		if err != nil {
			return pg.Wrap("jobs", err)
		}
		return list(a.stdout, *format, rows, []string{"id", "queue", "state", "attempt", "created", "worker", "payload", "reply or error"}, jobCells)
	}
	return c
}

func jobCells(j gen.Job) []string {
	return []string{strconv.FormatInt(j.ID, 10), short(j.Queue, 40), j.State, strconv.Itoa(int(j.Attempt)), local(&j.CreatedAt), short(value(j.Worker), 24),
		short(string(j.Payload), 40), short(cmp.Or(value(j.Error), string(j.Reply), value(j.Reason)), 40)}
}
