package main

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/jobmachine/jobmachine/gen"
)

//go:embed reliability.md.tmpl
var page string

// report is what the page is made of.
type report struct {
	Version, Commit, Postgres, Date string
	CPUs                            int
	Seed                            uint64
	Minutes                         float64
	Outcomes, NotRun                []outcome
	Total                           result
	Broken                          bool
}

// writeReport makes docs/reliability.md from a full run. A scenario that could not be run is named as such.
func writeReport(o options, all []outcome) error {
	r := report{Version: gen.Version, Commit: o.commit, Date: time.Now().UTC().Format(time.DateOnly), CPUs: runtime.NumCPU(), Seed: o.seed}
	for _, s := range all {
		if s.failure != nil {
			r.NotRun = append(r.NotRun, s)
			continue
		}
		r.Outcomes, r.Postgres = append(r.Outcomes, s), s.postgres
		r.Minutes += s.took.Minutes()
		r.Total.add(s.result)
		r.Broken = r.Broken || len(s.Findings) > 0
	}
	t, err := template.New("").Funcs(template.FuncMap{"reasons": reasons}).Parse(page)
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := t.Execute(&b, r); err != nil {
		return err
	}
	return os.WriteFile(o.report, []byte(b.String()), 0o644)
}

// commit is what git calls the source.
func commit() string {
	out, err := exec.Command("git", "-C", sourceFolder(), "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown commit"
	}
	return strings.TrimSpace(string(out))
}

// Seconds is how long it took.
func (r outcome) Seconds() float64 { return r.took.Seconds() }

func (r *result) add(s result) {
	r.Attempted += s.Attempted
	r.Acknowledged += s.Acknowledged
	r.OK += s.OK
	r.Lost += s.Lost
	r.Unexpected += s.Unexpected
	r.Duplicated += s.Duplicated
	r.Recovered += s.Recovered
	r.Runs += s.Runs
	r.Calls += s.Calls
}

// reasons why jobs ran again, with their numbers.
func reasons(r outcome) string {
	var list []string
	for _, reason := range slices.Sorted(maps.Keys(r.Again)) {
		list = append(list, fmt.Sprintf("%s (%d)", reason, r.Again[reason]))
	}
	return strings.Join(list, ", ")
}
