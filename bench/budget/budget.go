// Package budget measures what the README and docs/decisions.md promise, on private servers. What internal/measure
// counts does not depend on the machine's mood; of the times take the ratios.
package budget

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/db"
	"github.com/jobmachine/jobmachine/internal/measure"
	"github.com/jobmachine/jobmachine/internal/pgserver"
)

type bench struct {
	ctx    context.Context
	server *pgserver.Server
	out    *tabwriter.Writer
	passes int
	missed int
}

// Run prints the figures, and returns an error if one is over budget. The timed ones are measured in several passes.
func Run(ctx context.Context, out io.Writer, passes int) error {
	b := &bench{ctx: ctx, passes: passes, out: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	if err := b.on(measure.Settings, b.counted); err != nil {
		return err
	}
	if err := b.on(map[string]string{"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}, b.timed); err != nil {
		return err
	}
	if b.missed > 0 {
		return fmt.Errorf("%d figures are over budget", b.missed)
	}
	return nil
}

// on runs a part on a server of its own.
func (b *bench) on(settings map[string]string, part func() error) (err error) {
	if b.server, err = pgserver.Start(b.ctx, pgserver.Options{Settings: settings}); err != nil {
		return err
	}
	defer b.server.Stop()
	return part()
}

func (b *bench) counted() error {
	figures, err := measure.All(b.ctx, func() (string, error) {
		conn, err := b.fresh()
		if err != nil {
			return "", err
		}
		return b.server.DatabaseURL("bench"), conn.Close(b.ctx)
	})
	for _, f := range figures {
		b.report(f.Name, f.Value, f.Unit, f.AtMost, -1)
	}
	b.out.Flush()
	return err
}

func (b *bench) timed() error {
	conn, err := b.fresh()
	if err != nil {
		return err
	}
	var version string
	if err := conn.QueryRow(b.ctx, "show server_version").Scan(&version); err != nil {
		return err
	}
	conn.Close(b.ctx)
	fmt.Fprintf(b.out, "\nPostgreSQL %s, durability on, payload 200 bytes\n\n", version)
	for _, part := range []func() error{b.producers, b.latency, b.due} {
		if err := part(); err != nil {
			return err
		}
		b.out.Flush()
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

// report prints a figure and, if it has a budget, whether it is kept. atMost and atLeast are negative where there is none.
func (b *bench) report(what string, value float64, unit string, atMost, atLeast float64) {
	budget := ""
	switch {
	case atMost >= 0:
		budget = fmt.Sprintf("at most %.4g", atMost)
	case atLeast >= 0:
		budget = fmt.Sprintf("at least %.4g", atLeast)
	}
	if atMost >= 0 && value > atMost || atLeast >= 0 && value < atLeast {
		budget += "  MISSED"
		b.missed++
	}
	fmt.Fprintf(b.out, "%s\t%.4g %s\t%s\n", what, value, unit, budget)
}
