package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/bench/result"
)

func results(figure string, values map[string][]float64) *report {
	r := &result.Result{}
	for _, name := range []string{"bare", "jobmachine", "jobmachine-alone", "river"} {
		r.Systems = append(r.Systems, result.System{Name: name, Title: strings.ToUpper(name)})
		for pass, v := range values[name] {
			r.Runs = append(r.Runs, result.Run{Scenario: "send", System: name, Pass: pass + 1, Figures: map[string]float64{figure: v}})
		}
	}
	return &report{Result: r}
}

func TestTheVerdictFollowsTheMedians(t *testing.T) {
	for _, c := range []struct {
		jobmachine, river []float64
		want              string
	}{
		{[]float64{100, 900, 110}, []float64{220, 200, 10}, "**RIVER is ahead of jobmachine here** (per second): 1.8 times."},
		{[]float64{300}, []float64{100}, "jobmachine is ahead of the other products here (per second): 3.0 times the next, RIVER."},
		{[]float64{100}, []float64{110}, "jobmachine and RIVER are even here (per second): 0.91 times, which is within the noise."},
	} {
		r := results("jobs_per_second", map[string][]float64{"jobmachine": c.jobmachine, "river": c.river, "bare": {1e6}})
		if got := r.Verdict("send"); got != c.want {
			t.Errorf("%v against %v: %q, want %q", c.jobmachine, c.river, got, c.want)
		}
		if lost := len(r.Losses()) == 1; lost != strings.HasPrefix(c.want, "**") {
			t.Errorf("losses: %q", r.Losses())
		}
	}
}

func TestTargetsAreHeldMissedOrNotMeasured(t *testing.T) {
	table := results("jobs_per_second", map[string][]float64{"jobmachine": {1200}, "jobmachine-alone": {900}, "river": {500}, "bare": {1000}}).Targets()
	for _, want := range []string{
		"| single sends by 8 producers, of the bare table's | at least 0.8 x | 1.20 x | yes |",
		"| single sends by 8 producers, of River's | at least 2 x | 2.40 x | yes |",
		"| the same, each in a transaction of its own | at least 2 x | 1.80 x | **no** |",
		"| call to reply, p50 | at most 2 ms | - | not measured |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("%q is not in\n%s", want, table)
		}
	}
}

// The second pass was slow for both.
func TestARatioIsTheMedianOverThePasses(t *testing.T) {
	r := results("jobs_per_second", map[string][]float64{"jobmachine": {80, 20, 60}, "bare": {100, 40, 150}})
	if got, ok := r.ratio("send", "jobmachine", "send", "bare", "jobs_per_second"); got != 0.5 || !ok {
		t.Errorf("got %v, %v", got, ok)
	}
	for i := range r.Runs {
		if r.Runs[i].System == "bare" {
			r.Runs[i].Pass += 3
		}
	}
	if got, ok := r.ratio("send", "jobmachine", "send", "bare", "jobs_per_second"); got != 0.6 || !ok {
		t.Errorf("without a pass in common: got %v, %v", got, ok)
	}
}

func TestWhatComparesWithinARunCountsInFurtherPasses(t *testing.T) {
	r := results("last_to_first", map[string][]float64{"jobmachine": {0.7, 0.8, 0.9}, "bare": {0.1}})
	r.further = results("last_to_first", map[string][]float64{"jobmachine": {1, 1.1}}).Runs
	if got, ok := within("send", "last_to_first")(r); got != 0.9 || !ok {
		t.Errorf("got %v, %v", got, ok)
	}
	if _, ok := within("send", "first_per_second")(r); ok {
		t.Error("there is a median of nothing")
	}
}

func TestASeriesIsTheMedianOfItsPasses(t *testing.T) {
	r := &report{Result: &result.Result{}}
	for _, v := range [][]float64{{1, 20, 3}, {2, 10, 1}, {9, 30}} {
		r.Runs = append(r.Runs, result.Run{Scenario: "send", System: "bare", Series: map[string][]float64{"rate": v}})
	}
	if got, want := r.series("send", "bare", "rate"), []float64{2, 20, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := r.series("send", "river", "rate"); got != nil {
		t.Errorf("of nobody: %v", got)
	}
}

func TestWhatWasMeasuredByItselfIsPartOfTheReport(t *testing.T) {
	dir := t.TempDir()
	for name, scenario := range map[string]string{"2026-01-31.json": "send", "2026-01-31-more.json": "crash", "2026-01-31-again.json": "again", "2026-01-30-old.json": "bulk"} {
		r := results("jobs_per_second", map[string][]float64{"jobmachine": {1}})
		if scenario == "again" {
			r, scenario = results("jobs_per_second", map[string][]float64{"jobmachine": {999}, "river": {1998}}), "send"
		}
		r.Begin, r.Commit, r.Runs[0].Scenario = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), "abc"+scenario, scenario
		if err := r.Save(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(filepath.Join(dir, "2026-01-31.json"), dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(strings.Fields(string(text)), "999") {
		t.Error("a further pass of another hour is in a table")
	}
	for want, is := range map[string]bool{"| 0.50 x | **no** |": true, "## Single sends": true, "## After kill -9": true, "- crash: 0.0 minutes, commit abccrash": true, "## Bulk sends": false} {
		if strings.Contains(string(text), want) != is {
			t.Errorf("%q in the report: %v, want %v", want, !is, is)
		}
	}
}

func TestThousands(t *testing.T) {
	for in, want := range map[string]string{"0": "0", "999": "999", "1000": "1,000", "1234567": "1,234,567", "1234.5": "1,234.5", "12.34": "12.34"} {
		if got := thousands(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestTheReportSaysHowMuchTheHostKept(t *testing.T) {
	r := &report{Result: &result.Result{}}
	if got := r.Stolen(); got != "" {
		t.Errorf("nobody looked: %q", got)
	}
	for _, v := range []float64{0, 0.01, 0.4} {
		r.Runs = append(r.Runs, result.Run{Figures: map[string]float64{result.Stolen: v}})
	}
	for _, want := range []string{"kept 1.0 %", "at most 40 %", "1 of 3 measurements"} {
		if got := r.Stolen(); !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}
