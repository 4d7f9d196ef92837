// Faults breaks what jobmachine runs on, and checks what becomes of the jobs.
//
// Real servers, workers, producers and callers run as processes of their own, with a proxy between
// them. Producers, workers and callers write what they know into ledgers outside of the database. When
// a scenario is over, an oracle compares the ledgers with each other and with the database. Every
// scenario names a mutant, jobmachine with a protection taken out, and -mutants shows that the oracle
// catches each of them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if s, is := roleOf(); is {
		if err := play(ctx, s); err != nil {
			fmt.Fprintln(os.Stderr, "faults:", err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()%1e6), "of all random choices; the same again makes the same choices")
	flag.Float64Var(&o.scale, "scale", 1, "of the number of faults and the length of the load")
	flag.BoolVar(&o.mutants, "mutants", false, "run each scenario with its mutants, which must be caught")
	flag.BoolVar(&o.keep, "keep", false, "keep ledgers and logs, also of runs that found nothing")
	flag.StringVar(&o.report, "report", "", "write the page of results to this `file`")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: faults [flags] [scenario ...]\n\nScenarios:")
		for _, s := range scenarios {
			fmt.Fprintf(flag.CommandLine.Output(), "  %-18s %s\n", s.Name, s.What)
		}
		fmt.Fprintln(flag.CommandLine.Output(), "\nFlags:")
		flag.PrintDefaults()
	}
	flag.Parse()
	chosen, err := choose(flag.Args())
	if err == nil {
		err = o.run(ctx, chosen)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// choose returns the scenarios of these names, or all.
func choose(names []string) ([]scenario, error) {
	if len(names) == 0 {
		return scenarios, nil
	}
	var chosen []scenario
	for _, name := range names {
		n := len(chosen)
		for _, s := range scenarios {
			if s.Name == name {
				chosen = append(chosen, s)
			}
		}
		if len(chosen) == n {
			var known []string
			for _, s := range scenarios {
				known = append(known, s.Name)
			}
			return nil, fmt.Errorf("no scenario %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}
