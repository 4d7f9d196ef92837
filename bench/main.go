// Command bench prints the figures that docs/decisions.md and the README promise, on a private PostgreSQL with
// durability on. WAL bytes, buffers, commits and NOTIFYs do not depend on the machine's mood; for times take the ratios.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/internal/pgserver"
)

// payload has 200 bytes of JSON text.
const payload = `jsonb_build_object('data', repeat('x', 188))`

type bench struct {
	ctx    context.Context
	server *pgserver.Server
	out    *tabwriter.Writer
	passes int
	missed int
}

func main() {
	passes := flag.Int("passes", 3, "how often the timed parts are measured, in turn")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *passes); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, passes int) error {
	server, err := pgserver.Start(ctx, pgserver.Options{Settings: map[string]string{
		"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "1h", "max_connections": "100",
	}})
	if err != nil {
		return err
	}
	defer server.Stop()
	b := &bench{ctx: ctx, server: server, passes: passes, out: tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
	conn, err := b.fresh()
	if err != nil {
		return err
	}
	var version string
	if err := conn.QueryRow(ctx, "show server_version").Scan(&version); err != nil {
		return err
	}
	conn.Close(ctx)
	fmt.Fprintf(b.out, "PostgreSQL %s, durability on, payload 200 bytes\n\n", version)
	for _, part := range []func() error{b.wal, b.buffers, b.producers, b.latency, b.due} {
		if err := part(); err != nil {
			return err
		}
		b.out.Flush()
	}
	if b.missed > 0 {
		return fmt.Errorf("%d figures are over budget", b.missed)
	}
	return nil
}

// fresh makes the database bench anew, with jobmachine in it.
func (b *bench) fresh() (*pgx.Conn, error) {
	admin, err := pgx.Connect(b.ctx, b.server.URL())
	if err != nil {
		return nil, err
	}
	defer admin.Close(b.ctx)
	for _, sql := range []string{"drop database if exists bench with (force)", "create database bench"} {
		if _, err := admin.Exec(b.ctx, sql); err != nil {
			return nil, err
		}
	}
	conn, err := pgx.Connect(b.ctx, b.server.DatabaseURL("bench"))
	if err != nil {
		return nil, err
	}
	return conn, db.Migrate(b.ctx, conn, db.Options{})
}

// report prints a figure and, if it has a budget, whether it is kept. atMost and atLeast are 0 where there is none.
func (b *bench) report(what string, value float64, unit string, atMost, atLeast float64) {
	budget := ""
	switch {
	case atMost > 0:
		budget = fmt.Sprintf("at most %g", atMost)
	case atLeast > 0:
		budget = fmt.Sprintf("at least %g", atLeast)
	}
	if atMost > 0 && value > atMost || atLeast > 0 && value < atLeast {
		budget += "  MISSED"
		b.missed++
	}
	fmt.Fprintf(b.out, "%s\t%.4g %s\t%s\n", what, value, unit, budget)
}
