package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/internal/pg"
)

// eachJob calls a function for jobs one by one and prints the verdicts. All are tried; the error is
// about those whose verdict is not one of the good ones, or unknown jobs.
func (a *app) eachJob(c *cobra.Command, args []string, call func(context.Context, *database, int64) (string, error), bad map[string]string) error {
	ids, err := ticketNumbers(args)
	if err != nil {
		return err
	}
	db, err := a.connect(c.Context())
	if err != nil {
		return err
	}
	defer db.close()
	var problems []error
	for _, id := range ids {
		verdict, err := call(c.Context(), db, id)
		if code := pg.Code(err); err != nil && code != "JM003" {
			return errors.Join(append(problems, pg.Wrap(c.Name(), err))...)
		} else if err != nil {
			problems = append(problems, fmt.Errorf("job %d: %w", id, pg.Wrap(c.Name(), err)))
			continue
		}
		if verdict == "unknown" {
			problems = append(problems, unknownJob(id))
			continue
		}
		if why := bad[verdict]; why != "" {
			problems = append(problems, fmt.Errorf("job %d %s", id, why))
			continue
		}
		if _, err := fmt.Fprintln(a.stdout, id, verdict); err != nil {
			return err
		}
	}
	return errors.Join(problems...)
}
