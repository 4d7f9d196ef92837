// Command bench measures jobmachine: against its own budget, and beside other queues on the same server.
//
//	bench budget                      the figures that the README and docs/decisions.md promise
//	bench peers -out results.json     every system, every scenario; see bench peers -h
//	bench report -in results.json     docs/benchmarks.md with its plots
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jobmachine/jobmachine/bench/agent"
	"github.com/jobmachine/jobmachine/bench/budget"
	"github.com/jobmachine/jobmachine/bench/peers"
	"github.com/jobmachine/jobmachine/bench/report"
)

var commands = map[string]func(ctx context.Context, args []string) error{
	"agent":  runAgent,
	"budget": runBudget,
	"peers":  runPeers,
	"report": runReport,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bench budget | peers | report, each with -h")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "bench %s: %v\n", strings.Join(os.Args[1:], " "), err)
		os.Exit(1)
	}
}

func runBudget(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("budget", flag.ExitOnError)
	passes := flags.Int("passes", 3, "how often the timed parts are measured, in turn")
	flags.Parse(args)
	return budget.Run(ctx, os.Stdout, *passes)
}

// runAgent is how peers starts a system in Go: as a process of its own, so that its CPU can be told from others.
func runAgent(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want the name of a system")
	}
	s, err := agent.New(args[0], os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	return agent.Serve(context.WithoutCancel(ctx), s, os.Stdin, os.Stdout)
}

// short is for a look whether all works: its figures are worth little.
var short = map[string]string{
	"passes": "1", "jobs": "5000", "seconds": "0.5", "rounds": "2", "round-jobs": "1000", "backlog": "10000", "patience": "3s", "long": "10s",
}

func runPeers(ctx context.Context, args []string) error {
	c := &peers.Config{Log: os.Stderr}
	flags := flag.NewFlagSet("peers", flag.ExitOnError)
	systems := flags.String("systems", "", "which, with commas between; empty: all")
	scenarios := flags.String("scenarios", "", "which, with commas between; empty: all but long and backlog-10m")
	out := flags.String("out", "", "file for the results; empty: results/<date>.json, or results/short.json")
	isShort := flags.Bool("short", false, "a run under 3 minutes with tiny sizes")
	flags.IntVar(&c.Passes, "passes", 3, "measurements of the shorter scenarios, in turn")
	flags.IntVar(&c.Jobs, "jobs", 100000, "jobs of a bulk send or a drain")
	flags.Float64Var(&c.Seconds, "seconds", 5, "of sending one by one; twice as long for latencies")
	flags.IntVar(&c.Rounds, "rounds", 10, "rounds under a held snapshot")
	flags.IntVar(&c.RoundJobs, "round-jobs", 20000, "jobs of such a round")
	flags.IntVar(&c.Backlog, "backlog", 1000000, "jobs of a long queue")
	flags.DurationVar(&c.Long, "long", 10*time.Minute, "duration of the long run, for each system")
	flags.Float64Var(&c.Rate, "rate", 500, "jobs per second of the long run")
	flags.DurationVar(&c.Patience, "patience", 10*time.Second, "how long to wait for jobs of a killed worker")
	flags.StringVar(&c.NodeDir, "node", "node", "folder of the systems in Node")
	flags.Parse(args)
	if *isShort {
		given := map[string]bool{}
		flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
		for name, value := range short {
			if !given[name] {
				if err := flags.Set(name, value); err != nil {
					return err
				}
			}
		}
	}
	if *out == "" {
		*out = filepath.Join("results", time.Now().Format("2006-01-02")+".json")
		if *isShort {
			*out = filepath.Join("results", "short.json")
		}
	}
	c.Systems, c.Scenarios = list(*systems), list(*scenarios)
	r, err := peers.Run(ctx, c)
	if r != nil && len(r.Runs) > 0 {
		if err := os.MkdirAll(filepath.Dir(*out), 0o755); err != nil {
			return err
		}
		err = errors.Join(err, r.Save(*out))
		fmt.Fprintf(os.Stderr, "%s: %d measurements in %.1f minutes\n", *out, len(r.Runs), r.Minutes)
	}
	return err
}

func runReport(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("report", flag.ExitOnError)
	in := flags.String("in", "", "file of results, <date>.json; empty: the newest in results. With it go <date>-*.json")
	docs := flags.String("docs", "../docs", "folder to write to")
	flags.Parse(args)
	if *in == "" {
		files, err := filepath.Glob("results/2*.json")
		if err != nil || len(files) == 0 {
			return errors.Join(errors.New("there are no results: run make bench-peers first"), err)
		}
		*in = slices.Max(files) // named by date
	}
	return report.Write(*in, *docs)
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
