package report

import (
	"strings"
	"testing"

	"github.com/jobmachine/jobmachine/bench/result"
)

func results(figure string, values map[string][]float64) *report {
	r := &result.Result{}
	for _, name := range []string{"bare", "jobmachine", "river"} {
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
	table := results("jobs_per_second", map[string][]float64{"jobmachine": {900}, "river": {500}, "bare": {1000}}).Targets()
	for _, want := range []string{
		"| single sends by 8 producers, of the bare table's | at least 0.8 x | 0.90 x | yes |",
		"| single sends by 8 producers, of River's | at least 2 x | 1.80 x | **no** |",
		"| call to reply, p50 | at most 2 ms | - | not measured |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("%q is not in\n%s", want, table)
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
