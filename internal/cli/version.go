package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program and of the schema in the database",
		Long:    `Print the version of this program and, if a database is given, of the schema in it.`,
		Example: `  jobmachine version`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := fmt.Fprintln(a.stdout, "program", gen.Version); err != nil {
				return err
			}
			if _, err := a.target(); errors.Is(err, errNoDatabase) {
				return nil
			}
			db, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer db.close()
			have, err := db.Version(c.Context())
			if err != nil {
				return pg.Wrap("version", err)
			}
			_, err = fmt.Fprintf(a.stdout, "schema  %s\n", have)
			return err
		},
	}
}
