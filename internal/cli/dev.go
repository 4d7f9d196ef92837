package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/internal/pgserver"
	"github.com/jobmachine/jobmachine/internal/schema"
)

func (a *app) dev() *cobra.Command {
	var data string
	var port int
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run a private PostgreSQL with jobmachine in it",
		Long: `Run a private PostgreSQL with jobmachine in it, until Ctrl-C.

The server programs are found in PATH or in the usual places; where there are none they are fetched.
The server listens on 127.0.0.1 only. While it runs, the other commands of the same user find it by
themselves. For other programs the connection is printed to stdout, as a line for the shell; its
password is in a file that only you can read. A driver that does not know passfile in a URL may know
PGPASSFILE, or take the password from there.

Without --data the data is gone when it ends.`,
		Example: `  jobmachine dev
  jobmachine dev --data ./pgdata --port 5433`,
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&data, "data", "", "keep the data in this `folder` (default a temporary one)")
	c.Flags().IntVar(&port, "port", 0, "`port` on 127.0.0.1 (default a free one)")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		name := cmp.Or(a.schema, os.Getenv("JOBMACHINE_SCHEMA"), schema.Default)
		if err := schema.Check(name); err != nil {
			return usage(err)
		}
		if port < 0 || port > 65535 {
			return usagef("--port %d: give 1 to 65535", port)
		}
		ctx := c.Context()
		server, err := pgserver.Start(ctx, pgserver.Options{Dir: data, Port: port})
		if err != nil {
			return err
		}
		defer func() {
			fmt.Fprintln(a.stderr, "Stopping.")
			err = errors.Join(err, server.Stop())
		}()
		if err := a.prepareDev(ctx, server, name); err != nil {
			return err
		}
		address, remove, err := a.announce(server, name, data)
		defer remove()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.stdout, "export DATABASE_URL='%s'\n", address); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-server.Done():
			log, _ := os.ReadFile(server.Log()) // it may be gone with the data in a moment
			return failf(exitNotReady, "PostgreSQL has ended by itself; its log ends with:\n%s", log[max(0, len(log)-2000):])
		}
	}
	return c
}

func (a *app) prepareDev(ctx context.Context, server *pgserver.Server, name string) error {
	config, err := a.parse(server.URL())
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return db.Migrate(ctx, conn, db.Options{Schema: name})
}

// announce writes the files by which others connect, and says how. The URL names the file with the
// password, as PostgreSQL's library and pgx understand it.
func (a *app) announce(server *pgserver.Server, name, data string) (address string, remove func(), err error) {
	var created []string
	remove = func() {
		for _, path := range created {
			os.Remove(path)
		}
	}
	state, err := devStatePath()
	if err != nil {
		return "", remove, err
	}
	u, err := url.Parse(server.URL())
	if err != nil {
		return "", remove, err
	}
	password, _ := u.User.Password()
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		return "", remove, err
	}
	passfile := filepath.Join(filepath.Dir(state), "dev-"+port+".pgpass")
	if err := writePrivate(passfile, fmt.Sprintf("%s:%s:*:%s:%s\n", host, port, u.User.Username(), password)); err != nil {
		return "", remove, err
	}
	created = append(created, passfile)
	u.User = url.User(u.User.Username())
	query := u.Query()
	query.Set("passfile", passfile)
	u.RawQuery = query.Encode()
	address = u.String()

	found := "Other commands find it by themselves, also in other terminals."
	var running *runningError
	if err := (devState{URL: address, Schema: name, PID: os.Getpid()}).write(state); errors.As(err, &running) {
		found = fmt.Sprintf("Other commands go on using that of process %d, unless DATABASE_URL is set.", running.pid)
	} else if err != nil {
		return "", remove, err
	} else {
		created = append(created, state)
	}
	if os.Getenv("DATABASE_URL") != "" {
		found = "DATABASE_URL is set here, so other commands use that database and not this one."
	}
	kept := "The data is thrown away at the end."
	if data != "" {
		kept = "The data is kept in " + data + "."
	}
	_, err = fmt.Fprintf(a.stderr, "PostgreSQL is running on port %s with jobmachine in schema %s. %s\n%s For other programs, paste this line:\n", port, name, kept, found)
	return address, remove, err
}
