package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) status() *cobra.Command {
	var attempts bool
	c := &cobra.Command{
		Use:   "status ID",
		Short: "Show where a job is",
		Long: `Show where a job is: its row of the view jobs.

With --attempts the failed attempts are shown instead, the last 20: rows of the view attempts.`,
		Example: `  jobmachine status 42
  jobmachine status 42 -o json | jq -r .state
  jobmachine status 42 --attempts`,
		Args: cobra.ExactArgs(1),
	}
	c.Flags().BoolVar(&attempts, "attempts", false, "show the failed attempts")
	format := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		ids, err := ticketNumbers(args)
		if err != nil {
			return err
		}
		db, err := a.connect(c.Context())
		if err != nil {
			return err
		}
		defer db.close()
		job, err := db.Status(c.Context(), ids[0])
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return unknownJob(ids[0])
		case err != nil:
			return pg.Wrap("status", err)
		case attempts:
			rows, err := db.Attempts(c.Context(), ids[0])
			if err != nil {
				return pg.Wrap("attempts", err)
			}
			return list(a.stdout, *format, rows, []string{"attempt", "started", "ended", "worker", "reason", "error"}, attemptCells)
		case *format != "table":
			return printJSON(a.stdout, job)
		}
		return details(a.stdout, jobDetails(job))
	}
	return c
}

func attemptCells(t gen.Attempt) []string {
	return []string{strconv.Itoa(int(t.Attempt)), local(&t.StartedAt), local(&t.EndedAt), value(t.Worker), t.Reason, short(t.Error, 80)}
}

func jobDetails(j gen.Job) [][2]string {
	return [][2]string{
		{"id", strconv.FormatInt(j.ID, 10)},
		{"queue", j.Queue},
		{"state", j.State},
		{"reason", value(j.Reason)},
		{"attempt", fmt.Sprintf("%d of %d", j.Attempt, j.MaxAttempts)},
		{"priority", strconv.Itoa(int(j.Priority))},
		{"created", local(&j.CreatedAt)},
		{"due", local(j.RunAt)},
		{"started", local(j.StartedAt)},
		{"finished", local(j.FinishedAt)},
		{"worker", value(j.Worker)},
		{"unique key", value(j.UniqueKey)},
		{"headers", unlessEmpty(j.Headers)},
		{"payload", string(j.Payload)},
		{"reply", string(j.Reply)},
		{"error", value(j.Error)},
	}
}

func unlessEmpty(object json.RawMessage) string {
	if string(object) == "{}" {
		return ""
	}
	return string(object)
}

func unknownJob(id int64) error {
	return failf(exitNotFound, "there is no job %d: it was never sent, or was removed after its retention", id)
}

func ticketNumbers(args []string) ([]int64, error) {
	ids := make([]int64, len(args))
	for i, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id < 1 {
			return nil, usagef("%q is not a ticket number", arg)
		}
		ids[i] = id
	}
	return ids, nil
}
