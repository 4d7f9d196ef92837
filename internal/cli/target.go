package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
	"github.com/jobmachine/jobmachine/internal/schema"
)

// target is the database that a command works on.
type target struct {
	url       string // a URL or keywords; what it lacks comes from the PG* variables
	listenURL string // empty: the same
	schema    string
	source    string // where the url comes from
}

var errNoDatabase = failf(exitNotReady, "no database is given: set DATABASE_URL, or run jobmachine dev in another terminal")

// libpq are the variables of which one is enough to say that a database is meant.
var libpq = []string{"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"}

// target decides which database is meant: the flag, the environment, a running jobmachine dev.
func (a *app) target() (target, error) {
	t := target{url: a.databaseURL, listenURL: cmp.Or(a.listenURL, os.Getenv("JOBMACHINE_LISTEN_URL")), source: "--database-url"}
	t.schema = cmp.Or(a.schema, os.Getenv("JOBMACHINE_SCHEMA"))
	if t.url == "" {
		t.url, t.source = os.Getenv("DATABASE_URL"), "DATABASE_URL"
	}
	if t.url == "" && slices.ContainsFunc(libpq, func(name string) bool { return os.Getenv(name) != "" }) {
		t.url, t.source = "application_name=jobmachine", "PG* variables"
	}
	if t.url == "" {
		dev, err := readDevState()
		if err != nil {
			return t, errNoDatabase
		}
		t.url, t.source, t.schema = dev.URL, "jobmachine dev", cmp.Or(t.schema, dev.Schema)
	}
	t.schema = cmp.Or(t.schema, schema.Default)
	if err := schema.Check(t.schema); err != nil {
		return t, usage(err)
	}
	return t, nil
}

// database is a connection for the few calls of a command.
type database struct {
	target
	*gen.Queries
	pool *pgxpool.Pool
}

// connect opens the database that is meant and compares its schema with this program.
func (a *app) connect(ctx context.Context) (*database, error) {
	db, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	have, err := db.Version(ctx)
	if err != nil {
		err = pg.Wrap("connect", err)
	} else {
		err = verify(have)
	}
	if err != nil {
		db.close()
		return nil, err
	}
	return db, nil
}

// open is connect for a schema that need not be there. It does not use prepared statements, so that
// poolers do not matter.
func (a *app) open(ctx context.Context) (*database, error) {
	t, err := a.target()
	if err != nil {
		return nil, err
	}
	config, err := a.parse(t.url)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.source, err)
	}
	if t.listenURL != "" {
		if _, err := a.parse(t.listenURL); err != nil {
			return nil, fmt.Errorf("listen url: %w", err)
		}
	}
	c := config.ConnConfig
	a.log.Debug("connecting", "by", t.source, "host", c.Host, "port", c.Port, "database", c.Database, "user", c.User, "schema", t.schema)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	db := &database{target: t, Queries: gen.New(schema.DB(pool, t.schema)), pool: pool}
	if err := pool.Ping(ctx); err != nil {
		db.close()
		return nil, err
	}
	return db, nil
}

// parse reads a connection string. Its password is known to the redactor before anybody can print it.
func (a *app) parse(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// pgx quotes parts of a string that it cannot read, and a part may be the password.
		return nil, usage(errors.New("the connection string cannot be parsed (not shown, it may hold a password)"))
	}
	c := config.ConnConfig
	a.stderr.know(&c.Config)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, 10*time.Second)
	c.RuntimeParams["application_name"] = cmp.Or(c.RuntimeParams["application_name"], "jobmachine")
	if c.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	return config, nil
}

func (db *database) close() { db.pool.Close() }

// client waits for answers on a connection of its own.
func (a *app) client(db *database) (*client.Client, error) {
	return client.New(db.pool, client.Config{Schema: db.schema, ListenURL: cmp.Or(db.listenURL, db.url), Logger: a.log})
}
