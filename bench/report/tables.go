package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jobmachine/jobmachine/bench/result"
)

// column of a table: a figure, its heading and its unit.
type column struct {
	figure, heading, format string
}

var columns = []column{
	{"jobs_per_second", "per second", "%.0f"},
	{"worked_per_second", "worker, per second", "%.0f"},
	{"server_us", "server CPU, µs/job", "%.1f"},
	{"client_us", "client CPU, µs/job", "%.1f"},
	{"wal_bytes", "WAL, bytes/job", "%.0f"},
	{"commits", "transaction ids/job", "%.3f"},
	{"notifies", "NOTIFYs/job", "%.3f"},
	{"start_p50_ms", "p50, ms", "%.2f"}, {"start_p95_ms", "p95", "%.2f"}, {"start_p99_ms", "p99", "%.2f"}, {"start_max_ms", "max", "%.2f"},
	{"due_p50_ms", "from the due moment: p50, ms", "%.2f"}, {"due_p99_ms", "p99", "%.2f"},
	{"reply_p50_ms", "p50, ms", "%.2f"}, {"reply_p95_ms", "p95", "%.2f"}, {"reply_p99_ms", "p99", "%.2f"}, {"reply_max_ms", "max", "%.2f"},
	{"first_per_second", "first rounds, per second", "%.0f"}, {"last_per_second", "last rounds", "%.0f"}, {"last_to_first", "last / first", "%.2f"},
	{"recovered_seconds", "started again after, s", "%.1f"}, {"over_seconds", "not within, s", "%.0f"},
	{"dead_tuples_max", "dead tuples at most", "%.0f"}, {"table_bytes_end", "tables at the end, bytes", "%.0f"}, {"behind_max", "jobs behind at most", "%.0f"},
}

// Table of a scenario: a row for each system, a column for each figure that it has.
func (r *report) Table(scenario string) string {
	var shown []column
	var names []string
	for _, c := range columns {
		// At a rate that is given, the rate is no result.
		if in := r.in(scenario, c.figure); len(in) > 0 && !(c.figure == "jobs_per_second" && (scenario == "latency" || scenario == "call")) {
			shown = append(shown, c)
			for _, name := range in {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	head := []string{""}
	for _, c := range shown {
		head = append(head, c.heading)
	}
	rates := len(shown) > 0 && shown[0].figure == "jobs_per_second"
	if rates {
		head = slices.Insert(head, 2, "range", "of jobmachine's")
	}
	rows := [][]string{head}
	for _, s := range r.Systems {
		if !slices.Contains(names, s.Name) {
			continue
		}
		row := []string{s.Title}
		for _, c := range shown {
			row = append(row, r.cell(scenario, s.Name, c))
		}
		if rates {
			row = slices.Insert(row, 2, r.spread(scenario, s.Name), r.share(scenario, s.Name))
		}
		rows = append(rows, row)
	}
	return markdown(rows)
}

func (r *report) cell(scenario, system string, c column) string {
	v, ok := r.Figure(scenario, system, c.figure)
	if !ok {
		return "-"
	}
	return thousands(fmt.Sprintf(c.format, v))
}

// spread is the least and the most over the passes.
func (r *report) spread(scenario, system string) string {
	var v []float64
	for _, run := range r.Runs {
		if rate, ok := run.Figures["jobs_per_second"]; ok && run.Scenario == scenario && run.System == system {
			v = append(v, rate)
		}
	}
	if len(v) < 2 {
		return "-"
	}
	return thousands(fmt.Sprintf("%.0f", slices.Min(v))) + " to " + thousands(fmt.Sprintf("%.0f", slices.Max(v)))
}

func (r *report) share(scenario, system string) string {
	ratio, ok := r.ratio(scenario, system, scenario, "jobmachine", "jobs_per_second")
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.2f x", ratio)
}

// ratio of a figure of one system to that of another: the median over the passes that have both, as the machine changes its
// pace from one pass to the next; of the medians, if none has both.
func (r *report) ratio(scenario, system, scenario2, system2, figure string) (float64, bool) {
	others, runs := map[int]float64{}, slices.Concat(r.Runs, r.further)
	for _, run := range runs {
		if v := run.Figures[figure]; v != 0 && run.Scenario == scenario2 && run.System == system2 {
			others[run.Pass] = v
		}
	}
	var ratios []float64
	for _, run := range runs {
		if v, ok := run.Figures[figure]; ok && run.Scenario == scenario && run.System == system && others[run.Pass] != 0 {
			ratios = append(ratios, v/others[run.Pass])
		}
	}
	if len(ratios) > 0 {
		return result.Median(ratios), true
	}
	a, ok1 := r.Figure(scenario, system, figure)
	b, ok2 := r.Figure(scenario2, system2, figure)
	return a / b, ok1 && ok2 && b != 0
}

// Verdict says who is first in a scenario, jobmachine or not; noise is named as such.
func (r *report) Verdict(scenario string) string {
	figure, higher := primary(scenario)
	var best string
	var bestValue float64
	for _, name := range products {
		if v, ok := r.Figure(scenario, name, figure); ok && (best == "" || higher == (v > bestValue)) {
			best, bestValue = name, v
		}
	}
	own, ok := r.Figure(scenario, "jobmachine", figure)
	if !ok || best == "" {
		return ""
	}
	factor := own / bestValue
	if !higher {
		factor = bestValue / own
	}
	title := r.system(best).Title
	switch what := nameOf(figure); {
	case factor > noise:
		return fmt.Sprintf("jobmachine is ahead of the other products here (%s): %.1f times the next, %s.", what, factor, title)
	case factor < 1/noise:
		return fmt.Sprintf("**%s is ahead of jobmachine here** (%s): %.1f times.", title, what, 1/factor)
	default:
		return fmt.Sprintf("jobmachine and %s are even here (%s): %.2f times, which is within the noise.", title, what, factor)
	}
}

// noise: what differs by less than this means nothing.
const noise = 1.15

// products are the systems that one would use; the bare table is not one.
var products = []string{"river", "graphile", "pgboss"}

// primary is the figure that a scenario is about, and whether more is better.
func primary(scenario string) (figure string, higher bool) {
	switch {
	case scenario == "latency":
		return "start_p50_ms", false
	case scenario == "life":
		return "wal_bytes", false
	case scenario == "crash":
		return "recovered_seconds", false
	case scenario == "long":
		return "server_us", false
	case strings.HasPrefix(scenario, "snapshot"):
		return "last_per_second", true
	}
	return "jobs_per_second", true
}

func nameOf(figure string) string {
	for _, c := range columns {
		if c.figure == figure {
			return c.heading
		}
	}
	return figure
}

// Losses are the scenarios in which another product is ahead.
func (r *report) Losses() (lines []string) {
	for _, scenario := range r.Scenarios() {
		if v := r.Verdict(scenario); strings.HasPrefix(v, "**") {
			lines = append(lines, scenario+": "+v)
		}
	}
	return lines
}

// SystemsTable lists versions and settings.
func (r *report) SystemsTable() string {
	rows := [][]string{{"name", "system", "version", "settings", "from"}}
	for _, s := range r.Systems {
		rows = append(rows, []string{s.Name, s.Title, s.Version, s.Settings, s.Source})
	}
	return markdown(rows)
}

func markdown(rows [][]string) string {
	var out strings.Builder
	for i, row := range rows {
		out.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			out.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	return out.String()
}

// thousands puts commas into the whole part of a number.
func thousands(s string) string {
	whole, rest, dot := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dot {
		return whole + "." + rest
	}
	return whole
}

// series of a system: at each point the median over the passes.
func (r *report) series(scenario, system, name string) (medians []float64) {
	var passes [][]float64
	for _, run := range r.Runs {
		if run.Scenario == scenario && run.System == system && len(run.Series[name]) > 0 {
			passes = append(passes, run.Series[name])
		}
	}
	for i := 0; len(passes) > 0 && i < len(passes[0]); i++ {
		var at []float64
		for _, p := range passes {
			if i < len(p) {
				at = append(at, p[i])
			}
		}
		medians = append(medians, result.Median(at))
	}
	return medians
}
