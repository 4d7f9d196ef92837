package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/schema"
)

func (a *app) migrate() *cobra.Command {
	var sql bool
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Install jobmachine into a database, or update it",
		Long: `Install jobmachine into a database, or bring it up to the version of this program, in one
transaction. It may run as often as you like, also twice at the same moment, and while workers work.
A schema that is newer than this program is refused and left as it is.

The role needs CREATE on the database for the first time; later runs need the same role.`,
		Example: `  jobmachine migrate
  jobmachine migrate --schema billing_jobs
  jobmachine migrate --print | psql "$DATABASE_URL"`,
		Args: cobra.NoArgs,
	}
	c.Flags().BoolVar(&sql, "print", false, "print the SQL that does it, for psql, and do nothing")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if sql {
			name := cmp.Or(a.schema, os.Getenv("JOBMACHINE_SCHEMA"))
			if err := schema.Check(name); err != nil {
				return usage(err)
			}
			text, err := db.SQL(name)
			if err != nil {
				return err
			}
			_, err = io.WriteString(a.stdout, text)
			return err
		}
		d, err := a.open(c.Context())
		if err != nil {
			return err
		}
		defer d.close()
		return a.install(c.Context(), d)
	}
	return c
}

// install migrates and says what changed.
func (a *app) install(ctx context.Context, d *database) error {
	config := d.pool.Config().ConnConfig
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	before, _, err := db.Version(ctx, conn, d.schema)
	if err != nil {
		return err
	}
	was := "was not installed"
	if before > 0 {
		if have, err := d.Version(ctx); err == nil {
			was = fmt.Sprintf("was version %s, migration %d", have, before)
		}
	}
	if err := db.Migrate(ctx, conn, db.Options{Schema: d.schema}); err != nil {
		return err
	}
	after, _, err := db.Version(ctx, conn, d.schema)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "schema %s of database %s: version %s, migration %d (%s)\n", d.schema, config.Database, gen.Version, after, was)
	return err
}
