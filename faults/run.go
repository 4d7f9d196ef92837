package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// scenario is one thing that goes wrong.
type scenario struct {
	Name     string
	What     string            // in a sentence
	Becomes  string            // what becomes of it
	settings map[string]string // of the server
	disk     string            // the size of the server's disk, if it is to have one of its own
	source   []edit            // of the processes
	run      func(w *world)
	Mutants  []mutant // jobmachine without what this is about
}

type options struct {
	seed          uint64
	scale         float64
	mutants, keep bool
	report        string
	commit        string // what was run
}

// outcome is a scenario that was run.
type outcome struct {
	scenario
	result
	Notes    []string
	postgres string
	seed     uint64
	took     time.Duration
	failure  error // it could not be run to its end
	dir      string
}

var errBroken = errors.New("a promise was broken")

// run runs scenarios one after the other.
func (o options) run(ctx context.Context, chosen []scenario) error {
	o.commit = commit() // now: it may be another one in an hour
	fmt.Printf("%s, seed %d, scale %g\n", o.commit, o.seed, o.scale)
	if o.mutants {
		return o.runMutants(ctx, chosen)
	}
	var all []outcome
	var bad error
	for _, s := range chosen {
		r, err := o.one(ctx, s, mutant{})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // it says nothing of jobmachine; the others may
			r.failure = err
			bad = errors.Join(bad, fmt.Errorf("%s: %w", s.Name, err))
			fmt.Printf("%s: FAILED to run: %v\n", s.Name, err)
		} else {
			fmt.Println(r)
		}
		if all = append(all, r); len(r.Findings) > 0 {
			bad = errors.Join(bad, fmt.Errorf("%s: %w", s.Name, errBroken))
		}
	}
	if o.report != "" {
		return errors.Join(bad, writeReport(o, all))
	}
	return bad
}

// runMutants expects a finding of each.
func (o options) runMutants(ctx context.Context, chosen []scenario) error {
	var survived []string
	for _, s := range chosen {
		for _, m := range s.Mutants {
			r, err := o.one(ctx, s, m)
			how, found := "caught", ""
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				how, found = "ERROR", err.Error()
			case len(r.Findings) == 0:
				how, found = "SURVIVED", r.dir
			default:
				found = r.Findings[0].Rule + ": " + r.Findings[0].Detail
			}
			if how != "caught" {
				survived = append(survived, s.Name+" / "+m.Name)
			}
			fmt.Printf("%-8s  %-16s  %-55s  %3.0f s  %s\n", how, s.Name, m.Name, r.took.Seconds(), found)
		}
	}
	if survived != nil {
		return fmt.Errorf("not caught: %s", strings.Join(survived, "; "))
	}
	return nil
}

// one runs one scenario.
func (o options) one(ctx context.Context, s scenario, m mutant) (r outcome, err error) {
	began := time.Now()
	r = outcome{scenario: s, seed: o.seed}
	if r.dir, err = scratch(); err != nil {
		return r, err
	}
	w := &world{ctx: ctx, dir: r.dir, scale: o.scale, mutant: m, dice: rand.New(rand.NewPCG(o.seed, 0))}
	if w.program, err = os.Executable(); err != nil {
		return r, err
	}
	if edits := slices.Concat(s.source, m.Go); len(edits) > 0 {
		if w.program, err = build(edits, r.dir); err != nil {
			return r, err
		}
	}
	defer func() {
		w.destroy()
		// A mutant is expected to break something.
		if expected := (len(r.Findings) > 0) == (m.Name != ""); err == nil && expected && !o.keep {
			_ = os.RemoveAll(r.dir)
		}
	}()
	if err := w.build(s); err != nil {
		return r, err
	}
	s.run(w)
	w.settle()
	e, err := w.evidence()
	if err != nil {
		return r, err
	}
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	r.postgres = w.version()
	r.result, r.Notes, r.took = judge(e), w.notes, time.Since(began)
	return r, w.save(filepath.Join(r.dir, "faults.txt"))
}

// save writes the faults beside the ledgers, for those who want to know why.
func (w *world) save(path string) error {
	var b strings.Builder
	for _, f := range w.faults {
		fmt.Fprintf(&b, "%d %d pid %d: %s\n", f.from, f.to, f.pid, f.what)
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// String is a result as Jepsen prints it.
func (r outcome) String() string {
	var b strings.Builder
	verdict := "ok"
	if len(r.Findings) > 0 {
		verdict = "BROKEN, see " + r.dir
	}
	fmt.Fprintf(&b, "%s: %s\n  attempted %d, acknowledged %d, ok %d, lost %d, unexpected %d, duplicated %d, recovered %d\n",
		r.Name, verdict, r.Attempted, r.Acknowledged, r.OK, r.Lost, r.Unexpected, r.Duplicated, r.Recovered)
	fmt.Fprintf(&b, "  %d runs, %d calls, %.0f s, seed %d", r.Runs, r.Calls, r.took.Seconds(), r.seed)
	for _, reason := range slices.Sorted(maps.Keys(r.Again)) {
		fmt.Fprintf(&b, "\n  %d runs again: %s", r.Again[reason], reason)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "\n  %s", note)
	}
	for i, f := range r.Findings {
		if i == 20 {
			fmt.Fprintf(&b, "\n  and %d more", len(r.Findings)-i)
			break
		}
		fmt.Fprintf(&b, "\n  BROKEN: %s: %s", f.Rule, f.Detail)
	}
	return b.String()
}
