// Package peers runs jobmachine beside other queues, on one server, in turn.
package peers

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/bench/result"
	"github.com/jobmachine/jobmachine/internal/pgserver"
)

// Config says what is run, and how much of it.
type Config struct {
	Systems   []string // empty: all
	Scenarios []string // empty: all but those that take very long
	Passes    int      // of the scenarios that are short
	Jobs      int      // of a bulk send or a drain
	Seconds   float64  // of sending one by one
	Rounds    int      // under a held snapshot
	RoundJobs int
	Backlog   int
	Long      time.Duration // of the long run
	Rate      float64       // of the long run
	Patience  time.Duration // after a crash
	NodeDir   string
	Log       io.Writer
}

type scenario struct {
	name     string
	run      func(context.Context, *stage) error
	once     bool     // in one pass: it takes long, or its figures do not vary
	extra    bool     // only when it is asked for by name: it takes very long
	variants []string // systems beside the main ones
	only     []string // systems, if not all
	limit    time.Duration
}

var scenarios = []scenario{
	{name: "send", run: send, variants: []string{"bare-gather", "bare-notify", "jobmachine-alone", "pgboss-poll"}, limit: time.Minute},
	{name: "bulk", run: bulk, limit: 10 * time.Minute},
	{name: "drain-1", run: drain(1), variants: []string{"jobmachine-keep0", "river-default"}, limit: 10 * time.Minute},
	{name: "drain-4", run: drain(4), limit: 10 * time.Minute},
	{name: "life", run: life, once: true, variants: []string{"jobmachine-keep0"}, limit: 10 * time.Minute},
	{name: "latency", run: latency, variants: []string{"bare-notify", "river-default", "pgboss-poll"}, limit: 5 * time.Minute},
	{name: "call", run: call, only: []string{"jobmachine"}, limit: time.Minute},
	{name: "busy", run: busy, variants: []string{"bare-gather", "bare-notify", "jobmachine-alone", "river-default", "pgboss-poll"}, limit: time.Minute},
	{name: "snapshot-read", run: snapshot(holdRead), limit: 20 * time.Minute},
	{name: "snapshot-write", run: snapshot(holdWrite), limit: 20 * time.Minute},
	{name: "snapshot-dump", run: snapshot(holdDump), limit: 20 * time.Minute},
	{name: "backlog", run: backlog(0), limit: time.Hour},
	{name: "crash", run: crash, once: true, limit: 5 * time.Minute},
	{name: "backlog-10m", run: backlog(10_000_000), once: true, extra: true, limit: time.Hour},
	{name: "long", run: long, once: true, extra: true, limit: 5 * time.Minute},
}

type bench struct {
	*Config
	server *pgserver.Server
}

// settings of the server: the memory of a small machine, and no checkpoint in the middle of a measurement. Durability
// is the default: fsync, synchronous_commit and full_page_writes are on.
var settings = map[string]string{
	"shared_buffers": "1GB", "max_wal_size": "16GB", "min_wal_size": "2GB", "checkpoint_timeout": "1h", "max_connections": "200",
}

// Run measures and returns what it has, also when it is interrupted. A scenario that fails is noted and left out.
func Run(ctx context.Context, c *Config) (*result.Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	server, err := pgserver.Start(ctx, pgserver.Options{Settings: settings})
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	b := &bench{c, server}
	r := &result.Result{Begin: time.Now().UTC().Truncate(time.Second)}
	if err := b.describe(ctx, r); err != nil {
		return nil, err
	}
	if err := b.warmUp(ctx); err != nil {
		return nil, err
	}
	for pass := range c.Passes { // outside of the scenarios: who disturbs the machine for a minute disturbs one pass of each
		for _, sc := range b.chosen() {
			if sc.once && pass > 0 {
				continue
			}
			systems := slices.Clone(Systems)
			if pass%2 == 1 {
				slices.Reverse(systems) // nobody always comes first
			}
			for _, system := range systems {
				if !system.takes(sc) || len(c.Systems) > 0 && !slices.Contains(c.Systems, system.Name) {
					continue
				}
				begin := time.Now()
				run := b.undisturbed(ctx, sc, system, pass+1)
				if ctx.Err() != nil {
					return r, ctx.Err()
				}
				r.Runs = append(r.Runs, run)
				r.Minutes = time.Since(r.Begin).Minutes()
				b.report(run, time.Since(begin))
			}
		}
	}
	return r, nil
}

// undisturbed measures again, twice at most, what the host has disturbed, and returns the least disturbed.
func (b *bench) undisturbed(ctx context.Context, sc scenario, system System, pass int) result.Run {
	best := b.run(ctx, sc, system, pass)
	for range 2 {
		if ctx.Err() != nil || best.Error != "" || !best.Disturbed() || sc.extra {
			break
		}
		if again := b.run(ctx, sc, system, pass); again.Error == "" && again.Figures[result.Stolen] < best.Figures[result.Stolen] {
			best = again
		}
	}
	return best
}

func (c *Config) check() error {
	for _, name := range c.Scenarios {
		if !slices.ContainsFunc(scenarios, func(s scenario) bool { return s.name == name }) {
			return fmt.Errorf("there is no scenario %q", name)
		}
	}
	for _, name := range c.Systems {
		if !slices.ContainsFunc(Systems, func(s System) bool { return s.Name == name }) {
			return fmt.Errorf("there is no system %q", name)
		}
	}
	return nil
}

// chosen are the scenarios to run.
func (b *bench) chosen() (chosen []scenario) {
	for _, sc := range scenarios {
		if slices.Contains(b.Scenarios, sc.name) || len(b.Scenarios) == 0 && !sc.extra {
			chosen = append(chosen, sc)
		}
	}
	return chosen
}

// warmUp writes WAL, so that later its files need not be made but are used again.
func (b *bench) warmUp(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, b.server.URL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range []string{
		fmt.Sprintf("create table filler as select repeat('x', 7000) || n as x from generate_series(1, %d) n", min(150000, 10*b.Jobs)),
		"alter table filler alter x set storage external", "drop table filler", "checkpoint",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) report(run result.Run, took time.Duration) {
	line := fmt.Sprintf("%-14s %-16s pass %d %6.1fs", run.Scenario, run.System, run.Pass, took.Seconds())
	for _, f := range []struct{ figure, text string }{
		{"jobs_per_second", " %8.0f/s"}, {"server_us", "  server %5.1f us"}, {"client_us", "  client %5.1f us"}, {"wal_bytes", "  WAL %5.0f B"},
		{"commits", "  commits %.3f"}, {"notifies", "  notifies %.3f"}, {"start_p50_ms", "  start p50 %.2f ms"}, {"start_p99_ms", " p99 %.2f ms"},
		{"reply_p50_ms", "  reply p50 %.2f ms"}, {"reply_p99_ms", " p99 %.2f ms"}, {"worked_per_second", "  worker %.0f/s"},
		{"last_to_first", "  last/first %.2f"}, {"recovered_seconds", "  again after %.1f s"}, {"over_seconds", "  not within %.0f s"},
		{result.Stolen, "  stolen %.2f"}, {"checkpoints", "  with a checkpoint"},
	} {
		if v, ok := run.Figures[f.figure]; ok {
			if f.figure == "checkpoints" {
				line += f.text
				continue
			}
			line += fmt.Sprintf(f.text, v)
		}
	}
	if run.Error != "" {
		line += "  FAILED: " + run.Error
	}
	fmt.Fprintln(b.Log, line)
}
